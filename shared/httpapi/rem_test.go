package httpapi_test

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
)

var instant = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)

func (s *service) remember(content string, more ...string) string {
	s.tb.Helper()
	body := fmt.Sprintf(`{"content":%q%s}`, content, strings.Join(append([]string{""}, more...), ","))
	return s.do(201, "POST", "/v1/remember", body).str("id")
}

func TestRememberAnswersWhatWasStored(t *testing.T) {
	s := open(t)
	a := s.do(201, "POST", "/v1/remember", `{"content":"We use Redis","tags":["b","a"],"metadata":{"n":9007199254740993}}`)
	if !regexp.MustCompile(`^mem_[0-9a-f]{32}$`).MatchString(a.str("id")) {
		t.Errorf("id %q", a.str("id"))
	}
	for _, want := range []string{`"content":"We use Redis"`, `"tags":["b","a"]`, `"namespace":"default"`, `9007199254740993`} {
		if !strings.Contains(a.text, want) {
			t.Errorf("no %s in %s", want, a.text)
		}
	}
	if !instant.MatchString(a.str("created_at")) {
		t.Errorf("created_at %q", a.str("created_at"))
	}
	if again := s.do(200, "GET", "/v1/memories/"+a.str("id"), ""); again.text != a.text {
		t.Errorf("read %s after %s", again.text, a.text)
	}
	if other := s.remember("We use Redis"); other == a.str("id") {
		t.Error("equal content became one memory")
	}
}

func TestRememberRefuses(t *testing.T) {
	s := open(t)
	s.do(200, "GET", "/v1/webhooks", "") // the default memory is made by the first call
	head := s.head()
	for body, code := range map[string]string{
		`{}`:                             "missing_field",
		`{"content":7}`:                  "invalid_field",
		`{"content":null}`:               "invalid_field",
		`{"content":""}`:                 "missing_field",
		`{"content":"x","colour":"red"}`: "invalid_field",
		`{"Content":"x"}`:                "missing_field",
		`{"content":"x","tags":"a"}`:     "invalid_field",
		`{"content":"x","tags":[null]}`:  "invalid_field",
		`{"content":"x","namespace":""}`: "invalid_field",
		`{"content":"x","metadata":[]}`:  "invalid_field",
		`{"content":"x","content":"y"}`:  "invalid_json",
		`{"content":"\ud800"}`:           "invalid_json",
		`{"content":"` + "\xff" + `"}`:   "invalid_json",
		`{"content":"x"} {}`:             "invalid_json",
		`[]`:                             "invalid_field",
		`null`:                           "invalid_field",
		`{"content":"x","metadata":` + strings.Repeat(`{"a":`, 40) + `1` + strings.Repeat(`}`, 41): "invalid_json",
	} {
		s.refused(400, code, "POST", "/v1/remember", body)
	}
	s.refused(400, "invalid_json", "POST", "/v1/remember", "")
	full := strings.Repeat("é", 16_384)
	s.refused(413, "payload_too_large", "POST", "/v1/remember", `{"content":"`+full+`x"}`)
	if s.head() != head {
		t.Error("a refused request changed something")
	}
	s.do(201, "POST", "/v1/remember", `{"content":"`+full+`"}`)
}

