package acceptance_test

import (
	"bytes"
	"fmt"
	"net/http"
	"reflect"
	"regexp"
	"testing"
)

var (
	webhookID       = regexp.MustCompile(`^wh_[0-9A-Za-z]+$`)
	generatedSecret = regexp.MustCompile(`^whsec_[A-Za-z0-9+/]{43}=$`)
)

func TestRow015RegisterWebhook(t *testing.T) {
	row(t, 15, "register webhook")
	c := tenant(t)
	guide := c.webhook(t, object{
		"url":       "https://your-app.com/webhooks/remlabs",
		"events":    list{"memory.created", "memory.updated", "memory.deleted"},
		"namespace": "my-project",
		"secret":    "your-webhook-secret",
	})
	if !webhookID.MatchString(text(t, guide, "id")) || guide["active"] != true || guide["namespace"] != "my-project" ||
		guide["url"] != "https://your-app.com/webhooks/remlabs" || !answerTime.MatchString(text(t, guide, "created_at")) ||
		!reflect.DeepEqual(guide["events"], list{"memory.created", "memory.updated", "memory.deleted"}) {
		t.Errorf("got %v", guide)
	}
	if echoed, ok := guide["secret"]; ok {
		t.Errorf("the caller's own secret is echoed: %v", echoed)
	}
	made := c.webhook(t, object{"url": "https://your-app.com/other", "events": list{"*"}})
	if !generatedSecret.MatchString(text(t, made, "secret")) {
		t.Errorf("generated secret %v", made["secret"])
	}
	another := c.webhook(t, object{"url": "https://your-app.com/other", "events": list{"*"}})
	if another["secret"] == made["secret"] || another["id"] == made["id"] {
		t.Error("two webhooks have one secret or id")
	}
	for _, bad := range []struct {
		body object
		code string
	}{
		{object{"events": list{"*"}}, "missing_field"},
		{object{"url": "https://your-app.com/"}, "missing_field"},
		{object{"url": "https://your-app.com/", "events": list{"*"}, "secret": ""}, "invalid_field"},
		{object{"url": "https://your-app.com/", "events": list{}}, ""},
		{object{"url": "https://your-app.com/", "events": "*"}, "invalid_field"},
		{object{"url": "your-app.com/hook", "events": list{"*"}}, "invalid_field"},
		{object{"url": "https://me:pass@your-app.com/", "events": list{"*"}}, "invalid_field"},
		{object{"url": "ftp://your-app.com/", "events": list{"*"}}, "invalid_field"},
		{object{"url": "https://your-app.com/", "events": list{"*"}, "max_retries": 21}, "invalid_field"},
		{object{"url": "https://your-app.com/", "events": list{"*"}, "max_retries": -1}, "invalid_field"},
	} {
		c.call(t, "POST", "/v1/webhooks", bad.body).refused(t, 400, bad.code)
	}
	if all := webhooks(t, c); len(all) != 3 {
		t.Errorf("%d webhooks, want the 3 that were accepted: %v", len(all), all)
	}
}

func TestRow016EventValidation(t *testing.T) {
	row(t, 16, "event validation")
	c := tenant(t)
	at := func(events ...any) object { return object{"url": "https://your-app.com/", "events": events} }
	for _, wrong := range [][]any{
		{"memory.exploded"}, {"memory.created", "memory.exploded"}, {"Memory.Created"}, {"grain_created"}, {""}, {"memory.*"}, {5}, {"memory.created "},
	} {
		c.call(t, "POST", "/v1/webhooks", at(wrong...)).refused(t, 400, "invalid_field")
	}
	if all := webhooks(t, c); len(all) != 0 {
		t.Errorf("a refused webhook is there: %v", all)
	}
	c.webhook(t, at("*"))
	c.webhook(t, at("memory.created", "memory.updated", "memory.deleted", "memory.recalled"))
	id := text(t, c.webhook(t, at("memory.recalled")), "id")
	c.call(t, "PATCH", "/v1/webhooks/"+id, object{"events": list{"memory.exploded"}}).refused(t, 400, "invalid_field")
	if kept := c.call(t, "GET", "/v1/webhooks/"+id, nil).want(t, 200); !reflect.DeepEqual(kept["events"], list{"memory.recalled"}) {
		t.Errorf("a refused PATCH changed %v", kept)
	}
}

