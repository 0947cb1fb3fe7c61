package httpapi_test

import (
	"encoding/json"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/httpapi"
)

func autoCreate(c *httpapi.Config) { c.Settings.AutoCreate = true }

// instance makes a memory and returns its path.
func (s *service) instance(body string) string {
	s.tb.Helper()
	return "/api/memories/" + s.do(201, "POST", "/api/memories", body).str("id")
}

// The three examples, the list and the delete of the Areev page, as printed.
func TestAreevExamplesWorkAsPrinted(t *testing.T) {
	s := open(t, authOff, autoCreate)
	const hooks = "/api/memories/customer-support/hooks"
	printed := []struct{ body, want string }{
		{`{
  "name": "sync-to-warehouse",
  "delivery_mode": "webhook",
  "url": "https://example.com/hooks/areev",
  "event_filters": ["grain_created", "grain_superseded"],
  "generate_secret": true
}`, `"event_filters":["grain_created","grain_superseded"],"redaction_mode":"full"`},
		{`{
  "name": "audit-all-writes",
  "delivery_mode": "cdc",
  "event_filters": []
}`, `"delivery_mode":"cdc","event_filters":[]`},
		{`{
  "name": "external-sync",
  "delivery_mode": "webhook",
  "url": "https://partner.example.com/webhook",
  "redaction_mode": "metadata_only",
  "event_filters": ["grain_created"]
}`, `"redaction_mode":"metadata_only"`},
	}
	for i, p := range printed {
		a := s.do(201, "POST", hooks, p.body, "Authorization", "")
		if !strings.Contains(a.text, p.want) || !regexp.MustCompile(`^hook-[0-9A-Za-z]+$`).MatchString(a.str("id")) {
			t.Errorf("example %d: %s", i+1, a.text)
		}
		if secret := a.str("secret"); strings.HasPrefix(secret, "whsec_") != (i == 0) || a.body["has_secret"] != (i == 0) {
			t.Errorf("example %d: secret %q, has_secret %v", i+1, secret, a.body["has_secret"])
		}
	}
	list := s.do(200, "GET", hooks, "", "Authorization", "")
	if n := len(list.list("hooks")); n != 3 || strings.Contains(list.text, `"secret"`) || strings.Contains(list.text, "whsec_") {
		t.Errorf("the list: %s", list.text)
	}
	s.do(200, "DELETE", hooks+"/hook-abc123", "", "Authorization", "")
	s.do(200, "DELETE", hooks+"/"+list.list("hooks")[0]["id"].(string), "", "Authorization", "")
	if left := s.do(200, "GET", hooks, "", "Authorization", ""); len(left.list("hooks")) != 2 {
		t.Errorf("after the delete: %s", left.text)
	}
}

func TestAreevMemoryIDs(t *testing.T) {
	s := open(t)
	for _, c := range []struct{ body, id string }{
		{`{"id":"customer-support"}`, "customer-support"},
		{`{"name":"Customer Support"}`, "customer-support-2"},
		{`{"name":"Customer  support!"}`, "customer-support-3"},
		{`{"name":"Müller & Söhne"}`, "muller-sohne"},
		{`{"name":"記憶"}`, "memory"},
		{`{"name":"default"}`, "default-2"},
		{`{"name":"` + strings.Repeat("x", 70) + `"}`, strings.Repeat("x", 64)},
		{`{"name":"` + strings.Repeat("x", 70) + `"}`, strings.Repeat("x", 62) + "-2"},
	} {
		if a := s.do(201, "POST", "/api/memories", c.body); a.str("id") != c.id {
			t.Errorf("%s gave %q, want %q", c.body, a.str("id"), c.id)
		}
	}
	for _, body := range []string{`{"id":"Customer"}`, `{"id":""}`, `{"id":"-x"}`, `{"id":"a/b"}`, `{"id":"` + strings.Repeat("x", 65) + `"}`, `{"id":7}`, `{"name":"x","policies":[""]}`, `{"name":"x","polices":[]}`} {
		s.refused(400, "invalid_field", "POST", "/api/memories", body)
	}
	if a := s.refused(400, "invalid_field", "POST", "/api/memories", `{"id":"Customer"}`); !strings.Contains(a.text, "customer") {
		t.Errorf("no next step: %s", a.text)
	}
	s.refused(400, "missing_field", "POST", "/api/memories", `{}`)
	s.refused(400, "missing_field", "POST", "/api/memories", `{"description":"x"}`)
}

