package acceptance_test

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestRow001BearerAuth(t *testing.T) {
	row(t, 1, "bearer auth")
	c := locked(t)
	body := object{"query": "anything", "namespace": name("row-001")}
	for _, at := range []struct{ method, path string }{
		{"POST", "/v1/recall"}, {"GET", "/v1/webhooks"}, {"GET", "/v1/keys"}, {"GET", "/api/memories"}, {"GET", "/api/memories/default"},
	} {
		var sent any
		if at.method == "POST" {
			sent = body
		}
		c.as("").call(t, at.method, at.path, sent).refused(t, 401, "auth_required")
		c.as("ap_wrong").call(t, at.method, at.path, sent).refused(t, 401, "invalid_key")
		c.as("").call(t, at.method, at.path, sent, header("Authorization", "Basic "+c.key)).refused(t, 401, "")
		c.as("").call(t, at.method, at.path, sent, header("Authorization", "Bearer ")).refused(t, 401, "")
		c.as("").call(t, at.method, at.path, sent, header("Authorization", "Bearer "+c.key+"x")).refused(t, 401, "invalid_key")
		for _, scheme := range []string{"Bearer ", "bearer ", "BEARER ", "bEaReR "} {
			a := c.as("").call(t, at.method, at.path, sent, header("Authorization", scheme+c.key))
			if a.status != 200 {
				t.Errorf("scheme %q: %v", scheme, a)
			}
		}
	}
}

func TestRow002KeyCreation(t *testing.T) {
	row(t, 2, "key creation")
	if deployed() {
		s := &server{caller: tenant(t)}
		made := s.call(t, "POST", "/v1/keys", object{"name": "first", "scopes": list{"read", "write"}}).want(t, 201)
		s.onlyByAdmins(t, made)
		later(t, 2, "the stack runs with authentication on, and that half passes")
	}
	s := start(t, 2, settings{"MEMHOOKS_AUTH": "off"})
	made := s.call(t, "POST", "/v1/keys", object{"name": "first", "scopes": list{"read", "write"}}).want(t, 201)
	key := text(t, made, "key")
	if !strings.HasPrefix(key, "ap_") {
		t.Errorf("a key without admin begins with ap_: %q", key[:3])
	}
	for _, field := range []string{"name", "tenant"} {
		text(t, made, field)
	}
	s.restart(t, settings{"MEMHOOKS_AUTH": "on"})
	s.onlyByAdmins(t, made)
}

// onlyByAdmins checks that with authentication on a key works, and makes none.
func (s *server) onlyByAdmins(t *testing.T, made object) {
	t.Helper()
	key, id := text(t, made, "key"), text(t, made, "id")
	project := s.as(key)
	project.remember(t, "row-002", "written with the key made before the restart")

	wanted := object{"name": "second", "scopes": list{"admin"}}
	s.as("").call(t, "POST", "/v1/keys", wanted).refused(t, 401, "auth_required")
	project.call(t, "POST", "/v1/keys", wanted).refused(t, 403, "scope_denied")
	admin := s.call(t, "POST", "/v1/keys", wanted).want(t, 201)
	if !strings.HasPrefix(text(t, admin, "key"), "ar_") {
		t.Errorf("an admin key begins with ar_: %v", admin["key"])
	}
	s.as(text(t, admin, "key")).call(t, "GET", "/v1/keys", nil).want(t, 200)

	reader := s.call(t, "POST", "/v1/keys", object{"name": "reader", "scopes": list{"read"}}).want(t, 201)
	s.as(text(t, reader, "key")).call(t, "POST", "/v1/remember", object{"content": "x"}).refused(t, 403, "scope_denied")

	listed := s.call(t, "GET", "/v1/keys", nil)
	listed.want(t, 200)
	if !bytes.Contains(listed.body, []byte(id)) || bytes.Contains(listed.body, []byte(key)) {
		t.Errorf("the list must have the id and not the raw key: %v", listed)
	}
	if a := s.call(t, "DELETE", "/v1/keys/"+id, nil); a.status/100 != 2 {
		t.Errorf("delete a key: %v", a)
	}
	recall := func() answer { return project.call(t, "POST", "/v1/recall", object{"query": "x"}) }
	if deployed() { // another function may believe in a key for two seconds more
		eventually(t, "a revoked key to be refused", func() bool { return recall().status != 200 })
	}
	recall().refused(t, 401, "invalid_key")
}

