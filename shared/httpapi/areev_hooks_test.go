package httpapi_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/hook"
)

const cdcHook = `{"name":"h","delivery_mode":"cdc"}`

// areevHook is a webhook's body; more is added to it.
func (r *receiver) areevHook(more string) string {
	return `{"name":"h","delivery_mode":"webhook","url":"` + r.URL + `"` + more + `}`
}

func TestAreevHooksShowTheirConfiguration(t *testing.T) {
	s := open(t)
	made := s.do(201, "POST", home+"/hooks", `{"name":"h","delivery_mode":"webhook","url":"https://example.com/in","event_filters":["crypto_erase","grain_created","crypto_erase"],
		"redaction_mode":"hash_only","secret":"mine","max_retries":0,"dialect":"standard","filter":{"tags":["urgent"],"confidence":[{"numeric":[">",0.50]}]},"description":"d","namespace":"n"}`)
	for _, want := range []string{
		`"name":"h","delivery_mode":"webhook","url":"https://example.com/in","event_filters":["crypto_erase","grain_created"],"redaction_mode":"hash_only","acknowledge_pii_risk":false,"max_retries":0,"dialect":"standard","namespace":"n"`,
		`"filter":{`, `"description":"d","state":"active","active":true,"has_secret":true,"created_at":"2026-04-13T10:3`, `"secret":"mine"`,
	} {
		if !strings.Contains(made.text, want) {
			t.Errorf("no %s in %s", want, made.text)
		}
	}
	if strings.Contains(made.text, "effective_redaction_mode") {
		t.Errorf("the redaction does not differ: %s", made.text)
	}
	least := s.do(201, "POST", home+"/hooks", `{"name":"h","delivery_mode":"cdc","url":null,"event_filters":null,"secret":null}`)
	if !strings.Contains(least.text, `"event_filters":[],"redaction_mode":"full","acknowledge_pii_risk":false,"max_retries":5,"dialect":"areev","state":"active"`) {
		t.Errorf("the defaults: %s", least.text)
	}
	one := s.do(200, "GET", home+"/hooks/"+made.str("id"), "")
	list := s.do(200, "GET", home+"/hooks", "")
	if strings.Contains(one.text+list.text, "mine") || strings.Contains(one.text+list.text, `"secret"`) || len(list.list("hooks")) != 2 {
		t.Errorf("shown: %s and %s", one.text, list.text)
	}
	again := s.do(201, "POST", home+"/hooks", `{"name":"g","delivery_mode":"cdc","generate_secret":true}`, "Idempotency-Key", "k")
	if told := s.do(201, "POST", home+"/hooks", `{"name":"g","delivery_mode":"cdc","generate_secret":true}`, "Idempotency-Key", "k"); told.text != again.text || !strings.HasPrefix(told.str("secret"), "whsec_") {
		t.Errorf("told again: %s after %s", told.text, again.text)
	}
}

func TestAreevHooksAreRefused(t *testing.T) {
	s := open(t)
	for body, code := range map[string]string{
		`{"delivery_mode":"cdc"}`: "missing_field", `{"name":"h"}`: "missing_field", `{"name":"h","delivery_mode":"webhook"}`: "missing_field",
		`{"name":"","delivery_mode":"cdc"}`: "invalid_field", `{"name":"h","delivery_mode":"push"}`: "invalid_field",
		`{"name":"h","delivery_mode":"cdc","url":"https://example.com/"}`:                   "invalid_field",
		`{"name":"h","delivery_mode":"cdc","event_filters":["memory.created"]}`:             "invalid_field",
		`{"name":"h","delivery_mode":"cdc","event_filters":"grain_created"}`:                "invalid_field",
		`{"name":"h","delivery_mode":"cdc","redaction_mode":"some"}`:                        "invalid_field",
		`{"name":"h","delivery_mode":"cdc","max_retries":21}`:                               "invalid_field",
		`{"name":"h","delivery_mode":"cdc","dialect":"x"}`:                                  "invalid_field",
		`{"name":"h","delivery_mode":"cdc","secret":""}`:                                    "invalid_field",
		`{"name":"h","delivery_mode":"cdc","filter":{"colour":["red"]}}`:                    "invalid_field",
		`{"name":"h","delivery_mode":"cdc","events":["grain_created"]}`:                     "invalid_field",
		`{"name":"h","delivery_mode":"cdc","acknowledge_pii_risk":"true"}`:                  "invalid_field",
		`{"name":"h","delivery_mode":"cdc","acknowledge_pii_risk":1}`:                       "invalid_field",
		`{"name":"h","delivery_mode":"webhook","url":"http://169.254.169.254/latest/meta"}`: "invalid_field",
		`{"name":"h","delivery_mode":"webhook","url":"https://a:b@example.com/"}`:           "invalid_field",
	} {
		s.refused(400, code, "POST", home+"/hooks", body)
	}
	if a := s.do(200, "GET", home+"/hooks", ""); len(a.list("hooks")) != 0 {
		t.Errorf("a refusal left %s", a.text)
	}
}

