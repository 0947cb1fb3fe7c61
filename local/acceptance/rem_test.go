package acceptance_test

import (
	"context"
	"net/url"
	"testing"
)

// webhook makes a REM webhook, which goes with the test, and returns the answer.
func (c caller) webhook(t testing.TB, body object) object {
	t.Helper()
	made := c.call(t, "POST", "/v1/webhooks", body).want(t, 201)
	id, _ := made["id"].(string)
	t.Cleanup(func() { _, _ = c.try(context.Background(), "DELETE", "/v1/webhooks/"+id, nil) })
	return made
}

// listen makes a webhook for these events in one namespace, signed with
// "secret", and returns its id.
func (c caller) listen(t testing.TB, rx *receiver, namespace string, events ...any) string {
	t.Helper()
	return text(t, c.webhook(t, object{"url": rx.url, "events": events, "namespace": namespace, "secret": "secret"}), "id")
}

// remember stores a text and returns its mem_ id.
func (c caller) remember(t testing.TB, namespace, content string, tags ...any) string {
	t.Helper()
	body := object{"content": content, "namespace": namespace}
	if len(tags) > 0 {
		body["tags"] = tags
	}
	return text(t, c.call(t, "POST", "/v1/remember", body).want(t, 201), "id")
}

// set stores a value under a key and returns the answer.
func (c caller) set(t testing.TB, namespace, key string, value any) object {
	t.Helper()
	return c.call(t, "POST", "/v1/memory-set", object{"namespace": namespace, "key": key, "value": value}).want(t, 200)
}

// recall returns the hits of a query in a namespace.
func (c caller) recall(t testing.TB, namespace, query string) []object {
	t.Helper()
	found := c.call(t, "POST", "/v1/recall", object{"query": query, "namespace": namespace, "limit": 100}).want(t, 200)
	return objects(t, found, "memories")
}

// forget deletes a memory by its id and returns the answer.
func (c caller) forget(t testing.TB, id string) answer {
	t.Helper()
	return c.call(t, "DELETE", "/v1/forget?memory_id="+url.QueryEscape(id), nil)
}

// deliveries lists a webhook's deliveries, newest first.
func (c caller) deliveries(t testing.TB, hook string) []object {
	t.Helper()
	return objects(t, c.call(t, "GET", "/v1/webhooks/"+hook+"/deliveries", nil).want(t, 200), "deliveries")
}

// letters lists a webhook's dead letters.
func (c caller) letters(t testing.TB, hook string) []object {
	t.Helper()
	return objects(t, c.call(t, "GET", "/v1/dead-letters?hook="+hook, nil).want(t, 200), "dead_letters")
}

// text is a key's string.
func text(t testing.TB, o object, key string) string {
	t.Helper()
	s, ok := o[key].(string)
	if !ok {
		t.Fatalf("%s is %v, want a string, in %v", key, o[key], o)
	}
	return s
}

// objects is a key's array of objects.
func objects(t testing.TB, o object, key string) []object {
	t.Helper()
	all, ok := o[key].([]any)
	if !ok {
		t.Fatalf("%s is %v, want an array, in %v", key, o[key], o)
	}
	out := make([]object, len(all))
	for i, one := range all {
		if out[i], ok = one.(object); !ok {
			t.Fatalf("%s[%d] is %v, want an object", key, i, one)
		}
	}
	return out
}

// named returns a match for the event's name in the rem dialect.
func named(t testing.TB, event string) func(request) bool {
	return func(r request) bool { return r.json(t)["event"] == event }
}

// holding returns a match for an event whose data has this content.
func holding(t testing.TB, content string) func(request) bool {
	return func(r request) bool { return r.data(t)["content"] == content }
}
