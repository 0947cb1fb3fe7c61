package trigger_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
)

// recorded reads an invocation that was recorded in events/.
func recorded(t testing.TB, name string, into any) {
	t.Helper()
	content, err := os.ReadFile("../../../../events/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(content, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func TestARecordedRequestReachesTheHandlerAsItWasSent(t *testing.T) {
	var e events.APIGatewayV2HTTPRequest
	recorded(t, "memories.json", &e)
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || !strings.Contains(string(body), "use Redis") || r.ContentLength != int64(len(body)) {
			t.Errorf("the body is %q of %d, %v", body, r.ContentLength, err)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/v1/remember" || r.Host != e.RequestContext.DomainName {
			t.Errorf("it is %s %s at %s", r.Method, r.URL.Path, r.Host)
		}
		if !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ar_") || r.Header.Get("Content-Type") != "application/json" || r.Header.Get("Host") != "" {
			t.Errorf("its headers are %v", r.Header)
		}
		w.Header().Set("X-Request-Id", "req_1")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `{"id":"mem_1"}`)
	})
	got, err := trigger.HTTP(api)(t.Context(), e)
	if err != nil || got.StatusCode != http.StatusCreated || got.Body != `{"id":"mem_1"}` || got.Headers["X-Request-Id"] != "req_1" || got.IsBase64Encoded {
		t.Errorf("the answer is %+v, %v", got, err)
	}
}

func TestAnAnswerThatLambdaWouldNotTakeIsRefusedInItsPlace(t *testing.T) {
	var e events.APIGatewayV2HTTPRequest
	recorded(t, "memories.json", &e)
	for size, want := range map[int]int{3 << 20: http.StatusOK, 3<<20 + 1: http.StatusRequestEntityTooLarge} {
		got, err := trigger.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("X-Request-Id", "req_1")
			_, _ = io.WriteString(w, strings.Repeat("x", size))
		}))(t.Context(), e)
		if err != nil || got.StatusCode != want || got.Headers["X-Request-Id"] != "req_1" || want != http.StatusOK && !json.Valid([]byte(got.Body)) {
			t.Errorf("%d bytes are answered with %d, %v", size, got.StatusCode, err)
		}
	}
}

// served is what a handler sees of a request.
func served(t testing.TB, e events.APIGatewayV2HTTPRequest) (seen *http.Request, body []byte) {
	t.Helper()
	_, err := trigger.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = r
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(http.StatusNoContent)
	}))(t.Context(), e)
	if err != nil || seen == nil {
		t.Fatalf("%+v did not reach the handler: %v", e, err)
	}
	return seen, body
}

func request(path, query string) events.APIGatewayV2HTTPRequest {
	e := events.APIGatewayV2HTTPRequest{RawPath: path, RawQueryString: query}
	e.RequestContext.DomainName = "api.example.com"
	e.RequestContext.HTTP.Method = http.MethodGet
	return e
}

func TestAPathIsReadWhetherItComesEncodedOrDecoded(t *testing.T) {
	for raw, want := range map[string]string{
		"/v1/memories/mem_1": "/v1/memories/mem_1", "": "/", "/a b": "/a b", "/a%20b": "/a b", "/100%": "/100%", "/a?b#c": "/a?b#c",
		"/%zz": "/%zz", "/ä\n": "/ä\n", "/\xff": "/\xff", "//evil.example/x": "//evil.example/x",
	} {
		if r, _ := served(t, request(raw, "")); r.URL.Path != want || r.Host != "api.example.com" {
			t.Errorf("%q is read as %q at %s", raw, r.URL.Path, r.Host)
		}
	}
}

func TestNoHeaderIsPartedAtACommaAndCookiesAreOne(t *testing.T) {
	e := request("/", "a=1&b=%2C")
	e.Headers = map[string]string{"idempotency-key": "a,b", "x-empty": ""}
	e.Cookies = []string{"a=1", "b=2"}
	r, _ := served(t, e)
	if got := r.Header.Values("Idempotency-Key"); len(got) != 1 || got[0] != "a,b" {
		t.Errorf("the key is %q", got)
	}
	if got := r.Header.Get("Cookie"); got != "a=1; b=2" {
		t.Errorf("the cookies are %q", got)
	}
	if r.URL.Query().Get("b") != "," {
		t.Errorf("the query is %q", r.URL.RawQuery)
	}
}

func TestABinaryBodyComesBothWays(t *testing.T) {
	raw := "\x00\xff\xfe"
	e := request("/", "")
	e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(raw)), true
	if _, body := served(t, e); string(body) != raw {
		t.Errorf("the handler reads %q", body)
	}
	got, err := trigger.HTTP(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, raw) }))(t.Context(), e)
	if err != nil || !got.IsBase64Encoded || got.Body != e.Body {
		t.Errorf("the answer is %+v, %v", got, err)
	}
}

func TestEveryCallEndsBeforeTheFunction(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		want := time.Now().Add(59 * time.Second)
		check := func(what string, ctx context.Context) {
			if end, ok := ctx.Deadline(); !ok || !end.Equal(want) {
				t.Errorf("%s ends at %v, %v", what, end, ok)
			}
		}
		_, err := trigger.HTTP(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			check("a request", r.Context())
			w.WriteHeader(http.StatusOK)
		}))(ctx, request("/", ""))
		if err != nil {
			t.Error(err)
		}
		if err := trigger.Clock(func(ctx context.Context) error { check("a run", ctx); return nil })(ctx); err != nil {
			t.Error(err)
		}
	})
}

func FuzzWhateverACallerSendsReachesTheHandler(f *testing.F) {
	f.Add("/v1/recall", "a=1", "x", "v", "{}")
	f.Add("/%", "%zz&\x00#", "Host", "a,b", "\xff")
	f.Fuzz(func(t *testing.T, path, query, name, value, body string) {
		e := request(path, query)
		e.Headers = map[string]string{name: value}
		e.Body = body
		r, got := served(t, e)
		if string(got) != body {
			t.Errorf("the body %q is read as %q", body, got)
		}
		if decoded, err := url.PathUnescape(path); err == nil && strings.HasPrefix(path, "/") && r.URL.Path != decoded {
			t.Errorf("the path %q is read as %q", path, r.URL.Path)
		}
	})
}
