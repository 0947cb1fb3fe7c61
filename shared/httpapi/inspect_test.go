package httpapi_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// inspections are one call of each kind, on a memory that has one event.
var inspections = []struct{ method, path, body string }{
	{"GET", "/grains", ""}, {"GET", "/grains?q=secret", ""},
	{"GET", "/events", ""}, {"GET", "/events?after=0", ""}, {"GET", "/events/1", ""}, {"GET", "/activity", ""},
	{"GET", "/deliveries", ""}, {"GET", "/erasures", ""},
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
