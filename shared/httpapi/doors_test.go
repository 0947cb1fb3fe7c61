package httpapi_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/httpapi"
)

func TestBearerKeys(t *testing.T) {
	s := open(t)
	body := `{"query":"a"}`
	for _, header := range []string{"", "Basic abc", "Bearer", "Bearer  ", adminKey} {
		s.refused(401, "auth_required", "POST", "/v1/recall", body, "Authorization", header)
	}
	if a := s.refused(401, "auth_required", "POST", "/v1/recall", body, "Authorization", adminKey); !strings.Contains(a.text, "holds no bearer key") {
		t.Errorf("a key without its scheme is told %s", a.text)
	}
	a := s.refused(401, "invalid_key", "POST", "/v1/recall", body, "Authorization", "Bearer ap_wrong")
	if a.header.Get("WWW-Authenticate") != "Bearer" {
		t.Error("401 says how to authenticate")
	}
	for _, scheme := range []string{"Bearer", "bearer", "BEARER"} {
		s.do(200, "POST", "/v1/recall", body, "Authorization", scheme+" "+adminKey)
	}
}

func TestKeysAreMadeShownOnceAndRevoked(t *testing.T) {
	s := open(t)
	made := s.do(201, "POST", "/v1/keys", `{"name":"agent","scopes":["read"]}`)
	raw := made.str("key")
	if !strings.HasPrefix(raw, "ap_") || len(raw) < 35 || made.str("tenant") != "default" || made.str("name") != "agent" {
		t.Errorf("key %s", made.text)
	}
	admin := s.do(201, "POST", "/v1/keys", `{"scopes":["admin"]}`)
	if !strings.HasPrefix(admin.str("key"), "ar_") {
		t.Errorf("admin key %s", admin.text)
	}
	use := "Bearer " + raw
	s.do(200, "POST", "/v1/recall", `{"query":"a"}`, "Authorization", use)
	s.refused(403, "scope_denied", "POST", "/v1/remember", `{"content":"a"}`, "Authorization", use)
	s.refused(403, "scope_denied", "POST", "/v1/keys", `{}`, "Authorization", use)
	if me := s.do(200, "GET", "/v1/keys/me", "", "Authorization", use); me.text != `{"id":"`+made.str("id")+`","name":"agent","scopes":["read"],"tenant":"default"}`+"\n" {
		t.Errorf("its own key: %s", me.text)
	}
	list := s.do(200, "GET", "/v1/keys", "")
	if strings.Contains(list.text, raw) || strings.Contains(list.text, `"key"`) || len(list.list("keys")) != 3 {
		t.Errorf("list %s", list.text)
	}
	s.do(200, "DELETE", "/v1/keys/"+made.str("id"), "")
	s.refused(401, "invalid_key", "POST", "/v1/recall", `{"query":"a"}`, "Authorization", use)
	s.refused(404, "not_found", "DELETE", "/v1/keys/"+made.str("id"), "")
	s.refused(400, "invalid_field", "POST", "/v1/keys", `{"scopes":["root"]}`)
	s.refused(400, "invalid_field", "POST", "/v1/keys", `{"tenant":"Not a tenant"}`)
	if page := s.do(200, "GET", "/v1/keys?limit=1", ""); page.str("next_cursor") == "" {
		t.Errorf("a page says where the next begins: %s", page.text)
	}
}