// A memory that has all the hooks it may says so, instead of missing the one
// that it did not make.
func TestAreevHooksAreLimited(t *testing.T) {
	s := open(t)
	for range hook.MaxHooks {
		s.do(201, "POST", home+"/hooks", cdcHook)
	}
	if a := s.refused(409, "conflict", "POST", home+"/hooks", cdcHook); !strings.Contains(a.text, "delete one") {
		t.Errorf("one more hook is told %s", a.text)
	}
}

func TestAreevCOMPH1(t *testing.T) {
	s := open(t)
	at := s.instance(`{"id":"clinic","policies":["hipaa"]}`)
	for _, more := range []string{``, `,"redaction_mode":"full"`, `,"acknowledge_pii_risk":false`} {
		s.refused(422, "COMP-H1", "POST", at+"/hooks", `{"name":"h","delivery_mode":"cdc"`+more+`}`)
	}
	if a := s.do(200, "GET", at+"/hooks", ""); len(a.list("hooks")) != 0 {
		t.Errorf("a refusal left %s", a.text)
	}
	s.do(201, "POST", at+"/hooks", `{"name":"h","delivery_mode":"cdc","redaction_mode":"hash_only"}`)
	tight := s.do(201, "POST", at+"/hooks", `{"name":"h","delivery_mode":"cdc","redaction_mode":"metadata_only"}`).str("id")
	ack := s.do(201, "POST", at+"/hooks", `{"name":"h","delivery_mode":"cdc","acknowledge_pii_risk":true}`)
	if !strings.Contains(ack.text, `"acknowledge_pii_risk":true,"pii_risk_acknowledged":{"at":"2026-`) || !strings.Contains(ack.text, `"key_id":"key_`) {
		t.Errorf("who acknowledged, and when: %s", ack.text)
	}
	s.refused(422, "COMP-H1", "PATCH", at+"/hooks/"+tight, `{"redaction_mode":"full"}`)
	s.do(200, "PATCH", at+"/hooks/"+tight, `{"redaction_mode":"full","acknowledge_pii_risk":true}`)
	s.refused(422, "COMP-H1", "PATCH", at+"/hooks/"+tight, `{"acknowledge_pii_risk":false}`)

	early := s.do(201, "POST", home+"/hooks", cdcHook).str("id")
	s.do(200, "PATCH", home, `{"policies":["gdpr"]}`)
	s.event("private", "")
	shown := s.do(200, "GET", home+"/hooks", "").list("hooks")[0]
	if shown["redaction_mode"] != "full" || shown["effective_redaction_mode"] != "metadata_only" {
		t.Errorf("a policy that came later: %v", shown)
	}
	if a := s.do(200, "GET", home+"/hooks/"+early+"/events", ""); strings.Contains(a.text, "private") || len(a.list("events")) != 1 {
		t.Errorf("delivered until acknowledged: %s", a.text)
	}
	if a := s.do(200, "PATCH", home+"/hooks/"+early, `{"acknowledge_pii_risk":true}`); strings.Contains(a.text, "effective") {
		t.Errorf("acknowledged: %s", a.text)
	}
	if a := s.do(200, "GET", home+"/hooks/"+early+"/events", ""); !strings.Contains(a.text, "private") {
		t.Errorf("after the acknowledgement: %s", a.text)
	}
}