func TestAreevMemoriesAreShownChangedAndDeleted(t *testing.T) {
	s := open(t)
	at := s.instance(`{"name":"Support","description":"tickets","policies":["gdpr","gdpr"]}`)
	got := s.do(200, "GET", at, "")
	if got.str("name") != "Support" || got.str("description") != "tickets" || fmt.Sprint(got.body["policies"]) != "[gdpr]" {
		t.Errorf("made %s", got.text)
	}
	changed := s.do(200, "PATCH", at, `{"policies":[],"name":"Helpdesk"}`)
	if changed.str("name") != "Helpdesk" || changed.str("description") != "tickets" || !strings.Contains(changed.text, `"policies":[]`) {
		t.Errorf("changed %s", changed.text)
	}
	if changed = s.do(200, "PATCH", at, `{"description":null}`); changed.body["description"] != "" || changed.str("name") != "Helpdesk" {
		t.Errorf("null takes away: %s", changed.text)
	}
	s.do(200, "POST", at+"/add", `{"subject":"user","relation":"likes","object":"tea"}`)
	s.do(200, "POST", at+"/add", `{"grain_type":"event","content":"hello","namespace":"chat"}`)
	stats := s.do(200, "GET", at+"/stats", "")
	for _, want := range []string{`"total_grains":2`, `"belief":1`, `"event":1`, `"namespaces":["chat","default"]`, `"has_encryption":true`, `"has_policy":false`, `"disk_space_bytes":`} {
		if !strings.Contains(stats.text, want) {
			t.Errorf("no %s in %s", want, stats.text)
		}
	}
	first := s.do(200, "GET", "/api/memories?limit=1", "")
	second := s.do(200, "GET", "/api/memories?limit=1&cursor="+first.str("next_cursor"), "")
	if first.list("memories")[0]["id"] != "default" || second.list("memories")[0]["id"] != "support" || second.str("next_cursor") != "" {
		t.Errorf("pages %s and %s", first.text, second.text)
	}
	s.refused(409, "conflict", "DELETE", "/api/memories/default", "")
	hook := s.do(201, "POST", at+"/hooks", `{"name":"h","delivery_mode":"cdc"}`).str("id")
	s.refused(409, "conflict", "DELETE", at, "")
	s.do(200, "DELETE", at+"/hooks/"+hook, "")
	s.do(200, "DELETE", at, "")
	s.refused(404, "not_found", "GET", at, "")
	s.refused(404, "not_found", "DELETE", at, "")
}

func TestAreevUnknownMemoryIs404(t *testing.T) {
	s := open(t)
	const at = "/api/memories/nowhere"
	for _, r := range [][3]string{
		{"GET", "", ""}, {"PATCH", "", `{"name":"x"}`}, {"DELETE", "", ""}, {"GET", "/stats", ""}, {"POST", "/add", `{"grain_type":"event","content":"x"}`},
		{"POST", "/batch-add", `{"grains":[]}`}, {"POST", "/supersede", `{"blob_hash":"` + strings.Repeat("a", 64) + `"}`},
		{"POST", "/forget", `{"subject":"x"}`}, {"POST", "/recall", `{}`}, {"POST", "/keys/rotate", ""}, {"POST", "/detect-pii", `{"content":""}`},
		{"POST", "/hooks", `{"name":"h","delivery_mode":"cdc"}`}, {"GET", "/hooks", ""}, {"GET", "/hooks/h", ""}, {"DELETE", "/hooks/h", ""},
		{"GET", "/hooks/h/events", ""}, {"GET", "/hooks/h/snapshot", ""}, {"GET", "/dead-letters", ""}, {"POST", "/hooks/h/replay", `{"from_seq":1}`},
	} {
		s.refused(404, "not_found", r[0], at+r[1], r[2])
	}
	if a := s.refused(404, "not_found", "GET", "/api/memories/Default", ""); !strings.Contains(a.text, `\"default\"`) {
		t.Errorf("no next step: %s", a.text)
	}
}

// Only what writes or makes a hook makes a memory, and nothing that is refused.
func TestAreevAutoCreate(t *testing.T) {
	s := open(t, autoCreate)
	for _, r := range [][3]string{
		{"GET", "", ""}, {"POST", "/recall", `{}`}, {"POST", "/forget", `{"user_id":"u"}`}, {"DELETE", "/hooks/h", ""},
		{"POST", "/supersede", `{"blob_hash":"` + strings.Repeat("a", 64) + `","subject":"x"}`},
	} {
		s.refused(404, "not_found", r[0], "/api/memories/m1"+r[1], r[2])
	}
	for _, r := range [][2]string{
		{"/add", `{"grain_type":"nonsense"}`}, {"/add", `{}`}, {"/add", `{"grain_type":"event","content":"` + strings.Repeat("x", 110_000) + `"}`},
		{"/hooks", `{"name":"h","delivery_mode":"webhook"}`}, {"/hooks", `{"name":"h","delivery_mode":"cdc","secret":""}`},
		{"/hooks", `{"name":"h","delivery_mode":"webhook","url":"http://10.0.0.1/"}`}, {"/hooks", `{"name":"h","delivery_mode":"cdc","filter":{"nothing":["x"]}}`},
	} {
		if a := s.serve(request("POST", "/api/memories/m1"+r[0], r[1])); a.status < 400 || a.status == 404 || a.status > 422 {
			t.Errorf("%s %.100s: %d", r[0], r[1], a.status)
		}
		s.refused(404, "not_found", "GET", "/api/memories/m1", "")
	}
	s.refused(400, "invalid_field", "POST", "/api/memories/M1/add", `{"grain_type":"event","content":"x"}`)
	s.do(200, "POST", "/api/memories/m1/add", `{"grain_type":"event","content":"x"}`)
	s.do(200, "POST", "/api/memories/m2/batch-add", `{"grains":[{"grain_type":"event","fields":{"content":"x"}}]}`)
	s.do(201, "POST", "/api/memories/m3/hooks", `{"name":"h","delivery_mode":"cdc"}`)
	for _, id := range []string{"m1", "m2", "m3"} {
		s.do(200, "GET", "/api/memories/"+id, "")
	}
}

