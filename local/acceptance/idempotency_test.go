package acceptance_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"testing"
)

func TestRow083IdempotencyKey(t *testing.T) {
	row(t, 83, "idempotency key")
	c := tenant(t)
	ns := name("row-083")
	rx := receive(t)
	c.webhook(t, object{"url": rx.url, "events": list{"*"}, "secret": "secret"})
	heard := 0
	for _, post := range []struct {
		path        string
		body, other object
		events      int
	}{
		{"/v1/remember", object{"content": "once", "namespace": ns}, object{"content": "other", "namespace": ns}, 1},
		{"/v1/memory-set", object{"key": "k", "value": "once", "namespace": ns}, object{"key": "k", "value": "other", "namespace": ns}, 1},
		{"/v1/recall", object{"query": "once", "namespace": ns}, object{"query": "other", "namespace": ns}, 1},
		{"/v1/memory-delete", object{"key": "k", "namespace": ns}, object{"key": "other", "namespace": ns}, 1},
		{"/v1/webhooks", object{"url": "https://your-app.com/", "events": list{"*"}, "namespace": "elsewhere"},
			object{"url": "https://your-app.com/", "events": list{"*"}}, 0},
		{"/api/memories", object{"name": "once"}, object{"name": "other"}, 0},
		{"/api/memories/default/add", belief("once"), belief("other"), 1},
		{"/api/memories/default/batch-add", object{"grains": list{object{"grain_type": "belief", "fields": belief("batch")}}},
			object{"grains": list{object{"grain_type": "belief", "fields": belief("other")}}}, 1},
		{"/api/memories/default/hooks", object{"name": "once", "delivery_mode": "cdc", "generate_secret": true},
			object{"name": "other", "delivery_mode": "cdc"}, 0},
	} {
		key := header("Idempotency-Key", name("key"))
		first := c.call(t, "POST", post.path, post.body, key)
		if first.status/100 != 2 {
			t.Fatalf("%v", first)
		}
		for range 2 {
			again := c.call(t, "POST", post.path, post.body, key)
			if again.status != first.status || !sameAnswer(t, first, again) {
				t.Errorf("%s\nfirst  %v\nagain  %v", post.path, first, again)
			}
		}
		c.call(t, "POST", post.path, post.other, key).refused(t, 409, "conflict")
		heard += post.events
		// The next write is a fence: had a repeat raised a change, it would
		// stand between the two.
		c.remember(t, ns, "fence")
		heard++
		rx.exactly(t, heard)
	}
	got, _ := rx.all()
	bySeq(t, got)
	for i, r := range got[1:] {
		unbroken(t, got[i], r)
	}
	other := tenant(t)
	key := header("Idempotency-Key", "one-key-of-two-tenants")
	body := object{"content": "whose", "namespace": ns}
	mine, theirs := c.call(t, "POST", "/v1/remember", body, key).want(t, 201), other.call(t, "POST", "/v1/remember", body, key).want(t, 201)
	if mine["id"] == theirs["id"] {
		t.Error("two tenants got one memory by the same key")
	}
}

// sameAnswer compares two answers but for how long they took to find.
func sameAnswer(t testing.TB, a, b answer) bool {
	t.Helper()
	x, y := a.json(t), b.json(t)
	delete(x, "query_time_ms")
	delete(y, "query_time_ms")
	return reflect.DeepEqual(x, y)
}

func TestRow083RawKeysAreShownOnce(t *testing.T) {
	row(t, 83, "idempotency key")
	c := tenant(t)
	key := header("Idempotency-Key", name("key"))
	body := object{"name": "once", "scopes": list{"read"}}
	first := c.call(t, "POST", "/v1/keys", body, key).want(t, 201)
	again := c.call(t, "POST", "/v1/keys", body, key)
	repeated := again.want(t, 201)
	if bytes.Contains(again.body, []byte(text(t, first, "key"))) || repeated["already_shown"] != true || repeated["id"] != first["id"] {
		t.Errorf("first %v, again %v", first, again)
	}
	c.as(text(t, first, "key")).call(t, "GET", "/v1/webhooks", nil).want(t, 200)
}

func TestRow083ErasedContentStaysAway(t *testing.T) {
	row(t, 83, "idempotency key")
	c := tenant(t)
	key := header("Idempotency-Key", name("key"))
	body := object{"content": "sentinel of an erased person", "user_id": "p1"}
	first := c.call(t, "POST", "/v1/remember", body, key).want(t, 201)
	c.call(t, "POST", "/api/memories/default/forget", object{"user_id": "p1"}).want(t, 200)
	again := c.call(t, "POST", "/v1/remember", body, key)
	if bytes.Contains(again.body, []byte("sentinel")) {
		t.Errorf("an erased content comes back: %v", again)
	}
	if again.status != 201 || again.json(t)["id"] != first["id"] {
		t.Errorf("first %v, again %v", first, again)
	}
}

func TestRow083Parallel(t *testing.T) {
	row(t, 83, "idempotency key")
	c := tenant(t)
	ns := name("row-083-parallel")
	rx := receive(t)
	c.listen(t, rx, ns, "*")
	key := header("Idempotency-Key", name("key"))
	once := object{"content": "once", "namespace": ns}
	const n = 40
	ids := make([]string, n)
	beside(t, n, func(i int) error {
		a, err := c.try(t.Context(), "POST", "/v1/remember", once, key)
		if err != nil || a.status == 409 { // the first one is still running
			return err
		}
		var made struct{ ID string }
		if err := json.Unmarshal(a.body, &made); err != nil || a.status != 201 {
			return fmt.Errorf("%v (%v)", a, err)
		}
		ids[i] = made.ID
		return nil
	})
	made := c.call(t, "POST", "/v1/remember", once, key).want(t, 201)
	for _, id := range ids {
		if id != "" && id != made["id"] {
			t.Fatalf("one key gave the memories %v and %v", ids, made["id"])
		}
	}
	c.remember(t, ns, "fence")
	got := bySeq(t, rx.exactly(t, 2))
	unbroken(t, got[0], got[1])
}

func TestRow083Restart(t *testing.T) {
	aside(t, 83, "idempotency key")
	stopping(t, 83)
	s := start(t, 83, settings{})
	key := header("Idempotency-Key", "before-and-after")
	body := object{"content": "once"}
	first := s.call(t, "POST", "/v1/remember", body, key)
	hook := object{"url": "https://your-app.com/", "events": list{"*"}}
	made := s.call(t, "POST", "/v1/webhooks", hook, key)
	made.refused(t, 409, "conflict") // one key, two bodies
	made = s.call(t, "POST", "/v1/webhooks", hook, header("Idempotency-Key", "hook"))
	s.kill()
	s.start(t)
	if again := s.call(t, "POST", "/v1/remember", body, key); again.status != 201 || !sameAnswer(t, first, again) {
		t.Errorf("before %v, after %v", first, again)
	}
	if again := s.call(t, "POST", "/v1/webhooks", hook, header("Idempotency-Key", "hook")); again.status != 201 || !sameAnswer(t, made, again) {
		t.Errorf("before %v, after %v", made, again)
	}
}
