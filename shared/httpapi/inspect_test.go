package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// inspection is one call that changes nothing.
type inspection struct{ method, path, body string }

// inspections are one call of each kind, on the default memory, in which
// something has happened.
func (s *service) inspections() []inspection {
	s.tb.Helper()
	r := receive(s.tb, 200)
	s.deliver()
	hook := s.named("h", r.to(""))
	hash := s.event("a secret of the first tenant", "")
	s.event("of a person", `,"user_id":"u-1"`)
	s.waits(hook, "delivered", 2)
	s.erase(`{"user_id":"u-1"}`)
	return []inspection{
		{"GET", "/grains", ""}, {"GET", "/grains?q=secret", ""}, {"GET", "/grains/" + hash, ""},
		{"GET", "/events", ""}, {"GET", "/events?after=0", ""}, {"GET", "/events/1", ""}, {"GET", "/events/" + hash, ""},
		{"GET", "/activity", ""}, {"GET", "/activity?hook=" + hook, ""},
		{"GET", "/deliveries", ""}, {"GET", "/deliveries/dlv_" + hook + ".1.0", ""},
		{"GET", "/erasures", ""}, {"GET", "/erasures/3", ""},
		{"POST", "/hooks/" + hook + "/try-filter", `{"filter":{}}`},
	}
}

func TestInspectionIsForThoseWhoMayRead(t *testing.T) {
	s := open(t)
	key := func(body string) []string {
		return []string{"Authorization", "Bearer " + s.do(201, "POST", "/v1/keys", body).str("key")}
	}
	reader, writer, other := key(`{"scopes":["read"]}`), key(`{"scopes":["write"]}`), key(`{"scopes":["admin"],"tenant":"acme"}`)
	mine := s.instance(`{"id":"mine"}`)
	for _, i := range s.inspections() {
		s.do(200, i.method, home+i.path, i.body, reader...)
		s.refused(403, "scope_denied", i.method, home+i.path, i.body, writer...)
		s.refused(401, "auth_required", i.method, home+i.path, i.body, "Authorization", "")
		if a := s.serve(request(i.method, home+i.path, i.body, other...)); a.status != 404 && a.status != 200 || strings.Contains(a.text, "secret") || strings.Contains(a.text, "u-1") || strings.Contains(a.text, `"seq":`) {
			t.Errorf("%s in another tenant's memory of that name: %d %s", i.path, a.status, a.text)
		}
		unknown := s.refused(404, "not_found", i.method, "/api/memories/nowhere"+i.path, i.body, other...)
		if a := s.refused(404, "not_found", i.method, mine+i.path, i.body, other...); a.text != unknown.text {
			t.Errorf("%s tells another tenant that a memory is there: %s", i.path, a.text)
		}
	}
}

func TestInspectionRaisesNothing(t *testing.T) {
	s := open(t)
	calls := s.inspections()
	before := s.head()
	for _, i := range calls {
		s.do(200, i.method, home+i.path, i.body)
	}
	if head := s.head(); head != before {
		t.Errorf("the log's head is %d, it was %d", head, before)
	}
}

func TestInspectionIsDescribed(t *testing.T) {
	s := open(t)
	described := 0
	for path, methods := range s.spec().Paths {
		for method, op := range methods {
			if op.Tags[0] != "Inspection" {
				continue
			}
			if described++; op.Security[0]["bearer"][0] != "read" {
				t.Errorf("%s %s takes %v", method, path, op.Security)
			}
			if example := string(op.RequestBody.Content["application/json"].Example); method == "post" && example == "" {
				t.Errorf("%s has no example", path)
			} else if method == "post" {
				id := s.named("h", cdc)
				s.do(200, "POST", strings.NewReplacer("{id}", "default", "{hook}", id).Replace(path), example)
			}
		}
	}
	if described != 10 {
		t.Errorf("%d operations are described", described)
	}
	for name, fields := range map[string]string{"TriedEvent": "seq event_id cause at hooks matched why", "ErasureTold": "event_id key_fingerprint told looked_from_seq"} {
		properties := s.schema(name)
		for field := range strings.FieldsSeq(fields) {
			if properties[field] == nil {
				t.Errorf("%s has no %s: %v", name, field, properties)
			}
		}
	}
}

// schema is what the description says of a type's fields.
func (s *service) schema(name string) map[string]any {
	s.tb.Helper()
	var d struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	s.must(json.Unmarshal([]byte(s.do(200, "GET", "/openapi.json", "").text), &d))
	return d.Components.Schemas[name].Properties
}