func TestAreevScopes(t *testing.T) {
	s := open(t)
	key := func(scopes string) string {
		return "Bearer " + s.do(201, "POST", "/v1/keys", `{"name":"k","scopes":[`+scopes+`]}`).str("key")
	}
	read, write := key(`"read"`), key(`"read","write"`)
	at := "/api/memories/default"
	for _, r := range [][3]string{{"GET", at, ""}, {"POST", at + "/recall", `{}`}, {"POST", at + "/detect-pii", `{"content":"x"}`}, {"GET", at + "/hooks", ""}} {
		s.do(200, r[0], r[1], r[2], "Authorization", read)
	}
	for _, r := range [][3]string{{"POST", at + "/add", `{"grain_type":"event","content":"x"}`}, {"POST", at + "/forget", `{"user_id":"u"}`}, {"DELETE", at + "/hooks/h", ""}} {
		s.refused(403, "scope_denied", r[0], r[1], r[2], "Authorization", read)
		s.do(200, r[0], r[1], r[2], "Authorization", write)
	}
	for _, r := range [][3]string{{"POST", "/api/memories", `{"name":"x"}`}, {"PATCH", at, `{"name":"x"}`}, {"POST", at + "/keys/rotate", ""}} {
		s.refused(403, "scope_denied", r[0], r[1], r[2], "Authorization", write)
	}
	s.refused(401, "auth_required", "GET", at, "", "Authorization", "")
}

// A memory of another tenant can't be told from one that is not there.
func TestAreevTenantsAreApart(t *testing.T) {
	s := open(t)
	at := s.instance(`{"id":"secret-plans"}`)
	hook := s.do(201, "POST", at+"/hooks", `{"name":"h","delivery_mode":"cdc"}`).str("id")
	other := "Bearer " + s.do(201, "POST", "/v1/keys", `{"name":"k","scopes":["admin"],"tenant":"other"}`).str("key")
	for _, path := range []string{"", "/stats", "/hooks", "/hooks/" + hook, "/hooks/" + hook + "/events", "/dead-letters"} {
		there := s.refused(404, "not_found", "GET", at+path, "", "Authorization", other)
		never := s.refused(404, "not_found", "GET", "/api/memories/no-such-plan"+path, "", "Authorization", other)
		if there.text != never.text {
			t.Errorf("%s: %s differs from %s", path, there.text, never.text)
		}
	}
	if list := s.do(200, "GET", "/api/memories", "", "Authorization", other); strings.Contains(list.text, "secret-plans") {
		t.Errorf("listed: %s", list.text)
	}
	if a := s.do(201, "POST", "/api/memories", `{"id":"secret-plans"}`, "Authorization", other); a.str("id") != "secret-plans" {
		t.Errorf("the other tenant got %q", a.str("id"))
	}
}

// The grains that anyone can check have the published addresses.
func TestAreevAddGivesThePublishedAddresses(t *testing.T) {
	raw, err := os.ReadFile("../memory/grain/testdata/grains.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			ID        string          `json:"id"`
			Type      string          `json:"grain_type"`
			Namespace string          `json:"namespace"`
			Input     json.RawMessage `json:"input"`
			Hash      string          `json:"hash"`
		}
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	s, taken := open(t), 0
	for _, v := range file.Vectors {
		if v.Namespace == "" || !strings.HasPrefix(string(v.Input), "{") {
			continue // the API has no grain without a namespace
		}
		inner := strings.TrimSuffix(strings.TrimPrefix(string(v.Input), "{"), "}")
		body := fmt.Sprintf(`{"grain_type":%q,%s}`, v.Type, inner)
		if !strings.Contains(inner, `"namespace"`) {
			body = fmt.Sprintf(`{"grain_type":%q,"namespace":%q,%s}`, v.Type, v.Namespace, inner)
		}
		a := s.serve(request("POST", "/api/memories/default/add", body))
		if a.status != 200 || a.str("blob_hash") != v.Hash || a.str("status") != "created" {
			t.Errorf("%s: status %d, hash %s, want %s: %.200s", v.ID, a.status, a.str("blob_hash"), v.Hash, a.text)
		}
		taken++
	}
	if taken < 30 {
		t.Errorf("only %d of %d vectors were taken", taken, len(file.Vectors))
	}
}
