package httpapi_test

import (
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// settled asks until that many deliveries of a hook have a status.
func (s *service) settled(id, status string, n int) []map[string]any {
	s.tb.Helper()
	for range 50_000 {
		a := s.do(200, "GET", "/v1/webhooks/"+id+"/deliveries?status="+status, "")
		if all := a.list("deliveries"); len(all) >= n {
			return all
		}
		runtime.Gosched()
	}
	s.tb.Fatalf("no %d deliveries of %s are %s", n, id, status)
	return nil
}

func (s *service) deadLetters(query string) []map[string]any {
	s.tb.Helper()
	return s.do(200, "GET", "/v1/dead-letters"+query, "").list("dead_letters")
}

func ids(of []map[string]any) []any {
	all := make([]any, len(of))
	for i := range of {
		all[i] = of[i]["id"]
	}
	return all
}

func TestDeadLettersAreShownAndSentAgain(t *testing.T) {
	s, r := open(t), receive(t, 500)
	s.deliver()
	id := s.do(201, "POST", "/v1/webhooks", r.hook(`,"max_retries":0`)).str("id")
	s.remember("the payload", `"tags":["a"]`)
	<-r.got
	s.settled(id, "dead", 1)
	all := s.deadLetters("")
	if len(all) != 1 {
		t.Fatalf("dead letters %v", all)
	}
	letter := all[0]
	body, _ := letter["body"].(map[string]any)
	if letter["hook"] != id || letter["event"] != "memory.created" || letter["attempts"] != 1.0 || letter["last_status"] != 500.0 || letter["event_id"] != body["id"] {
		t.Errorf("letter %v", letter)
	}
	if data, _ := body["data"].(map[string]any); data["content"] != "the payload" {
		t.Errorf("body %v", body)
	}
	path := "/v1/dead-letters/" + letter["id"].(string)
	one := s.do(200, "GET", path, "")
	if one.str("id") != letter["id"] || !strings.Contains(one.text, "the payload") {
		t.Errorf("one: %s", one.text)
	}
	trail := one.list("trail")
	if len(trail) != 1 || trail[0]["attempt"] != 1.0 || trail[0]["at"] != letter["last_attempt_at"] || trail[0]["status"] != 500.0 ||
		trail[0]["took_ms"] == nil || trail[0]["error"] != letter["last_error"] || letter["trail"] != nil {
		t.Errorf("its trail: %s", one.text)
	}
	for query, n := range map[string]int{"?hook=" + id: 1, "?since=2020-01-01T00:00:00Z": 1, "?since=2999-01-01T00:00:00Z": 0} {
		if got := s.deadLetters(query); len(got) != n {
			t.Errorf("%s: %d letters, want %d", query, len(got), n)
		}
	}
	s.refused(404, "not_found", "GET", "/v1/dead-letters?hook=wh_other", "")
	r.answer(http.StatusOK)
	again := s.do(200, "POST", path+"/redrive", "")
	if again.body["redriven"] != 1.0 {
		t.Errorf("redrive: %s", again.text)
	}
	if req := <-r.got; req.Header.Get("webhook-id") != letter["event_id"] || req.Header.Get("X-Memhooks-Delivery") == letter["id"] {
		t.Errorf("same event, new delivery: %v", req.Header)
	}
	s.settled(id, "delivered", 1)
	if got := s.deadLetters(""); len(got) != 0 {
		t.Errorf("it is one no longer: %v", got)
	}
	s.refused(404, "not_found", "POST", path+"/redrive", "")
	s.refused(404, "not_found", "GET", path, "")
	s.refused(404, "not_found", "GET", "/v1/dead-letters/nonsense", "")
}

func TestDeadLettersInBulkAndClosed(t *testing.T) {
	s, r := open(t), receive(t, 500)
	s.deliver()
	id := s.do(201, "POST", "/v1/webhooks", r.hook(`,"max_retries":0,"redaction_mode":"metadata_only"`)).str("id")
	for range 5 {
		s.remember("never shown")
	}
	for _, letter := range s.settled(id, "dead", 5) {
		if letter["status"] != "dead" {
			t.Errorf("letter %v", letter)
		}
	}
	page := s.do(200, "GET", "/v1/dead-letters?limit=2", "")
	if len(page.list("dead_letters")) != 2 || page.str("next_cursor") == "" || strings.Contains(page.text, "never shown") {
		t.Errorf("a page within the redaction: %s", page.text)
	}
	next := "?limit=2&cursor=" + page.str("next_cursor")
	if rest := s.deadLetters(next); len(rest) != 2 {
		t.Errorf("the second page: %v", rest)
	}
	for _, elsewhere := range []string{"/v1/dead-letters" + next + "&hook=" + id, "/v1/webhooks/" + id + "/deliveries" + next} {
		s.refused(400, "invalid_field", "GET", elsewhere, "")
	}
	first := page.list("dead_letters")[0]["id"].(string)
	s.do(200, "DELETE", "/v1/dead-letters/"+first, "")
	s.refused(404, "not_found", "DELETE", "/v1/dead-letters/"+first, "")
	if a := s.do(200, "POST", "/v1/dead-letters/redrive", `{"hook":"`+id+`","dry_run":true}`); a.body["matched"] != 4.0 || a.body["redriven"] != 0.0 ||
		!slices.Equal(a.body["deliveries"].([]any), ids(s.deadLetters(""))) {
		t.Errorf("dry run: %s", a.text)
	}
	if len(s.deadLetters("")) != 4 {
		t.Error("a dry run changed something")
	}
	for _, body := range []string{`{}`, `{"dry_run":true}`, `{"all":false}`} {
		if a := s.refused(400, "missing_field", "POST", "/v1/dead-letters/redrive", body); !strings.Contains(a.text, "hook, since or both") {
			t.Errorf("the refusal does not say what to send: %s", a.text)
		}
	}
	s.refused(400, "invalid_field", "POST", "/v1/dead-letters/redrive", `{"all":true,"hook":"`+id+`"}`)
	if len(s.deadLetters("")) != 4 {
		t.Error("a refusal changed something")
	}
	r.answer(200)
	if a := s.do(200, "POST", "/v1/dead-letters/redrive", `{"all":true}`); a.body["redriven"] != 4.0 {
		t.Errorf("bulk: %s", a.text)
	}
	done := s.settled(id, "delivered", 4)
	a := s.do(200, "POST", "/v1/webhooks/"+id+"/deliveries/"+done[0]["id"].(string)+"/redeliver", "")
	if a.body["redriven"] != 1.0 {
		t.Errorf("a delivered event by hand: %s", a.text)
	}
	s.refused(404, "not_found", "POST", "/v1/webhooks/"+id+"/deliveries/dlv_wh_other.1.0/redeliver", "")
}

func TestADeadLetterIsClosedWithAReason(t *testing.T) {
	s, r := open(t), receive(t, 500)
	s.deliver()
	id := s.do(201, "POST", "/v1/webhooks", r.hook(`,"max_retries":0`)).str("id")
	s.remember("a")
	s.remember("b")
	letters := s.settled(id, "dead", 2)
	newest, oldest := letters[0]["id"].(string), letters[1]["id"].(string)
	s.refused(400, "invalid_field", "DELETE", "/v1/dead-letters/"+newest+"?reason="+strings.Repeat("a", 201), "")
	s.do(200, "DELETE", "/v1/dead-letters/"+newest, "")
	s.do(200, "DELETE", home+"/dead-letters/"+oldest+"?reason=wrong+address", "")
	closed := s.settled(id, "discarded", 2)
	plain, told := closed[0]["reason"].(string), closed[1]["reason"].(string)
	if !strings.HasPrefix(plain, "closed by key_") || strings.Contains(plain, ":") || told != plain+": wrong address" {
		t.Errorf("closed: %q and %q", plain, told)
	}
}