func TestRecallFindsFiltersAndIsTold(t *testing.T) {
	s := open(t)
	for i := range 12 {
		s.remember(fmt.Sprintf("caching note %d", i), `"namespace":"n1"`, `"tags":["x"]`)
	}
	both := s.remember("caching with tags", `"tags":["x","y"]`)
	head := s.head()
	a := s.do(200, "POST", "/v1/recall", `{"query":"caching"}`)
	if len(a.list("memories")) != 10 || a.body["total"] != 13.0 || a.body["query_time_ms"] == nil {
		t.Errorf("ten of thirteen by default: %s", a.text)
	}
	if m := a.list("memories")[0]; m["score"].(float64) <= 0 || m["score"].(float64) > 1 || m["content"] == "" {
		t.Errorf("hit %v", m)
	}
	a = s.do(200, "POST", "/v1/recall", `{"query":"caching","tags":["x","y"],"limit":100}`)
	if hits := a.list("memories"); len(hits) != 1 || hits[0]["id"] != both {
		t.Errorf("all tags: %s", a.text)
	}
	if a = s.do(200, "POST", "/v1/recall", `{"query":"caching","namespace":"n1","limit":100}`); len(a.list("memories")) != 12 {
		t.Errorf("one namespace: %s", a.text)
	}
	if a = s.do(200, "POST", "/v1/recall", `{"query":"caching","threshold":1}`); strings.Contains(a.text, `"memories":null`) {
		t.Errorf("a list is always there: %s", a.text)
	}
	if got := s.head() - head; got != 4 {
		t.Errorf("%d events of 4 recalls", got)
	}
	for body, status := range map[string]int{
		`{"query":"a","limit":101}`: 400, `{"query":"a","limit":0}`: 400, `{"query":"a","threshold":2}`: 400, `{"query":""}`: 400, `{}`: 400,
		`{"query":"a","limit":1.5}`: 400, `{"query":"a","limit":1e1}`: 200, `{"query":"a","limit":1e3}`: 400,
		`{"query":"` + strings.Repeat("q", 8193) + `"}`: 413, `{"query":"` + strings.Repeat("q", 8192) + `"}`: 200,
	} {
		s.do(status, "POST", "/v1/recall", body)
	}
}

func TestChangeKeepsWhatIsNotGiven(t *testing.T) {
	s := open(t)
	id := s.remember("one", `"tags":["a"]`, `"metadata":{"k":1}`)
	head := s.head()
	a := s.do(200, "PATCH", "/v1/memories/"+id, `{"content":"two"}`)
	if a.str("id") != id || a.str("content") != "two" || !strings.Contains(a.text, `"tags":["a"],`) || !strings.Contains(a.text, `"metadata":{"k":1}`) {
		t.Errorf("%s", a.text)
	}
	if a.str("created_at") == a.str("updated_at") || a.body["version"] != 2.0 {
		t.Errorf("times and version: %s", a.text)
	}
	if s.head() != head+1 {
		t.Errorf("%d events of one change", s.head()-head)
	}
	if a = s.do(200, "PATCH", "/v1/memories/"+id, `{"tags":[]}`); !strings.Contains(a.text, `"tags":[],`) {
		t.Errorf("tags taken away: %s", a.text)
	}
	s.refused(400, "missing_field", "PATCH", "/v1/memories/"+id, `{}`)
	s.refused(404, "not_found", "PATCH", "/v1/memories/mem_"+strings.Repeat("0", 32), `{"content":"x"}`)
	s.refused(404, "not_found", "GET", "/v1/memories/nonsense", "")
}

func TestForget(t *testing.T) {
	s := open(t)
	one, two := s.remember("one"), s.remember("two")
	for range 3 {
		s.remember("three", `"namespace":"gone"`)
	}
	if a := s.do(200, "DELETE", "/v1/forget", `{"memory_id":"`+one+`"}`); a.body["deleted"] != 1.0 {
		t.Errorf("by id: %s", a.text)
	}
	s.refused(404, "not_found", "GET", "/v1/memories/"+one, "")
	s.refused(404, "not_found", "DELETE", "/v1/forget?memory_id="+one, "")
	if a := s.do(200, "DELETE", "/v1/forget?namespace=gone", ""); a.body["deleted"] != 3.0 {
		t.Errorf("by namespace: %s", a.text)
	}
	if a := s.do(200, "DELETE", "/v1/forget", `{"namespace":"gone"}`); a.body["deleted"] != 0.0 {
		t.Errorf("again: %s", a.text)
	}
	s.refused(400, "missing_field", "DELETE", "/v1/forget", "")
	s.refused(400, "missing_field", "DELETE", "/v1/forget?namespace=", "")
	s.refused(400, "missing_field", "DELETE", "/v1/forget", `{}`)
	s.refused(400, "invalid_field", "DELETE", "/v1/forget", `{"memory_id":"`+two+`","namespace":"default"}`)
	s.refused(400, "invalid_field", "DELETE", "/v1/forget?namespace=a", `{"namespace":"b"}`)
	if a := s.do(200, "DELETE", "/v1/memories/"+two, ""); a.body["deleted"] != 1.0 {
		t.Errorf("by path: %s", a.text)
	}
	s.refused(404, "not_found", "DELETE", "/v1/memories/"+two, "")
}

