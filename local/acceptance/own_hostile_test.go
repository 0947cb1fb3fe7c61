package acceptance_test

import (
	"bufio"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// raw sends bytes to the server and returns the statuses of what it answers
// until it closes the connection, or has said so often as many as wanted.
func (s *server) raw(t *testing.T, request string, most int) (statuses []int, closed bool) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(*s.address.Load(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	if _, err := io.WriteString(conn, request); err != nil {
		return nil, true
	}
	answers := bufio.NewReader(conn)
	for len(statuses) < most {
		a, err := http.ReadResponse(answers, nil)
		if err != nil {
			return statuses, true
		}
		_, _ = io.Copy(io.Discard, a.Body)
		_ = a.Body.Close()
		statuses = append(statuses, a.StatusCode)
	}
	return statuses, false
}

// TestRequestsAreReadInOneWay sends requests that two programs may take apart
// differently. Each is refused and its connection ends, so that nothing behind
// it is taken for a request; where both lengths are there the chunks alone count.
func TestRequestsAreReadInOneWay(t *testing.T) {
	if deployed() {
		t.Skip("there the gateway reads requests; on a laptop: go test ./local/acceptance -run TestRequestsAreReadInOneWay")
	}
	t.Parallel()
	s := start(t, 84, nil)
	s.remember(t, "kept", "still here")
	const hidden = "DELETE /v1/forget?namespace=kept HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
	const post = "POST /v1/recall HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
	for what, request := range map[string]string{
		"two lengths":                    post + fmt.Sprintf("Content-Length: 2\r\nContent-Length: %d\r\n\r\n{}", len(hidden)+2) + hidden,
		"a list of lengths":              post + fmt.Sprintf("Content-Length: 2, %d\r\n\r\n{}", len(hidden)+2) + hidden,
		"a signed length":                post + "Content-Length: +2\r\n\r\n{}" + hidden,
		"a length in hexadecimal":        post + "Content-Length: 0x2\r\n\r\n{}" + hidden,
		"a negative length":              post + "Content-Length: -1\r\n\r\n{}" + hidden,
		"a coding that is unknown":       post + "Transfer-Encoding: xchunked\r\n\r\n" + hidden,
		"two codings":                    post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + hidden,
		"chunked twice":                  post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a space before the colon":       post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a chunk of a signed size":       post + "Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n" + hidden,
		"a chunk that is longer":         post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}xx\r\n0\r\n\r\n" + hidden,
		"a zero byte in a name":          post + "X-A\x00: b\r\n\r\n" + hidden,
		"a carriage return in a value":   post + "X-A: b\rc\r\n\r\n" + hidden,
		"a field that is no field":       post + "no colon\r\n\r\n" + hidden,
		"two hosts":                      "POST /v1/recall HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: elsewhere\r\n\r\n" + hidden,
		"no host":                        "POST /v1/recall HTTP/1.1\r\n\r\n" + hidden,
		"white space in front of it all": " " + post + "\r\n" + hidden,
	} {
		statuses, closed := s.raw(t, request, 2)
		if !closed || len(statuses) > 1 || len(statuses) == 1 && (statuses[0] < 400 || statuses[0] == 404) {
			t.Errorf("%s: answered %v, closed %v; want one refusal and the end", what, statuses, closed)
		}
	}
	// Both lengths: what the chunks end is the request, whatever the number says.
	both := post + fmt.Sprintf("Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n", 12) + "2\r\n{}\r\n0\r\n\r\n"
	if statuses, _ := s.raw(t, both, 1); len(statuses) != 1 || statuses[0] != 400 { // {} lacks a query
		t.Errorf("both lengths: answered %v", statuses)
	}
	folded := post + "X-A: b\r\n continued\r\nContent-Length: 2\r\n\r\n{}"
	if statuses, _ := s.raw(t, folded, 1); len(statuses) != 1 || statuses[0] != 400 {
		t.Errorf("a folded field: answered %v", statuses)
	}
	if hits := s.recall(t, "kept", "here"); len(hits) != 1 {
		t.Errorf("a hidden request was carried out: %v", hits)
	}
}

// TestSlowCallersAreCutOff sees that a connection whose request does not come
// to its end is closed.
func TestSlowCallersAreCutOff(t *testing.T) {
	if deployed() {
		t.Skip("there the gateway waits for requests; on a laptop: go test ./local/acceptance -run TestSlowCallersAreCutOff")
	}
	t.Parallel()
	s := start(t, 84, nil)
	begun := time.Now()
	statuses, closed := s.raw(t, "POST /v1/recall HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ", 1)
	if took := time.Since(begun); !closed || took > 15*time.Second || slices.ContainsFunc(statuses, func(n int) bool { return n < 400 }) {
		t.Errorf("half a head: answered %v, closed %v after %v", statuses, closed, took)
	}
}

// hostiles are texts that break out of where they are shown, written or sent.
var hostiles = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `javascript:alert(1)`, `'-alert(1)-'`, `{{.}}</textarea><svg/onload=alert(1)>`,
	"x\r\nX-Injected: yes", "x\ntime=2026-01-01T00:00:00.000Z level=ERROR msg=forged", "x\x1b[31mred\x1b[0m\x07\x00",
}

