package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/local/listen"
	"github.com/memhooks/memhooks/local/terminal"
	"github.com/memhooks/memhooks/shared/httpapi/client"
)

// called is how a call of memhooks ended.
type called struct {
	code     int
	out, err string
}

// in calls memhooks in this process; transport nil is the network.
func in(ctx context.Context, transport http.RoundTripper, live bool, args ...string) called {
	var out, err strings.Builder
	code := run(ctx, args, world{
		in: strings.NewReader(""), screen: terminal.Screen{Out: &out, Err: &err, Live: live}, transport: transport, now: time.Now,
	})
	return called{code, out.String(), err.String()}
}

// saying is an API that refuses everything.
func saying(status int, kind, body string) http.RoundTripper {
	return client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.Header().Set("X-Request-Id", "req_7")
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
}

func TestErrorsSayWhatToDo(t *testing.T) {
	tls := httptest.NewUnstartedServer(http.NotFoundHandler())
	tls.Config.ErrorLog = log.New(io.Discard, "", 0)
	tls.StartTLS()
	defer tls.Close()
	refusal := func(status int, code string) http.RoundTripper {
		return saying(status, "application/json", fmt.Sprintf(`{"error":{"code":%q,"message":"the API's words\u001b"}}`, code))
	}
	ended, stop := context.WithCancel(t.Context())
	stop()
	for name, row := range map[string]struct {
		ctx       context.Context
		transport http.RoundTripper
		url, want string
	}{
		"no key":              {nil, refusal(401, "auth_required"), "http://a", "the server wants a key: set MEMHOOKS_KEY, or give --key"},
		"refused":             {nil, refusal(409, "conflict"), "http://a", "memhooks: the API's words\ufffd\n"},
		"broken":              {nil, refusal(500, "internal_error"), "http://a", "the API's words\ufffd (request req_7)"},
		"a proxy":             {nil, saying(502, "text/html", "<html>"), "https://a", "a answered 502 Bad Gateway with something that is not memhooks' JSON: check the address in MEMHOOKS_URL or --url"},
		"HTTP to HTTPS":       {nil, nil, strings.Replace(tls.URL, "https", "http", 1), "if it speaks TLS, write it with https://"},
		"a certificate":       {nil, nil, tls.URL, "the certificate of " + tls.URL + " is not trusted here: tls: failed to verify"},
		"no such host":        {nil, nil, "http://host.invalid", "no address is known for host.invalid: check MEMHOOKS_URL or --url"},
		"interrupted":         {ended, nil, "http://a", "memhooks: interrupted\n"},
		"a list that is none": {nil, saying(200, "application/json", `{"hooks":7}`), "http://a", "read the answer's hooks"},
	} {
		t.Run(name, func(t *testing.T) {
			if row.ctx == nil {
				row.ctx = t.Context()
			}
			got := in(row.ctx, row.transport, false, "hooks", "list", "--url", row.url)
			if got.code != failed || !strings.Contains(got.err, row.want) || got.out != "" {
				t.Errorf("ended with %d: %q, want %q; printed %q", got.code, got.err, row.want, got.out)
			}
		})
	}
}

// What takes long is drawn on a terminal: how far it has come, of what was
// counted before.
func TestProgressOfLongWork(t *testing.T) {
	calls := 0
	api := client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body bytes.Buffer
		_, _ = body.ReadFrom(r.Body)
		calls++
		answer := map[bool]string{ // of a replay of 30 events: a call takes 20
			false: `{"matched":20,"redriven":20,"deliveries":["a"],"next_seq":21}`,
			true:  `{"matched":10,"redriven":9,"deliveries":["b"]}`,
		}[strings.Contains(body.String(), `"from_seq":21`)]
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(answer))
	}))
	got := in(t.Context(), api, true, "replay", "hook-01ARZ3NDEKTSV4RRFFQ69G5FAV", "--from-seq", "1", "--json")
	if got.code != 0 || got.out != `{"matched":30,"redriven":29,"deliveries":["a","b"]}`+"\n" || calls != 4 {
		t.Errorf("%d calls, ended with %d: %s%s", calls, got.code, got.out, got.err)
	}
	for _, part := range []string{"0/30", "20/30", "30/30"} {
		if !strings.Contains(got.err, part) {
			t.Errorf("no %s was drawn: %q", part, got.err)
		}
	}
	calls = 0
	if got := in(t.Context(), api, false, "replay", "hook-01ARZ3NDEKTSV4RRFFQ69G5FAV", "--from-seq", "1"); got.code != 0 || got.err != "" || calls != 2 {
		t.Errorf("where nothing is drawn: %d calls, ended with %d: %q", calls, got.code, got.err)
	}
}

// A redrive is one call, however long it takes: the server lists nothing for
// the sake of what is drawn meanwhile.
func TestARedriveIsOneCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		calls := 0
		api := client.InProcess(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls++
			<-time.After(2500 * time.Millisecond)
			w.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(w, `{"matched":2,"redriven":2,"deliveries":[]}`)
		}))
		got := in(t.Context(), api, true, "dead-letters", "redrive", "--all", "--url", "http://a")
		if got.code != 0 || calls != 1 || !strings.Contains(got.err, "sending again … 2s") || strings.Contains(got.err, "3s") || !strings.HasSuffix(got.err, "\r\x1b[K") {
			t.Errorf("%d calls, ended with %d: %q", calls, got.code, got.err)
		}
	})
}

// Events that are passed over are named, as many as a line holds.
func TestEventsThatFailedAreNamed(t *testing.T) {
	s := session{to: &listen.Forwarder{}, seen: 12, made: true}
	for seq := range int64(12) {
		s.failed = append(s.failed, seq+1)
	}
	if got := s.summary(); got != "12 events, 0 forwarded, 12 failed and passed over (#1 #2 #3 #4 #5 #6 #7 #8 #9 #10 and 2 more)" {
		t.Error(got)
	}
}

func TestVerifyReadsNoMoreThanARequest(t *testing.T) {
	file := t.TempDir() + "/body"
	if err := os.WriteFile(file, bytes.Repeat([]byte("["), 1<<20+1), 0o600); err != nil {
		t.Fatal(err)
	}
	got := in(t.Context(), nil, false, "verify", file, "--secret", secret, "-H", "X-REM-Signature: ab")
	if got.code != failed || !strings.Contains(got.err, "more than 1048576 bytes") {
		t.Errorf("ended with %d: %s%s", got.code, got.out, got.err)
	}
}

func FuzzParted(f *testing.F) {
	f.Add([]byte("POST / HTTP/1.1\r\nHost: a\r\n\r\n{}\n"))
	f.Add([]byte("X-REM-Signature: ab\n\nbody: x\r\n"))
	f.Add([]byte("no line of it ends"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		header, body := parted(raw)
		if !bytes.HasSuffix(raw, body) {
			t.Errorf("%q is no end of %q", body, raw)
		}
		for name, values := range header {
			if name == "" || strings.ContainsAny(name+strings.Join(values, ""), "\n") {
				t.Errorf("the header %q: %q", name, values)
			}
		}
	})
}