func TestRow003ErrorBody(t *testing.T) {
	row(t, 3, "error body")
	c := tenant(t)
	gone := "mem_" + strings.Repeat("0", 26)
	for _, bad := range []struct {
		method, path string
		body         any
		status       int
		code         string
	}{
		{"POST", "/v1/remember", object{}, 400, "missing_field"},
		{"POST", "/v1/remember", object{"content": 5}, 400, "invalid_field"},
		{"POST", "/v1/remember", `{"content":`, 400, "invalid_json"},
		{"POST", "/v1/remember", `{"content":"\ud800"}`, 400, "invalid_json"},
		{"POST", "/v1/remember", []byte("{\"content\":\"\xff\"}"), 400, "invalid_json"},
		{"POST", "/v1/remember", `[1]`, 400, ""},
		{"POST", "/v1/remember", ``, 400, ""},
		{"POST", "/v1/recall", object{"query": "x", "limit": "ten"}, 400, "invalid_field"},
		{"POST", "/v1/memory-set", object{"key": "k"}, 400, "missing_field"},
		{"POST", "/v1/memory-get", object{}, 400, "missing_field"},
		{"POST", "/v1/webhooks", object{"events": list{"*"}}, 400, "missing_field"},
		{"POST", "/v1/webhooks", object{"url": "ftp://example.com", "events": list{"*"}}, 400, "invalid_field"},
		{"POST", "/v1/keys", object{"name": "x", "scopes": list{"root"}}, 400, "invalid_field"},
		{"DELETE", "/v1/forget", object{}, 400, ""},
		{"DELETE", "/v1/forget", object{"memory_id": gone}, 404, "not_found"},
		{"GET", "/v1/memories/" + gone, nil, 404, "not_found"},
		{"PATCH", "/v1/memories/" + gone, object{"content": "x"}, 404, "not_found"},
		{"DELETE", "/v1/memories/" + gone, nil, 404, "not_found"},
		{"GET", "/v1/webhooks/wh_nothing", nil, 404, "not_found"},
		{"GET", "/v1/nothing", nil, 404, "not_found"},
		{"GET", "/", nil, 0, ""},
		{"GET", "/api/memories/row-003-nowhere", nil, 404, "not_found"},
		{"PUT", "/v1/remember", object{"content": "x"}, 405, ""},
		{"POST", "/v1/remember", object{"content": strings.Repeat("x", 1<<20)}, 413, "payload_too_large"},
	} {
		if raw, ok := bad.body.([]byte); ok && deployed() && !utf8.Valid(raw) {
			t.Log("what is no UTF-8 is not sent: an emulator's gateway mends it before any function sees it")
			continue
		}
		a := c.call(t, bad.method, bad.path, bad.body)
		switch {
		case bad.status != 0:
			a.refused(t, bad.status, bad.code)
		case a.status >= 400:
			a.failure(t, bad.code)
		}
		if a.header.Get("X-Request-Id") == "" {
			t.Errorf("no X-Request-Id: %v", a)
		}
	}
	c.call(t, "POST", "/v1/remember", "content=x", header("Content-Type", "text/plain")).refused(t, 415, "")
	c.as("").call(t, "GET", "/v1/webhooks", nil).refused(t, 401, "auth_required")
}