func TestTenantsSeeNothingOfEachOther(t *testing.T) {
	s := open(t)
	other := s.do(201, "POST", "/v1/keys", `{"scopes":["admin"],"tenant":"acme"}`)
	as := []string{"Authorization", "Bearer " + other.str("key")}
	id := s.remember("a secret of the first tenant")
	hook := s.do(201, "POST", "/v1/webhooks", `{"url":"https://example.com/","events":["*"]}`).str("id")
	s.refused(404, "not_found", "GET", "/v1/memories/"+id, "", as...)
	s.refused(404, "not_found", "DELETE", "/v1/memories/"+id, "", as...)
	s.refused(404, "not_found", "GET", "/v1/webhooks/"+hook, "", as...)
	s.refused(404, "not_found", "DELETE", "/v1/webhooks/"+hook, "", as...)
	if a := s.do(200, "POST", "/v1/recall", `{"query":"secret"}`, as...); len(a.list("memories")) != 0 {
		t.Errorf("recall of another tenant: %s", a.text)
	}
	if a := s.do(200, "GET", "/v1/webhooks", "", as...); len(a.list("webhooks")) != 0 {
		t.Errorf("webhooks of another tenant: %s", a.text)
	}
	if a := s.do(200, "GET", "/v1/keys", "", as...); len(a.list("keys")) != 1 {
		t.Errorf("keys of another tenant: %s", a.text)
	}
	s.refused(403, "scope_denied", "POST", "/v1/keys", `{"tenant":"default"}`, as...)
	s.refused(403, "scope_denied", "GET", "/v1/keys?tenant=default", "", as...)
	s.do(200, "GET", "/v1/keys?tenant=acme", "")
	s.refused(404, "not_found", "DELETE", "/v1/keys/"+other.str("id"), "")
	s.do(200, "DELETE", "/v1/keys/"+other.str("id")+"?tenant=acme", "")
}

func TestOnlyTheOperatorSeesWhatTellsOfAllTenants(t *testing.T) {
	numbers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("numbers")) })
	s, free := open(t), open(t, authOff)
	admin := s.do(201, "POST", "/v1/keys", `{"scopes":["admin"]}`).str("key")
	for _, c := range []struct {
		s      *service
		header string
		status int
	}{{s, "Bearer " + adminKey, 200}, {s, "Bearer " + admin, 403}, {s, "Bearer ap_unknown", 401}, {s, "", 401}, {free, "", 200}} {
		w := httptest.NewRecorder()
		c.s.api.ForOperator(numbers).ServeHTTP(w, request("GET", "/metrics", "", "Authorization", c.header))
		if w.Code != c.status || (w.Code == 200) != (w.Body.String() == "numbers") || w.Code != 200 && !strings.HasPrefix(w.Body.String(), `{"error":{"code":`) {
			t.Errorf("%q: %d %s", c.header, w.Code, w.Body)
		}
	}
}

func TestAuthenticationOff(t *testing.T) {
	s := open(t, authOff)
	none := []string{"Authorization", ""}
	s.do(201, "POST", "/v1/remember", `{"content":"for the default tenant"}`, none...)
	s.do(200, "POST", "/v1/recall", `{"query":"a"}`, "Authorization", "Bearer ap_unknown")
	key := s.do(201, "POST", "/v1/keys", `{"tenant":"acme","scopes":["read"]}`, none...).str("key")
	a := s.do(200, "POST", "/v1/recall", `{"query":"tenant"}`, "Authorization", "Bearer "+key)
	if len(a.list("memories")) != 0 {
		t.Error("a valid key says in which tenant")
	}
	s.refused(403, "scope_denied", "POST", "/v1/recall", `{"query":"a"}`, "Origin", "https://elsewhere.example", "Content-Type", "")
	s.do(200, "POST", "/v1/recall", `{"query":"a"}`, "Origin", "http://127.0.0.1")
	if a = s.do(200, "POST", "/v1/recall", `{"query":"tenant"}`, none...); len(a.list("memories")) != 1 {
		t.Error("without one it is the default tenant")
	}
}

func TestWithoutAuthenticationOnlyTheMachinesOwnNames(t *testing.T) {
	s := open(t, authOff)
	for host, status := range map[string]int{
		"localhost": 200, "LOCALHOST:8080": 200, "127.0.0.1": 200, "127.0.0.1:8080": 200, "[::1]": 200, "[::1]:80": 200,
		"rebound.example": 403, "rebound.example:8080": 403, "127.0.0.1.example": 403, "localhost.example": 403, "": 403,
	} {
		r := request("POST", "/v1/recall", `{"query":"a"}`)
		r.Host = host
		if a := s.serve(r); a.status != status || status == 403 && (a.code() != "scope_denied" || !strings.Contains(a.text, "MEMHOOKS_AUTH=on")) {
			t.Errorf("host %q: %d %s", host, a.status, a.text)
		}
	}
}