func TestValuesByKey(t *testing.T) {
	s := open(t)
	if a := s.do(200, "POST", "/v1/memory-get", `{"key":"theme"}`); strings.TrimSpace(a.text) != `{"found":false}` {
		t.Errorf("before: %s", a.text)
	}
	first := s.do(200, "POST", "/v1/memory-set", `{"key":"theme","value":"dark","tags":["t"],"metadata":{"a":[1.50]}}`)
	if first.body["success"] != true || first.body["version"] != 1.0 || first.str("namespace") != "default" {
		t.Errorf("set: %s", first.text)
	}
	second := s.do(200, "POST", "/v1/memory-set", `{"key":"theme","value":{"b": 1, "a":[ 2 ]}}`)
	if second.str("id") != first.str("id") || second.body["version"] != 2.0 {
		t.Errorf("set again: %s", second.text)
	}
	got := s.do(200, "POST", "/v1/memory-get", `{"key":"theme"}`)
	if got.str("value") != `{"b":1,"a":[2]}` || got.body["found"] != true || got.str("key") != "theme" || !strings.Contains(got.text, `"metadata":{`) {
		t.Errorf("get: %s", got.text)
	}
	s.do(200, "POST", "/v1/memory-set", `{"key":"theme","value":"light","namespace":"other"}`)
	s.remember("light without a key")
	if a := s.do(200, "POST", "/v1/memory-list", `{"namespace":"default"}`); len(a.list("memories")) != 1 || a.list("memories")[0]["key"] != "theme" {
		t.Errorf("list: %s", a.text)
	}
	head := s.head()
	if a := s.do(200, "POST", "/v1/memory-search", `{"query":"light"}`); len(a.list("memories")) != 1 || a.list("memories")[0]["key"] != "theme" {
		t.Errorf("search: %s", a.text)
	}
	if s.head() != head+1 {
		t.Error("a search is told")
	}
	page := s.do(200, "POST", "/v1/memory-list", `{"limit":1}`)
	rest := s.do(200, "POST", "/v1/memory-list", `{"limit":1,"cursor":"`+page.str("next_cursor")+`"}`)
	if len(page.list("memories")) != 1 || len(rest.list("memories")) != 1 || page.list("memories")[0]["id"] == rest.list("memories")[0]["id"] {
		t.Errorf("pages: %s %s", page.text, rest.text)
	}
	for _, want := range []float64{1, 0} {
		if a := s.do(200, "POST", "/v1/memory-delete", `{"key":"theme"}`); a.body["deleted"] != want || a.body["success"] != true {
			t.Errorf("delete: %s", a.text)
		}
	}
	s.do(200, "POST", "/v1/memory-get", `{"key":"theme"}`)
	s.refused(400, "invalid_field", "POST", "/v1/memory-set", `{"key":"k","value":""}`)
	s.refused(400, "missing_field", "POST", "/v1/memory-set", `{"key":"k"}`)
	s.refused(400, "invalid_field", "POST", "/v1/memory-set", `{"key":"","value":"v"}`)
	s.refused(413, "payload_too_large", "POST", "/v1/memory-set", `{"key":"k","value":"`+strings.Repeat("v", 32_769)+`"}`)
	if a := s.do(200, "POST", "/v1/memory-set", `{"key":"nothing","value":null}`); a.body["success"] != true {
		t.Error(a.text)
	}
}

func TestQueriesAreRead(t *testing.T) {
	s := open(t)
	s.refused(400, "invalid_field", "DELETE", "/v1/forget?namespace=%ff", "")
	s.refused(400, "invalid_field", "DELETE", "/v1/forget?nmespace=a", "")
	s.refused(400, "invalid_field", "DELETE", "/v1/forget?a=%zz", "")
	s.refused(400, "invalid_field", "GET", "/v1/dead-letters?limit=ten", "")
	s.refused(400, "invalid_field", "GET", "/v1/dead-letters?limit=101", "")
	s.refused(400, "invalid_field", "GET", "/v1/dead-letters?since=yesterday", "")
	s.do(200, "GET", "/v1/dead-letters?since="+url.QueryEscape("2026-01-01T00:00:00+02:00"), "")
}
