package httpapi_test

import (
	"testing"
)

// inspections are one call of each kind, on a memory that has one event.
var inspections = []struct{ method, path, body string }{
	{"GET", "/grains", ""}, {"GET", "/grains?q=secret", ""},
	{"GET", "/events", ""}, {"GET", "/events?after=0", ""}, {"GET", "/events/1", ""}, {"GET", "/activity", ""},
	{"GET", "/deliveries", ""},
}

func TestInspectionIsForThoseWhoMayRead(t *testing.T) {
	s := open(t)
	s.named("h", cdc)
	s.event("a secret of the first tenant", "")
	key := func(body string) []string {
		return []string{"Authorization", "Bearer " + s.do(201, "POST", "/v1/keys", body).str("key")}
	}
	reader, writer, other := key(`{"scopes":["read"]}`), key(`{"scopes":["write"]}`), key(`{"scopes":["admin"],"tenant":"acme"}`)
	s.do(201, "POST", "/api/memories", `{"id":"theirs"}`, other...)
	mine := s.instance(`{"id":"mine"}`)
	for _, i := range inspections {
		s.do(200, i.method, home+i.path, i.body, reader...)
		s.refused(403, "scope_denied", i.method, home+i.path, i.body, writer...)
		s.refused(401, "auth_required", i.method, home+i.path, i.body, "Authorization", "")
		unknown := s.refused(404, "not_found", i.method, "/api/memories/nowhere"+i.path, i.body, other...)
		if a := s.refused(404, "not_found", i.method, mine+i.path, i.body, other...); a.body["error"].(map[string]any)["message"] != unknown.body["error"].(map[string]any)["message"] {
			t.Errorf("%s tells another tenant that a memory is there: %s", i.path, a.text)
		}
	}
}

func TestInspectionRaisesNothing(t *testing.T) {
	s := open(t)
	s.named("h", cdc)
	s.event("one", "")
	for _, i := range inspections {
		s.do(200, i.method, home+i.path, i.body)
	}
	if head := s.head(); head != 1 {
		t.Errorf("the log's head is %d", head)
	}
}
