package httpapi_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

const anyHook = `{"url":"https://example.com/in","events":["*"]}`

func TestWebhooksAreMadeShownAndDeleted(t *testing.T) {
	s := open(t)
	seed := s.do(201, "POST", "/v1/webhooks", `{"url":"https://your-app.com/webhooks/remlabs","events":["memory.created","memory.updated","memory.deleted"],"namespace":"my-project","secret":"your-webhook-secret"}`)
	if !strings.HasPrefix(seed.str("id"), "wh_") || strings.Contains(seed.text, "your-webhook-secret") || seed.body["active"] != true || seed.str("namespace") != "my-project" {
		t.Errorf("the guide's webhook: %s", seed.text)
	}
	made := s.do(201, "POST", "/v1/webhooks", anyHook)
	secret := made.str("secret")
	if !strings.HasPrefix(secret, "whsec_") || !strings.Contains(made.text, `"events":["memory.created","memory.updated","memory.deleted","memory.recalled"]`) || !strings.Contains(made.text, `"max_retries":3`) {
		t.Errorf("a generated secret is shown: %s", made.text)
	}
	list := s.do(200, "GET", "/v1/webhooks", "")
	if len(list.list("webhooks")) != 2 || strings.Contains(list.text, "secret") {
		t.Errorf("list: %s", list.text)
	}
	one := s.do(200, "GET", "/v1/webhooks/"+made.str("id"), "")
	if strings.Contains(one.text, "whsec_") {
		t.Errorf("one: %s", one.text)
	}
	s.do(200, "DELETE", "/v1/webhooks/"+made.str("id"), "")
	s.refused(404, "not_found", "GET", "/v1/webhooks/"+made.str("id"), "")
	s.refused(404, "not_found", "DELETE", "/v1/webhooks/"+made.str("id"), "")
}

func TestWebhooksAreRefused(t *testing.T) {
	s := open(t)
	for body, code := range map[string]string{
		`{"events":["*"]}`:                                                            "missing_field",
		`{"url":"https://example.com/"}`:                                              "missing_field",
		`{"url":"https://example.com/","events":[]}`:                                  "invalid_field",
		`{"url":"https://example.com/","events":null}`:                                "invalid_field",
		`{"url":"https://example.com/","events":["memory.exploded"]}`:                 "invalid_field",
		`{"url":"https://example.com/","events":["*"],"secret":""}`:                   "invalid_field",
		`{"url":"https://example.com/","events":["*"],"max_retries":21}`:              "invalid_field",
		`{"url":"https://example.com/","events":["*"],"filter":{"colour":["red"]}}`:   "invalid_field",
		`{"url":"https://example.com/","events":["*"],"redaction_mode":"some"}`:       "invalid_field",
		`{"url":"https://example.com/","events":["*"],"acknowledge_pii_risk":"true"}`: "invalid_field",
		`{"url":"ftp://example.com/","events":["*"]}`:                                 "invalid_field",
		`{"url":"https://user:pw@example.com/","events":["*"]}`:                       "invalid_field",
		`{"url":"http://169.254.169.254/","events":["*"]}`:                            "invalid_field",
		`{"url":"http://10.0.0.1/","events":["*"]}`:                                   "invalid_field",
	} {
		s.refused(400, code, "POST", "/v1/webhooks", body)
	}
	if a := s.do(200, "GET", "/v1/webhooks", ""); len(a.list("webhooks")) != 0 {
		t.Errorf("a refusal left %s", a.text)
	}
	if a := s.do(201, "POST", "/v1/webhooks", `{"url":"https://example.com/","events":["*"],"max_retries":0}`); a.body["max_retries"] != 0.0 {
		t.Errorf("no retries: %s", a.text)
	}
}

func TestWebhooksChange(t *testing.T) {
	s := open(t)
	id := s.do(201, "POST", "/v1/webhooks", `{"url":"https://example.com/","events":["memory.created"],"namespace":"a","filter":{"grain_type":["event"],"confidence":[{"numeric":[">",0.50]}]}}`).str("id")
	a := s.do(200, "PATCH", "/v1/webhooks/"+id, `{"description":"d"}`)
	if a.str("namespace") != "a" || a.str("description") != "d" || !strings.Contains(a.text, `"filter":{`) {
		t.Errorf("what is not given stays: %s", a.text)
	}
	a = s.do(200, "PATCH", "/v1/webhooks/"+id, `{"namespace":null,"filter":null,"description":null,"max_retries":0,"active":false}`)
	if a.body["namespace"] != nil || strings.Contains(a.text, "filter") || strings.Contains(a.text, "description") || a.str("state") != "paused" || a.body["active"] != false || a.body["max_retries"] != 0.0 {
		t.Errorf("null takes away: %s", a.text)
	}
	if a = s.do(200, "PATCH", "/v1/webhooks/"+id, `{"active":true,"resume":"latest","events":["*"]}`); a.str("state") != "active" {
		t.Errorf("resumed: %s", a.text)
	}
	s.refused(400, "invalid_field", "PATCH", "/v1/webhooks/"+id, `{"resume":"somewhere"}`)
	s.refused(400, "invalid_field", "PATCH", "/v1/webhooks/"+id, `{"namespace":7}`)
	s.refused(400, "invalid_field", "PATCH", "/v1/webhooks/"+id, `{"filter":[]}`)
}

