package acceptance_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

// die makes a webhook whose receiver refuses one event until it is dead, and
// accepts what comes after. It returns the webhook, its receiver and the last
// attempt.
func (c caller) die(t testing.TB, namespace, content string) (hook string, rx *receiver, last request) {
	t.Helper()
	rx = receive(t, status(500), status(500), status(500), status(503), status(200))
	hook = c.listen(t, rx, namespace, "memory.created")
	c.remember(t, namespace, content, "tag")
	last = rx.exactly(t, exhausted)[exhausted-1]
	if ended := c.settled(t, hook, last); ended["status"] != "dead" {
		t.Fatalf("after %d failures the delivery is %v", exhausted, ended)
	}
	return hook, rx, last
}

func TestRow035DeadLetters(t *testing.T) {
	row(t, 35, "dead letters")
	c := tenant(t)
	hook, _, last := c.die(t, name("row-035"), "a text that never arrived")
	letters := c.letters(t, hook)
	if len(letters) != 1 {
		t.Fatalf("want one dead letter: %v", letters)
	}
	letter := letters[0]
	delivery := last.header.Get("X-Memhooks-Delivery")
	for key, want := range map[string]any{
		"id": delivery, "hook": hook, "event_id": last.header.Get("webhook-id"), "event": "memory.created",
		"attempts": float64(exhausted), "last_status": 503.0,
	} {
		if letter[key] != want {
			t.Errorf("%s is %v, want %v, in %v", key, letter[key], want, letter)
		}
	}
	whole := c.call(t, "GET", "/v1/dead-letters/"+delivery, nil)
	opened := whole.want(t, 200)
	var sent, kept any
	if err := json.Unmarshal(last.body, &sent); err != nil {
		t.Fatal(err)
	}
	switch body := opened["body"].(type) {
	case string:
		if body != string(last.body) {
			t.Errorf("the payload is %s, was %s", body, last.body)
		}
	default:
		kept = body
		if !equalJSON(t, kept, sent) {
			t.Errorf("the payload is %v, was %v", kept, sent)
		}
	}
	if text, _ := opened["last_error"].(string); !strings.Contains(text, "503") {
		t.Errorf("the last error is %v", opened["last_error"])
	}
	other := tenant(t)
	other.call(t, "GET", "/v1/dead-letters/"+delivery, nil).refused(t, 404, "not_found")
	if theirs := objects(t, other.call(t, "GET", "/v1/dead-letters", nil).want(t, 200), "dead_letters"); len(theirs) != 0 {
		t.Errorf("another tenant sees %v", theirs)
	}
	if bytes.Contains(whole.body, []byte(`"secret"`)) {
		t.Errorf("the secret is shown: %v", whole)
	}
}

func equalJSON(t testing.TB, a, b any) bool {
	t.Helper()
	x, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.Equal(x, y)
}

func TestRow036Redeliver(t *testing.T) {
	row(t, 36, "redeliver")
	c := tenant(t)
	ns := name("row-036")
	hook, rx, last := c.die(t, ns, "second chance")
	delivery := last.header.Get("X-Memhooks-Delivery")
	if a := c.call(t, "POST", "/v1/dead-letters/"+delivery+"/redrive", nil); a.status/100 != 2 {
		t.Fatalf("redrive: %v", a)
	}
	again := rx.exactly(t, exhausted+1)[exhausted]
	if !bytes.Equal(again.body, last.body) || again.header.Get("webhook-id") != last.header.Get("webhook-id") {
		t.Errorf("sent again as %s, was %s", again.body, last.body)
	}
	if again.header.Get("X-Memhooks-Delivery") == delivery || again.header.Get("X-REM-Signature") != signature("secret", again.body) {
		t.Errorf("headers of the second delivery: %v", again.header)
	}
	if done := c.settled(t, hook, again); done["status"] != "delivered" {
		t.Errorf("the second delivery is %v", done)
	}
	if letters := c.letters(t, hook); len(letters) != 0 {
		t.Errorf("still dead: %v", letters)
	}
	// What was delivered can be sent by hand as well.
	if a := c.call(t, "POST", "/v1/webhooks/"+hook+"/deliveries/"+again.header.Get("X-Memhooks-Delivery")+"/redeliver", nil); a.status/100 != 2 {
		t.Fatalf("redeliver: %v", a)
	}
	if third := rx.exactly(t, exhausted+2)[exhausted+1]; third.header.Get("webhook-id") != last.header.Get("webhook-id") {
		t.Errorf("redelivered %s", third.body)
	}
	c.call(t, "POST", "/v1/dead-letters/"+delivery+"x/redrive", nil).refused(t, 404, "not_found")
}

func TestRow036Discard(t *testing.T) {
	row(t, 36, "redeliver")
	c := tenant(t)
	ns := name("row-036-discard")
	hook, rx, last := c.die(t, ns, "no chance")
	delivery := last.header.Get("X-Memhooks-Delivery")
	if a := c.call(t, "DELETE", "/v1/dead-letters/"+delivery, nil); a.status/100 != 2 {
		t.Fatalf("discard: %v", a)
	}
	if letters := c.letters(t, hook); len(letters) != 0 {
		t.Errorf("discarded, and still there: %v", letters)
	}
	c.remember(t, ns, "fence")
	unbroken(t, last, rx.exactly(t, exhausted+1)[exhausted])
}