// timed is a writer that knows how long its request may be read.
type timed struct {
	*httptest.ResponseRecorder
	until []time.Time
}

// SetReadDeadline is http.ResponseController's.
func (w *timed) SetReadDeadline(t time.Time) error {
	w.until = append(w.until, t)
	return nil
}

// The time to send a body bounds no work: it ends with the body, and not before.
func TestTheTimeToSendEndsWithTheBody(t *testing.T) {
	s := open(t)
	for body, lifted := range map[string]int{`{"query":"a"}`: 1, strings.Repeat(" ", 1<<20+1): 0} {
		w := &timed{ResponseRecorder: httptest.NewRecorder()}
		s.api.ServeHTTP(w, request("POST", "/v1/recall", body))
		if len(w.until) != lifted || lifted == 1 && !w.until[0].IsZero() {
			t.Errorf("after %d bytes (%d) the time to send was set to %v", len(body), w.Code, w.until)
		}
	}
}

// A caller who is refused does not keep the connection by not sending the body.
func TestARefusalWaitsForNoBody(t *testing.T) {
	server := httptest.NewServer(open(t).api)
	defer server.Close()
	for head, status := range map[string]int{
		"POST /v1/remember HTTP/1.1\r\nHost: a\r\nContent-Length: 1000": 401, "POST /nowhere HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked": 404,
		"POST /v1/remember HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer " + adminKey + "\r\nContent-Length: 1048577": 413,
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
		_, _ = io.WriteString(conn, head+"\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatalf("%.40q: %v", head, err)
		}
		answer.Body.Close()
		if answer.StatusCode != status || !answer.Close {
			t.Errorf("%.40q: status %d, closes %v", head, answer.StatusCode, answer.Close)
		}
	}
}

func TestEveryAnswerSaysWhereTheRateStands(t *testing.T) {
	s := open(t, limited(1, 2))
	for _, r := range []*http.Request{
		request("GET", "/nowhere", ""), request("GET", "/healthz", ""), request("PUT", "/v1/remember", ""),
		request("POST", "/v1/remember", "{}", "Authorization", ""), request("GET", "/openapi.json", ""),
	} {
		a := s.serve(r)
		for _, name := range []string{"X-Request-Id", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
			if a.header.Get(name) == "" {
				t.Errorf("%s %s: no %s", r.Method, r.URL, name)
			}
		}
	}
	first := s.do(200, "POST", "/v1/recall", `{"query":"a"}`)
	if first.header.Get("X-RateLimit-Limit") != "2" || first.header.Get("X-RateLimit-Remaining") != "1" {
		t.Errorf("after one: %v", first.header)
	}
	s.do(200, "POST", "/v1/recall", `{"query":"a"}`)
	over := s.refused(429, "rate_limited", "POST", "/v1/recall", `{"query":"a"}`)
	if n, err := strconv.Atoi(over.header.Get("Retry-After")); err != nil || n < 1 {
		t.Errorf("Retry-After %q", over.header.Get("Retry-After"))
	}
	s.clock.move(2e9)
	s.do(200, "POST", "/v1/recall", `{"query":"a"}`)
	free := open(t).do(200, "GET", "/healthz", "")
	for _, name := range []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"} {
		if free.header.Get(name) != "1000000" {
			t.Errorf("without a limit %s is %q", name, free.header.Get(name))
		}
	}
}

func TestPathsAndMethods(t *testing.T) {
	s := open(t)
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/remember/", "//v1/remember", "/v1//remember", "/v1/v1/remember", "/v1/memories/", "/v1/memories/..", "/%ff", "/v1/memories/%2e%2e"} {
		a := s.serve(request("GET", path, ""))
		if a.status != 404 && a.status != 400 || a.code() == "" {
			t.Errorf("%s: %d %s", path, a.status, a.text)
		}
	}
	a := s.refused(405, "method_not_allowed", "GET", "/v1/remember", "")
	if a.header.Get("Allow") != "POST, OPTIONS" {
		t.Errorf("Allow %q", a.header.Get("Allow"))
	}
	if a = s.do(204, "OPTIONS", "/v1/webhooks", ""); !strings.Contains(a.header.Get("Allow"), "GET") || a.text != "" {
		t.Errorf("OPTIONS: %v", a.header)
	}
	s.do(200, "HEAD", "/v1/webhooks", "")
	r := request("POST", "/v1/remember", `{"content":"x"}`)
	r.Host = "anything.example:99"
	if a = s.serve(r); a.status != 201 {
		t.Errorf("another host: %s", a.text)
	}
}