func TestRow004RateHeaders(t *testing.T) {
	row(t, 4, "rate headers")
	if deployed() {
		a := tenant(t).call(t, "GET", "/v1/webhooks/wh_nothing", nil)
		if limit, left := whole(t, a, "X-RateLimit-Limit"), whole(t, a, "X-RateLimit-Remaining"); limit < 1 || left >= limit {
			t.Errorf("limit %d, remaining %d: %v", limit, left, a)
		}
		whole(t, a, "X-RateLimit-Reset")
		later(t, 4, "the stack's rate is its default, 200 a second, which no row reaches; the headers' half passes")
	}
	s := start(t, 4, settings{"MEMHOOKS_AUTH": "on", "MEMHOOKS_RATE": "1", "MEMHOOKS_BURST": "20"})
	other := s.tenant(t)
	last := -1
	for i := range 200 {
		path, want := "/v1/webhooks", 200
		if i == 2 {
			path, want = "/v1/webhooks/wh_nothing", 404
		}
		a := s.call(t, "GET", path, nil)
		limit, remaining, reset := whole(t, a, "X-RateLimit-Limit"), whole(t, a, "X-RateLimit-Remaining"), whole(t, a, "X-RateLimit-Reset")
		if limit < 1 || remaining > limit || (last >= 0 && remaining > last+2) {
			t.Errorf("limit %d, remaining %d after %d: %v", limit, remaining, last, a)
		}
		last = remaining
		if off := time.Until(time.Unix(int64(reset), 0)); off < -2*time.Second || off > time.Hour {
			t.Errorf("the limit is restored %v from now (X-RateLimit-Reset %d)", off, reset)
		}
		if a.status == http.StatusTooManyRequests {
			a.refused(t, 429, "rate_limited")
			if whole(t, a, "Retry-After") < 1 || remaining != 0 {
				t.Errorf("Retry-After %q, remaining %d", a.header.Get("Retry-After"), remaining)
			}
			if i < 15 {
				t.Errorf("refused after %d requests although the burst is 20", i)
			}
			other.call(t, "GET", "/v1/webhooks", nil).want(t, 200) // each key has its own
			return
		}
		if a.status != want {
			t.Fatalf("want %d: %v", want, a)
		}
	}
	t.Fatal("200 requests passed at a rate of 1 a second with a burst of 20")
}

// whole is an answer's header that holds a whole number, not negative.
func whole(t testing.TB, a answer, header string) int {
	t.Helper()
	n, err := strconv.Atoi(a.header.Get(header))
	if err != nil || n < 0 {
		t.Fatalf("header %s is %q: %v", header, a.header.Get(header), a)
	}
	return n
}

func TestRow014BothBasePaths(t *testing.T) {
	row(t, 14, "both base paths")
	c := tenant(t)
	for _, host := range []string{"api.remlabs.ai", "remlabs.ai:8443", "localhost", "[::1]:80", "some.other.example"} {
		as := func(r *http.Request) { r.Host = host }
		if a := c.call(t, "POST", "/v1/recall", object{"query": "x"}, as); a.status != 200 {
			t.Errorf("host %s: %v", host, a)
		}
		if a := c.call(t, "GET", "/api/memories", nil, as); a.status != 200 {
			t.Errorf("host %s: %v", host, a)
		}
	}
	for _, path := range []string{"/v1/v1/recall", "/api/api/memories", "/v1/api/memories", "/recall", "/memories"} {
		c.call(t, "POST", path, object{"query": "x", "name": "x"}).refused(t, 404, "not_found")
	}
}

func TestRow003OddPaths(t *testing.T) {
	row(t, 3, "error body")
	c := shared(t)
	for _, path := range []string{"/v1/webhooks/..%2f..", "/v1/memories/%00", "/v1/memories/" + strings.Repeat("x", 5000), "/api/memories/%ff%fe"} {
		a := c.call(t, "GET", path, nil)
		if a.status < 400 || a.status > 499 {
			t.Errorf("want a refusal: %v", a)
			continue
		}
		a.failure(t, "")
	}
}
