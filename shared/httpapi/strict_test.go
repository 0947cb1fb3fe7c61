package httpapi_test

import (
	"strings"
	"testing"
)

// A hook tells what is in the memory: who may not read may not make one, nor
// turn one to a receiver of their own.
func TestAHookNeedsAKeyThatMayRead(t *testing.T) {
	s := open(t)
	scoped := func(scopes string) []string {
		made := s.do(201, "POST", "/v1/keys", `{"scopes":[`+scopes+`]}`)
		return []string{"Authorization", "Bearer " + made.str("key")}
	}
	writer, both := scoped(`"write"`), scoped(`"write","read"`)
	cdc := `{"name":"n","delivery_mode":"cdc"}`
	s.refused(403, "scope_denied", "POST", "/v1/webhooks", anyHook, writer...)
	s.refused(403, "scope_denied", "POST", "/api/memories/default/hooks", cdc, writer...)
	made := s.do(201, "POST", "/v1/webhooks", anyHook, both...)
	s.refused(403, "scope_denied", "PATCH", "/v1/webhooks/"+made.str("id"), `{"description":"mine"}`, writer...)
	s.do(200, "PATCH", "/v1/webhooks/"+made.str("id"), `{"description":"mine"}`, both...)
	if hooks := s.do(200, "GET", "/v1/webhooks", "").list("webhooks"); len(hooks) != 1 {
		t.Errorf("%d webhooks stand", len(hooks))
	}
}

func TestNoScopesAtAllIsRefused(t *testing.T) {
	open(t).refused(400, "invalid_field", "POST", "/v1/keys", `{"scopes":[]}`)
}

func TestACallThatTakesNoBodyRefusesOne(t *testing.T) {
	s := open(t)
	rotate := "/api/memories/default/keys/rotate"
	s.do(200, "POST", "/api/memories/default/add", `{"subject":"a","relation":"b","object":"c"}`)
	head := s.head()
	s.refused(400, "invalid_json", "POST", rotate, `{`)
	s.refused(400, "invalid_field", "POST", rotate, `[]`)
	s.refused(400, "invalid_field", "POST", rotate, `{"dry_run":true}`)
	if s.head() != head {
		t.Error("a refused rotation was done")
	}
	s.do(200, "POST", rotate, "")
	s.do(200, "POST", rotate, `{}`)
}

func TestARepetitionAfterAChangeIsTheFirstAnswer(t *testing.T) {
	s := open(t)
	first := s.do(201, "POST", "/v1/remember", `{"content":"v1"}`, key("a")...)
	s.do(200, "PATCH", "/v1/memories/"+first.str("id"), `{"content":"v2"}`)
	if again := s.do(201, "POST", "/v1/remember", `{"content":"v1"}`, key("a")...); again.text != first.text {
		t.Errorf("answered\n%sthen\n%s", first.text, again.text)
	}
	s.do(200, "DELETE", "/v1/memories/"+first.str("id"), "")
	if again := s.do(201, "POST", "/v1/remember", `{"content":"v1"}`, key("a")...); strings.Contains(again.text, "v1") {
		t.Errorf("a forgotten memory is told again: %s", again.text)
	}
}

func TestAWholeNumberIsAnInteger(t *testing.T) {
	s := open(t)
	at := "/v1/webhooks/" + s.do(201, "POST", "/v1/webhooks", anyHook).str("id")
	hooks := "/api/memories/default/hooks"
	for _, number := range []string{"7.0", "7e0", "0.7E1", "70.00e-1", "7"} {
		s.do(200, "PATCH", at, `{ "description":"max_retries 7.5", "max_retries": `+number+` }`)
		made := s.do(201, "POST", hooks, `{"name":"n","url":"https://example.com/","delivery_mode":"webhook","max_retries":`+number+`,"filter":{"confidence":[{"numeric":[">",0.50]}]}}`)
		if made.body["max_retries"] != 7.0 {
			t.Errorf("%s: %s", number, made.text)
		}
		s.do(200, "POST", "/v1/memory-list", `{"limit":`+number+`,"namespace":"1.0"}`)
	}
	for _, number := range []string{"7.5", "7e-1", "1e30", `"7"`, "true"} {
		if a := s.refused(400, "invalid_field", "PATCH", at, `{"max_retries":`+number+`}`); !strings.Contains(a.text, "max_retries") || !strings.Contains(a.text, "a whole number") && number != "1e30" {
			t.Errorf("%s: %s", number, a.text)
		}
	}
	add := s.do(200, "POST", "/api/memories/default/add", `{"subject":"a","relation":"b","object":"c","weight":1.0}`)
	if kept := s.do(200, "POST", "/api/memories/default/recall", `{"limit":1.0}`); !strings.Contains(kept.text, `"weight":1.0`) || !strings.Contains(kept.text, add.str("blob_hash")) {
		t.Errorf("a field that is only kept stays as it is written: %s", kept.text)
	}
}

// Null clears what a PATCH says it clears, and is refused for all else.
func TestAPatchClearsOrRefusesNull(t *testing.T) {
	s := open(t)
	for at, of := range map[string]struct {
		settable string // sent first
		cleared  []string
		refused  []string
	}{
		home: {`{"description":"d"}`, []string{"description"}, []string{"name", "policies"}},
		home + "/hooks/" + s.do(201, "POST", home+"/hooks", `{"name":"h","delivery_mode":"webhook","url":"https://example.com/"}`).str("id"): {
			`{"namespace":"n","filter":{"tags":["a"]},"description":"d"}`, []string{"namespace", "filter", "description"},
			[]string{"name", "delivery_mode", "url", "event_filters", "redaction_mode", "acknowledge_pii_risk", "max_retries", "active", "resume"},
		},
		"/v1/webhooks/" + s.do(201, "POST", "/v1/webhooks", anyHook).str("id"): {
			`{"namespace":"n","filter":{"tags":["a"]},"description":"d"}`, []string{"namespace", "filter", "description"},
			[]string{"url", "events", "redaction_mode", "acknowledge_pii_risk", "max_retries", "active", "resume"},
		},
		"/v1/memories/" + s.do(201, "POST", "/v1/remember", `{"content":"c"}`).str("id"): {`{"content":"d"}`, nil, []string{"content", "tags", "metadata"}},
	} {
		s.do(200, "PATCH", at, of.settable)
		for _, field := range of.refused {
			if a := s.refused(400, "invalid_field", "PATCH", at, `{"`+field+`":null}`); !strings.Contains(a.text, field+" can't be null") {
				t.Errorf("%s: %s", at, a.text)
			}
		}
		for _, field := range of.cleared {
			if a := s.do(200, "PATCH", at, `{"`+field+`":null}`); a.body[field] != nil && a.body[field] != "" {
				t.Errorf("%s: %s stays: %s", at, field, a.text)
			}
		}
		s.refused(400, "invalid_json", "PATCH", at, `{"name":null`)
	}
}