func TestContentTypes(t *testing.T) {
	s := open(t)
	for kind, status := range map[string]int{
		"": 201, "application/json": 201, "Application/JSON; charset=UTF-8": 201, "application/json ; charset=utf-8": 201,
		"application/json; charset=latin1": 415, "text/plain": 415, "application/x-www-form-urlencoded": 415, "nonsense;;": 415, "application/xml+json": 415,
	} {
		a := s.do(status, "POST", "/v1/remember", `{"content":"x"}`, "Content-Type", kind)
		if status == 415 && !strings.Contains(a.text, "Content-Type: application/json") {
			t.Errorf("%s: the message says what to send: %s", kind, a.text)
		}
	}
	s.refused(415, "unsupported_media_type", "POST", "/v1/remember", `{"content":"x"}`, "Content-Encoding", "gzip")
}

func TestBodiesAreBounded(t *testing.T) {
	s := open(t)
	pad := func(n int) string { return `{"content":"x"` + strings.Repeat(" ", n-len(`{"content":"x"}`)) + `}` }
	s.do(201, "POST", "/v1/remember", pad(1<<20))
	s.refused(413, "payload_too_large", "POST", "/v1/remember", pad(1<<20+1))
	unknown := request("POST", "/v1/remember", pad(1<<20+1))
	unknown.ContentLength = -1
	if a := s.serve(unknown); a.status != 413 {
		t.Errorf("without a length: %d", a.status)
	}
	keys := strings.Builder{}
	for i := range 10_000 {
		keys.WriteString(`,"k` + strconv.Itoa(i) + `":1`)
	}
	s.refused(400, "invalid_json", "POST", "/v1/remember", `{"content":"x","metadata":{"a":1`+keys.String()+`}}`)
	s.refused(400, "invalid_json", "POST", "/v1/remember", `{"content":"x","metadata":{"n":1e999}}`)
	s.refused(400, "invalid_json", "POST", "/v1/remember", `{"content":"x","metadata":{"n":`+strings.Repeat("9", 500)+`}}`)
}

func TestAPanicIsAnAnswer(t *testing.T) {
	s := open(t, func(c *httpapi.Config) { c.Tester = nil })
	id := s.do(201, "POST", "/v1/webhooks", `{"url":"https://example.com/","events":["*"]}`).str("id")
	a := s.refused(500, "internal_error", "POST", "/v1/webhooks/"+id+"/test", "")
	if !strings.Contains(a.text, a.header.Get("X-Request-Id")) || !strings.Contains(s.log.String(), a.header.Get("X-Request-Id")) {
		t.Errorf("the request id is told and logged: %s", a.text)
	}
	s.do(200, "GET", "/v1/webhooks", "")
}

func TestHealth(t *testing.T) {
	s := open(t)
	s.do(200, "GET", "/healthz", "", "Authorization", "")
	s.do(200, "GET", "/readyz", "", "Authorization", "")
}

func TestTheServerSpeaksHTTP(t *testing.T) {
	s := open(t, authOff)
	server := httptest.NewServer(s.api)
	defer server.Close()
	r, err := http.Post(server.URL+"/v1/remember", "application/json", strings.NewReader(`{"content":"over the wire"}`))
	s.must(err)
	defer r.Body.Close()
	if r.StatusCode != 201 || r.ContentLength <= 0 {
		t.Errorf("status %d, length %d", r.StatusCode, r.ContentLength)
	}
	head, err := http.Head(server.URL + "/healthz")
	s.must(err)
	defer head.Body.Close()
	if head.StatusCode != 200 {
		t.Errorf("HEAD: %d", head.StatusCode)
	}
}