func TestAreevHooksChange(t *testing.T) {
	s := open(t)
	at := home + "/hooks/" + s.do(201, "POST", home+"/hooks", `{"name":"h","delivery_mode":"webhook","url":"https://example.com/in","filter":{"tags":["a"]},"namespace":"n"}`).str("id")
	a := s.do(200, "PATCH", at, `{"description":"d","event_filters":["key_rotated"],"max_retries":1}`)
	if !strings.Contains(a.text, `"namespace":"n","filter":{"tags":["a"]},"description":"d"`) || a.body["max_retries"] != 1.0 {
		t.Errorf("what is not given stays: %s", a.text)
	}
	a = s.do(200, "PATCH", at, `{"namespace":null,"filter":null,"description":null,"event_filters":[],"active":false}`)
	if a.body["namespace"] != nil || a.body["filter"] != nil || a.str("description") != "" || a.str("state") != "paused" || a.body["active"] != false {
		t.Errorf("null takes away: %s", a.text)
	}
	if a = s.do(200, "PATCH", at, `{"active":true,"resume":"latest"}`); a.str("state") != "active" {
		t.Errorf("resumed: %s", a.text)
	}
	s.refused(409, "conflict", "PATCH", at, `{"delivery_mode":"cdc"}`)
	s.do(200, "PATCH", at, `{"delivery_mode":"webhook","url":"https://example.com/in"}`)
	polled := home + "/hooks/" + s.do(201, "POST", home+"/hooks", cdcHook).str("id")
	s.refused(409, "conflict", "POST", polled+"/test", "")
	s.refused(409, "conflict", "POST", polled+"/replay", `{"from_seq":1}`)
	for _, body := range []string{`{"resume":"latest"}`, `{"active":false,"resume":"latest"}`, `{"active":true,"resume":"x"}`, `{"dialect":"rem"}`, `{"secret":"x"}`, `{"url":"http://10.0.0.1/"}`, `{"name":""}`, `{"filter":[]}`} {
		s.refused(400, "invalid_field", "PATCH", at, body)
	}
	s.refused(404, "not_found", "PATCH", home+"/hooks/hook-none", `{}`)
}

func TestAreevDeliveriesAreSignedAndRotated(t *testing.T) {
	s, r := open(t), receive(t, 200)
	s.deliver()
	signed := s.do(201, "POST", home+"/hooks", r.areevHook(`,"generate_secret":true`))
	s.event("hello", "")
	req, body := <-r.got, <-r.bodies
	mac := hmac.New(sha256.New, []byte(signed.str("secret")))
	mac.Write([]byte(body))
	if got := req.Header.Get("X-Areev-Signature"); got != hex.EncodeToString(mac.Sum(nil)) {
		t.Errorf("signature %q", got)
	}
	a := s.do(200, "POST", home+"/hooks/"+signed.str("id")+"/rotate-secret", `{"secret":"new","overlap_seconds":0}`)
	s.do(200, "DELETE", home+"/hooks/"+signed.str("id"), "")
	if strings.Contains(a.text, `"new"`) {
		t.Errorf("the caller's own: %s", a.text)
	}
	s.do(201, "POST", home+"/hooks", r.areevHook(`,"redaction_mode":"metadata_only"`))
	s.event("again", "")
	req, body = <-r.got, <-r.bodies
	if _, there := req.Header["X-Areev-Signature"]; there || strings.Contains(body, "again") {
		t.Errorf("unsigned and redacted: %v %s", req.Header, body)
	}
}

func TestAreevDeletedHookGetsNothing(t *testing.T) {
	s, r := open(t), receive(t, 200)
	s.deliver()
	id := s.do(201, "POST", home+"/hooks", r.areevHook("")).str("id")
	stays := s.do(201, "POST", home+"/hooks", r.areevHook("")).str("id")
	s.do(200, "DELETE", home+"/hooks/"+id, "")
	s.do(200, "DELETE", home+"/hooks/"+id, "")
	s.event("x", "")
	if req := <-r.got; req.Header.Get("X-Memhooks-Hook") != stays {
		t.Errorf("a deleted hook got %v", req.Header)
	}
	s.refused(404, "not_found", "GET", home+"/hooks/"+id, "")
}

// waits asks until a hook's deliveries in a state are n.
func (s *service) waits(hook, status string, n float64) {
	s.tb.Helper()
	for range 50_000 {
		counts, _ := s.do(200, "GET", home+"/hooks/"+hook, "").body["deliveries"].(map[string]any)
		if counts[status] == n {
			return
		}
	}
	s.tb.Fatalf("hook %s never had %v deliveries %s", hook, n, status)
}