// befoul puts a hostile text into everything of a memory that takes text, and
// says how many hooks took it.
func (m instance) befoul(t *testing.T, rx *receiver, nth int, h string) (accepted int) {
	t.Helper()
	plain := strings.Map(func(r rune) rune {
		if r < ' ' {
			return -1
		}
		return r
	}, h)
	for _, named := range []string{h, plain} { // refused where control characters are
		body := object{"name": named, "description": named, "namespace": plain, "delivery_mode": "webhook", "url": rx.url, "secret": h, "filter": object{"tags": list{h}}}
		if a := m.post(t, "/hooks", body); a.status == 201 {
			accepted++
		} else {
			a.refused(t, 400, "")
		}
	}
	m.post(t, "/hooks", object{"name": "x", "delivery_mode": "webhook", "url": "http://127.0.0.1/" + h}).header.Get("")
	m.call(t, "POST", "/api/memories", object{"id": fmt.Sprint("hostile-", nth), "name": h, "description": h})
	m.add(t, object{"grain_type": "event", "subject": h, "relation": h, "object": h, "content": h, "tags": list{h}, h: h, "namespace": plain, "user_id": plain})
	m.call(t, "POST", "/v1/memory-set", object{"key": plain, "value": h, "metadata": object{h: h}})
	m.call(t, "GET", "/v1/recall?"+"x="+strings.ReplaceAll(plain, " ", "%20"), nil, header("Idempotency-Key", plain), header("User-Agent", plain))
	return accepted
}

// answeredHostile lets a receiver answer with hostile texts wherever an answer
// has text, for a test send of the console's and for an event.
func (m instance) answeredHostile(t *testing.T) {
	t.Helper()
	never := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Location"] = hostiles[:1]
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusFound)
		_, _ = io.WriteString(w, strings.Join(hostiles, "\n"))
	})
	hook := m.push(t, never, object{"max_retries": 0, "dialect": "rem"})
	tested := m.call(t, "POST", "/console/memories/"+m.id+"/hooks/"+hook+"/test", nil)
	if inert(t, "a test send", tested); !strings.Contains(string(tested.body), "was not taken") {
		t.Errorf("a test send is answered %v", tested)
	}
	m.add(t, belief(hostiles[0], object{"tags": list{hostiles[0]}}))
	never.wait(t, 2)
	eventually(t, "a dead letter", func() bool { return len(m.letters(t, hook)) == 1 })
}

// TestHostileTextStaysText puts hostile text into everything that takes text,
// and reads the console's pages, the deliveries and what the server printed.
func TestHostileTextStaysText(t *testing.T) {
	if deployed() {
		t.Skip("reads what a process printed; on a laptop: go test ./local/acceptance -run TestHostileTextStaysText")
	}
	t.Parallel()
	s := start(t, 84, settings{"MEMHOOKS_HOLD_AFTER": "1000"})
	m, rx := s.memory("default"), receive(t)
	accepted := 0
	for i, h := range hostiles {
		accepted += m.befoul(t, rx, i, h)
	}
	if accepted == 0 {
		t.Fatal("no hook with a hostile name was accepted")
	}
	m.push(t, rx)
	m.answeredHostile(t)
	rx.wait(t, 1)
	s.inertPages(t)
	got, _ := rx.all()
	for _, r := range got {
		if r.header.Get("X-Injected") != "" {
			t.Errorf("a header was injected: %v", r.header)
		}
	}
	s.raw(t, "GET /\x01\x1b[31m HTTP/1.1\r\nHost: x\r\n\r\n", 1)
	line := regexp.MustCompile(`^(time=\S+ level=(INFO|WARN|ERROR) msg=|memhooks |console |API reference |first memory )`)
	for _, printed := range strings.Split(strings.TrimSpace(s.output.String()), "\n") {
		if !line.MatchString(printed) || strings.Contains(printed, "msg=forged") || strings.ContainsAny(printed, "\x1b\x00\x07\r") {
			t.Errorf("the server printed %q", printed)
		}
	}
}

// inert checks that what a page shows of hostile texts is text.
func inert(t *testing.T, what string, a answer) {
	t.Helper()
	for _, live := range []string{"<script>alert", "<img src=x", "<svg/onload", `href="javascript:`, `src="javascript:`} {
		if strings.Contains(string(a.body), live) {
			t.Errorf("%s shows %q as it is", what, live)
		}
	}
	if policy := a.header.Get("Content-Security-Policy"); a.status == 200 && (!strings.Contains(policy, "default-src") || strings.Contains(policy, "unsafe-inline")) {
		t.Errorf("%s has the policy %q", what, policy)
	}
}

// fields finds the parameters that a page's own forms send.
var fields = regexp.MustCompile(`<(?:input|select)[^>]* name="([^"]+)"`)

// inertPages reads every page of the console, as it stands and as a link from
// elsewhere may open it.
func (s *server) inertPages(t *testing.T) {
	t.Helper()
	seen, shown := map[string]bool{}, map[string]bool{}
	for waiting := []string{"/console"}; len(waiting) > 0; waiting = waiting[1:] {
		path := waiting[0]
		if seen[path] || strings.Contains(path, "/assets/") {
			continue
		}
		seen[path] = true
		a := s.call(t, "GET", path, nil)
		page := string(a.body)
		inert(t, path, a)
		for _, h := range hostiles {
			if strings.Contains(page, html.EscapeString(h)) {
				shown[h] = true
			}
		}
		for _, to := range link.FindAllStringSubmatch(page, -1) {
			waiting = append(waiting, html.UnescapeString(to[1]))
		}
		if bare, _, _ := strings.Cut(path, "?"); bare == path {
			foreign := "nowhere " + hostiles[4]
			query := url.Values{"q": {foreign}}
			for _, field := range fields.FindAllStringSubmatch(page, -1) {
				query.Set(field[1], foreign)
			}
			inert(t, path+" by a link", s.call(t, "GET", path+"?"+query.Encode(), nil))
		}
	}
	if len(shown) < 5 || len(seen) < 10 {
		t.Errorf("of %d pages none shows more hostile texts, escaped, than %v", len(seen), shown)
	}
}