func TestRow017ListWebhooks(t *testing.T) {
	row(t, 17, "list webhooks")
	mine, theirs := tenant(t), tenant(t)
	const secret = "a-secret-that-never-comes-back"
	body := object{"url": "https://your-app.com/", "events": list{"*"}, "secret": secret}
	id := text(t, mine.webhook(t, body), "id")
	generated := text(t, mine.webhook(t, object{"url": "https://your-app.com/", "events": list{"*"}}), "secret")
	other := text(t, theirs.webhook(t, body), "id")
	listed := mine.call(t, "GET", "/v1/webhooks", nil)
	if all := webhooks(t, mine); len(all) != 2 {
		t.Errorf("want my two: %v", all)
	}
	for _, one := range webhooks(t, mine) {
		if one["id"] == other {
			t.Errorf("a webhook of another tenant is listed: %v", one)
		}
	}
	patched := mine.call(t, "PATCH", "/v1/webhooks/"+id, object{"description": "patched"})
	for _, a := range []answer{listed, mine.call(t, "GET", "/v1/webhooks/"+id, nil), patched} {
		a.want(t, 200)
		if bytes.Contains(a.body, []byte(secret)) || bytes.Contains(a.body, []byte(generated)) || bytes.Contains(a.body, []byte("whsec_")) {
			t.Errorf("a secret is shown: %v", a)
		}
	}
	theirs.call(t, "GET", "/v1/webhooks/"+id, nil).refused(t, 404, "not_found")
	theirs.call(t, "PATCH", "/v1/webhooks/"+id, object{"active": false}).refused(t, 404, "not_found")
	theirs.call(t, "DELETE", "/v1/webhooks/"+id, nil)
	theirs.call(t, "GET", "/v1/webhooks/"+id+"/deliveries", nil).refused(t, 404, "not_found")
	if kept := mine.call(t, "GET", "/v1/webhooks/"+id, nil).want(t, 200); kept["active"] != true || kept["description"] != "patched" {
		t.Errorf("another tenant changed it: %v", kept)
	}
}

func TestRow018DeleteWebhook(t *testing.T) {
	row(t, 18, "delete webhook")
	c := shared(t)
	ns := name("row-018")
	deleted := make(chan struct{})
	doomed := receive(t, func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-deleted:
		case <-r.Context().Done():
		}
		w.WriteHeader(http.StatusInternalServerError)
	})
	// Its answer comes after three retries, later than the first of the other
	// webhook's would.
	witness := receive(t, status(500), status(500), status(500), status(200))
	id := c.listen(t, doomed, ns, "memory.created")
	c.remember(t, ns, "in flight while the webhook is deleted")
	doomed.exactly(t, 1)
	if a := c.call(t, "DELETE", "/v1/webhooks/"+id, nil); a.status/100 != 2 {
		t.Fatalf("delete: %v", a)
	}
	c.call(t, "GET", "/v1/webhooks/"+id, nil).refused(t, 404, "not_found")
	c.listen(t, witness, ns, "memory.created")
	close(deleted)
	c.remember(t, ns, "after the webhook was deleted")
	witness.exactly(t, 4)
	if got, _ := doomed.all(); len(got) != 1 {
		t.Errorf("after it was deleted the webhook heard %s", bodies(got[1:]))
	}
	for _, one := range webhooks(t, c) {
		if one["id"] == id {
			t.Errorf("the deleted webhook is listed: %v", one)
		}
	}
}

func TestRow019PayloadShape(t *testing.T) {
	row(t, 19, "payload shape")
	c := shared(t)
	ns := name("row-019")
	rx := receive(t)
	c.listen(t, rx, ns, "*")
	id := c.remember(t, ns, "We decided to use Redis for caching", "architecture", "caching")
	created := rx.exactly(t, 1)[0]
	event := created.json(t)
	at, made := text(t, event, "timestamp"), text(t, created.data(t), "created_at")
	want := fmt.Sprintf(`{"id":"%s","event":"memory.created","timestamp":"%s","data":{"memory_id":"%s",`+
		`"content":"We decided to use Redis for caching","namespace":"%s","tags":["architecture","caching"],"created_at":"%s"}}`,
		created.header.Get("webhook-id"), at, id, ns, made)
	if string(created.body) != want {
		t.Errorf("got  %s\nwant %s", created.body, want)
	}
	c.call(t, "PATCH", "/v1/memories/"+id, object{"content": "Valkey"}).want(t, 200)
	rx.exactly(t, 2) // built later than it is forgotten, it would go out without content
	c.recall(t, ns, "Valkey")
	rx.exactly(t, 3)
	c.forget(t, id).want(t, 200)
	for _, r := range rx.exactly(t, 4) {
		event, data := r.json(t), r.data(t)
		for _, moment := range []any{event["timestamp"], data["created_at"], data["updated_at"], data["deleted_at"]} {
			if moment != nil && !eventTime.MatchString(fmt.Sprint(moment)) {
				t.Errorf("time %v in %s", moment, r.body)
			}
		}
		if want := remShapes[text(t, event, "event")]; !regexp.MustCompile(want).Match(r.body) {
			t.Errorf("got %s\nwant %s", r.body, want)
		}
	}
}