func TestAreevReplay(t *testing.T) {
	s, r := open(t), receive(t, 200)
	s.deliver()
	id := s.do(201, "POST", home+"/hooks", r.areevHook(`,"max_retries":0,"filter":{"tags":[{"anything-but":"no"}]}`)).str("id")
	at := home + "/hooks/" + id
	var times []string
	for i := range 6 {
		tag := "yes"
		if i == 2 {
			tag = "no"
		}
		times = append(times, s.clock.now().Format("2006-01-02T15:04:05.000Z"))
		s.event(fmt.Sprint("e", i), `,"tags":["`+tag+`"]`)
	}
	s.waits(id, "delivered", 5)
	for _, c := range []struct {
		body string
		want float64
	}{
		{`{"from_seq":1,"dry_run":true}`, 5}, {`{"from_seq":2,"to_seq":4,"dry_run":true}`, 2}, {`{"to_seq":2,"dry_run":true}`, 2}, {`{"from_seq":7,"dry_run":true}`, 0},
		{`{"from":"` + times[3] + `","dry_run":true}`, 3}, {`{"to":"` + times[1] + `","dry_run":true}`, 1}, {`{"from":"` + times[1] + `","to":"` + times[5] + `","dry_run":true}`, 3},
		{`{"from":"` + times[1] + `","to_seq":4,"dry_run":true}`, 2}, {`{"failed_since":"2020-01-01T00:00:00Z","dry_run":true}`, 0},
	} {
		if a := s.do(200, "POST", at+"/replay", c.body); a.body["matched"] != c.want || a.body["redriven"] != 0.0 || a.body["dry_run"] != true {
			t.Errorf("%s: %s", c.body, a.text)
		}
	}
	if a := s.do(200, "POST", at+"/replay", `{"from_seq":2,"to_seq":4,"dry_run":true}`); fmt.Sprint(a.body["deliveries"]) != fmt.Sprintf("[dlv_%s.2.0 dlv_%[1]s.4.0]", id) {
		t.Errorf("a dry run does not list what it counts: %s", a.text)
	}
	if a := s.do(200, "POST", at+"/replay", `{"from_seq":1,"to_seq":2}`); a.body["matched"] != 2.0 || a.body["redriven"] != 2.0 {
		t.Errorf("replayed %s", a.text)
	}
	for range 7 {
		<-r.got
	}
	for body, code := range map[string]string{
		`{}`: "missing_field", `{"dry_run":true}`: "missing_field", `{"from_seq":0}`: "invalid_field", `{"from_seq":3,"to_seq":2}`: "invalid_field",
		`{"from":"yesterday"}`: "invalid_field", `{"failed_since":"2020-01-01T00:00:00Z","from_seq":1}`: "invalid_field",
	} {
		s.refused(400, code, "POST", at+"/replay", body)
	}
}

func TestAreevDeadLetters(t *testing.T) {
	s, r := open(t), receive(t, 500)
	s.deliver()
	id := s.do(201, "POST", home+"/hooks", r.areevHook(`,"max_retries":0`)).str("id")
	for i := range 3 {
		s.event(fmt.Sprint("lost ", i), "")
	}
	s.waits(id, "dead", 3)
	all := s.do(200, "GET", home+"/dead-letters?hook="+id, "").list("dead_letters")
	if len(all) != 3 || all[0]["hook"] != id || all[0]["event"] != "grain_created" || all[0]["last_status"] != 500.0 {
		t.Fatalf("dead letters %v", all)
	}
	if got := s.do(200, "GET", home+"/hooks/"+id+"/deliveries?status=dead", "").list("deliveries"); len(got) != 3 {
		t.Errorf("deliveries %v", got)
	}
	path := home + "/dead-letters/" + all[0]["id"].(string)
	s.do(200, "GET", path, "")
	s.do(200, "DELETE", path, "")
	if a := s.do(200, "POST", home+"/dead-letters/redrive", `{"hook":"`+id+`","dry_run":true}`); a.body["matched"] != 2.0 {
		t.Errorf("dry run %s", a.text)
	}
	r.answer(http.StatusOK)
	if a := s.do(200, "POST", home+"/dead-letters/"+all[1]["id"].(string)+"/redrive", ""); a.body["redriven"] != 1.0 {
		t.Errorf("redriven %s", a.text)
	}
	s.waits(id, "delivered", 1)
	if a := s.do(200, "POST", home+"/hooks/"+id+"/replay", `{"failed_since":"2020-01-01T00:00:00Z"}`); a.body["redriven"] != 1.0 {
		t.Errorf("all that failed: %s", a.text)
	}
	s.waits(id, "delivered", 2)
	done := s.do(200, "GET", home+"/hooks/"+id+"/deliveries?status=delivered", "").list("deliveries")[0]["id"].(string)
	if a := s.do(200, "POST", home+"/hooks/"+id+"/deliveries/"+done+"/redeliver", ""); a.body["redriven"] != 1.0 {
		t.Errorf("redelivered %s", a.text)
	}
	s.refused(404, "not_found", "POST", home+"/hooks/"+id+"/deliveries/dlv_"+id+".99.0/redeliver", "")
	if a := s.do(200, "POST", home+"/hooks/"+id+"/test", ""); a.body["delivered"] != true {
		t.Errorf("tested %s", a.text)
	}
}