func TestCOMPH1(t *testing.T) {
	s := open(t)
	id := s.do(201, "POST", "/v1/webhooks", anyHook).str("id")
	m := change.Memory{Tenant: "default", ID: store.DefaultID}
	i, err := s.cloud.Memories.Get(t.Context(), m)
	s.must(err)
	i.Policies, i.Version = []string{"gdpr"}, i.Version+1
	s.must(s.cloud.Memories.Put(t.Context(), i))
	s.refused(422, "COMP-H1", "POST", "/v1/webhooks", anyHook)
	s.do(201, "POST", "/v1/webhooks", `{"url":"https://example.com/","events":["*"],"redaction_mode":"metadata_only"}`)
	a := s.do(201, "POST", "/v1/webhooks", `{"url":"https://example.com/","events":["*"],"acknowledge_pii_risk":true}`)
	if !strings.Contains(a.text, `"key_id":"key_`) {
		t.Errorf("who acknowledged is kept: %s", a.text)
	}
	if a = s.do(200, "GET", "/v1/webhooks/"+id, ""); a.str("redaction_mode") != "full" || a.str("effective_redaction_mode") != "metadata_only" {
		t.Errorf("a policy that came later: %s", a.text)
	}
}

func TestSecretsRotate(t *testing.T) {
	s := open(t)
	id := s.do(201, "POST", "/v1/webhooks", anyHook).str("id")
	a := s.do(200, "POST", "/v1/webhooks/"+id+"/rotate-secret", "")
	if !strings.HasPrefix(a.str("secret"), "whsec_") || !instant.MatchString(a.str("previous_valid_until")) {
		t.Errorf("rotated: %s", a.text)
	}
	a = s.do(200, "POST", "/v1/webhooks/"+id+"/rotate-secret", `{"secret":"mine","overlap_seconds":0}`)
	if strings.Contains(a.text, "mine") || a.str("previous_valid_until") != "" {
		t.Errorf("the caller's own: %s", a.text)
	}
	s.refused(400, "invalid_field", "POST", "/v1/webhooks/"+id+"/rotate-secret", `{"secret":""}`)
	s.refused(400, "invalid_field", "POST", "/v1/webhooks/"+id+"/rotate-secret", `{"overlap_seconds":-1}`)
}

// receiver answers with a status that tests change and keeps what it got.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	status int
	got    chan *http.Request
	bodies chan string
}

func receive(tb testing.TB, status int) *receiver {
	r := &receiver{status: status, got: make(chan *http.Request, 100), bodies: make(chan string, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		w.WriteHeader(r.status)
		r.mu.Unlock()
		r.got <- req
		r.bodies <- string(body)
	}))
	tb.Cleanup(r.Close)
	return r
}

func (r *receiver) answer(status int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.status = status
}

func (r *receiver) hook(more string) string {
	return `{"url":"` + r.URL + `","events":["*"],"secret":"s3cret"` + more + `}`
}

func TestATestSendIsMarkedAndCountsNowhere(t *testing.T) {
	s, r := open(t), receive(t, 200)
	id := s.do(201, "POST", "/v1/webhooks", r.hook(`,"redaction_mode":"metadata_only"`)).str("id")
	a := s.do(200, "POST", "/v1/webhooks/"+id+"/test", "")
	if a.body["delivered"] != true || !strings.HasPrefix(a.str("event_id"), "evt_test_") || a.body["status"] != 200.0 {
		t.Errorf("test: %s", a.text)
	}
	if req := <-r.got; req.Header.Get("X-Memhooks-Test") != "true" {
		t.Error("it is marked")
	}
	if a = s.do(200, "GET", "/v1/webhooks/"+id+"/deliveries", ""); len(a.list("deliveries")) != 0 {
		t.Errorf("it counts: %s", a.text)
	}
	r.answer(503)
	if a = s.do(200, "POST", "/v1/webhooks/"+id+"/test", ""); a.body["delivered"] != false || a.body["status"] != 503.0 || a.str("error") == "" {
		t.Errorf("failed test: %s", a.text)
	}
}