// remShapes are the bodies of the rem dialect, keys in their order.
var remShapes = map[string]string{
	"memory.created":  `^{"id":"[^"]*","event":"[^"]*","timestamp":"[^"]*","data":{"memory_id":"[^"]*","content":"[^"]*","namespace":"[^"]*","tags":\[[^]]*\],"created_at":"[^"]*"}}$`,
	"memory.updated":  `^{"id":"[^"]*","event":"[^"]*","timestamp":"[^"]*","data":{"memory_id":"[^"]*","content":"[^"]*","namespace":"[^"]*","tags":\[[^]]*\],"created_at":"[^"]*","updated_at":"[^"]*"}}$`,
	"memory.deleted":  `^{"id":"[^"]*","event":"[^"]*","timestamp":"[^"]*","data":{"memory_id":"[^"]*","namespace":"[^"]*","tags":\[[^]]*\],"created_at":"[^"]*","deleted_at":"[^"]*"}}$`,
	"memory.recalled": `^{"id":"[^"]*","event":"[^"]*","timestamp":"[^"]*","data":{"query":"[^"]*","namespace":"[^"]*","memory_ids":\["[^"]*"\],"total":1}}$`,
}

func TestRow020IDShape(t *testing.T) {
	row(t, 20, "id shape")
	c := shared(t)
	ns := name("row-020")
	rx := receive(t)
	c.listen(t, rx, ns, "memory.created")
	const n = 200
	beside(t, n, func(int) error {
		a, err := c.try(t.Context(), "POST", "/v1/remember", object{"content": "the same text", "namespace": ns})
		if err == nil && a.status != 201 {
			err = fmt.Errorf("%v", a)
		}
		return err
	})
	events, memories := map[string]bool{}, map[string]bool{}
	eventID := regexp.MustCompile(`^evt_[0-9A-Za-z]+$`)
	for _, r := range rx.exactly(t, n) {
		id, memory := text(t, r.json(t), "id"), text(t, r.data(t), "memory_id")
		if !eventID.MatchString(id) || !memoryID.MatchString(memory) || id != r.header.Get("webhook-id") {
			t.Errorf("event %s of %s, webhook-id %s", id, memory, r.header.Get("webhook-id"))
		}
		events[id], memories[memory] = true, true
	}
	if len(events) != n || len(memories) != n {
		t.Errorf("%d writes of one text: %d event ids, %d memory ids", n, len(events), len(memories))
	}
}

func TestRow022SignatureForm(t *testing.T) {
	row(t, 22, "signature form")
	c := shared(t)
	ns := name("row-022")
	form := regexp.MustCompile(`^[0-9a-f]{64}$`)
	for _, secret := range []string{"your-webhook-secret", "pässwörd 🔑", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", " x "} {
		rx := receive(t, status(500), status(200))
		hook := text(t, c.webhook(t, object{"url": rx.url, "events": list{"*"}, "namespace": ns, "secret": secret}), "id")
		id := c.remember(t, ns, "signed 🖋 \"text\" </script>")
		rx.exactly(t, 2)
		c.call(t, "PATCH", "/v1/memories/"+id, object{"content": "other text"}).want(t, 200)
		rx.exactly(t, 3)
		c.recall(t, ns, "other")
		c.forget(t, id).want(t, 200)
		for _, r := range rx.exactly(t, 5) {
			signatures := r.header.Values("X-REM-Signature")
			if len(signatures) != 1 || !form.MatchString(signatures[0]) || signatures[0] != signature(secret, r.body) {
				t.Errorf("secret %q: signatures %q, want one, %s", secret, signatures, signature(secret, r.body))
			}
			if r.header.Values("X-Areev-Signature") != nil {
				t.Error("a request of the rem dialect carries X-Areev-Signature")
			}
		}
		c.call(t, "DELETE", "/v1/webhooks/"+hook, nil)
	}
}

func TestRow024ContentType(t *testing.T) {
	row(t, 24, "Content-Type")
	c := shared(t)
	ns := name("row-024")
	rx := receive(t)
	c.listen(t, rx, ns, "*")
	c.remember(t, ns, "plain")
	c.recall(t, ns, "plain")
	for _, r := range rx.exactly(t, 2) {
		if r.method != "POST" || r.path != "/hook" {
			t.Errorf("%s %s", r.method, r.path)
		}
		if kinds := r.header.Values("Content-Type"); !reflect.DeepEqual(kinds, []string{"application/json"}) {
			t.Errorf("Content-Type %q", kinds)
		}
		if r.number(t, "Content-Length") != len(r.body) || r.header.Get("Content-Encoding") != "" || r.header.Get("Transfer-Encoding") != "" {
			t.Errorf("a body of %d bytes with headers %v", len(r.body), r.header)
		}
		if agent := r.header.Get("User-Agent"); !regexp.MustCompile(`^memhooks/\S+$`).MatchString(agent) {
			t.Errorf("User-Agent %q", agent)
		}
	}
}

// webhooks is the list of a caller's webhooks.
func webhooks(t testing.TB, c caller) []object {
	t.Helper()
	return objects(t, c.call(t, "GET", "/v1/webhooks", nil).want(t, 200), "webhooks")
}
