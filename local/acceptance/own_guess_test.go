package acceptance_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// owned are the ids of what one tenant has, by the beginning of the path that
// takes them, else by the name in the path.
type owned map[string]string

// own fills a tenant's memory `default`, and one beside it, with one of each
// thing that has an id.
func own(t *testing.T, c caller) owned {
	t.Helper()
	m := c.memory("default")
	rx := receive(t, status(500))
	hook := m.push(t, rx, object{"max_retries": 0})
	feed := m.feed(t)
	m.call(t, "PUT", m.path("/hooks/"+feed+"/consumers/reader"), nil).want(t, 200)
	webhook := text(t, c.webhook(t, object{"url": rx.url, "events": list{"*"}, "max_retries": 0}), "id")
	hash := m.add(t, belief("owned", object{"user_id": "owned"}))
	id := c.remember(t, "default", "owned")
	rx.wait(t, 4)
	eventually(t, "dead letters", func() bool { return len(m.letters(t, hook)) == 2 && len(c.letters(t, webhook)) == 2 })
	m.drop(t, object{"user_id": "owned"})
	erasures := objects(t, m.get(t, "/erasures").want(t, 200), "erasures")
	key := text(t, c.call(t, "POST", "/v1/keys", object{"scopes": list{"read"}}).want(t, 201), "id")
	return owned{
		"/v1/memories/": id, "/v1/webhooks/": webhook, "/v1/keys/": key, "{memory}": c.fresh(t).id, "{hook}": hook,
		"{delivery}": text(t, m.letters(t, hook)[0], "id"), "{event}": text(t, erasures[0], "event_id"), "{name}": "reader", "{consumer}": "reader",
		"/grains/": hash, "/events/": text(t, erasures[0], "event_id"),
	}
}

// id is what stands for a name in a path.
func (o owned) id(t *testing.T, path, name string) string {
	t.Helper()
	before, _, _ := strings.Cut(path, name)
	for prefix, id := range o {
		if !strings.HasPrefix(prefix, "{") && (before == prefix || strings.HasPrefix(prefix, "/v1/") == strings.HasPrefix(before, "/v1/") && strings.HasSuffix(before, prefix)) {
			return id
		}
	}
	if strings.HasPrefix(path, "/api/") && before == "/api/memories/" {
		name = "{memory}"
	}
	if o[name] == "" {
		t.Fatalf("no id for %s in %s", name, path)
	}
	return o[name]
}

// twin is an id of the same form that nobody has.
func twin(id string) string {
	last := "0"
	if strings.HasSuffix(id, last) {
		last = "1"
	}
	return id[:len(id)-1] + last
}

// TestTenantsCannotGuess walks every route that takes an id: what another
// tenant has is answered like what nobody has.
func TestTenantsCannotGuess(t *testing.T) {
	if deployed() {
		t.Skip("needs settings of its own; on a laptop: go test ./local/acceptance -run TestTenantsCannotGuess")
	}
	t.Parallel()
	s := start(t, 75, settings{"MEMHOOKS_AUTH": "on", "MEMHOOKS_AUTO_CREATE": "off", "MEMHOOKS_HOLD_AFTER": "1000"})
	victim, thief := s.tenant(t), s.tenant(t)
	things := own(t, victim)
	tried := 0
	operations(t, thief.description(t), func(method, path string, op object) {
		names := placeholder.FindAllString(path, -1)
		if len(names) == 0 {
			return
		}
		body, _ := op["requestBody"].(object)
		content, _ := body["content"].(object)
		media, _ := content["application/json"].(object)
		bodies := append(slices.DeleteFunc(examplesOf(media), func(v any) bool { return v == nil }), nil)
		for _, memory := range []string{"", "default"} {
			foreign, unknown := path, path
			words := []string{}
			for i, name := range names {
				id := things.id(t, path, name)
				other := twin(id)
				if i == 0 && memory != "" && strings.HasPrefix(path, "/api/memories/") {
					id, other = memory, memory
				}
				words = append(words, id, "ID", other, "ID")
				foreign, unknown = strings.Replace(foreign, name, id, 1), strings.Replace(unknown, name, other, 1)
			}
			if foreign == unknown {
				continue // its own memory
			}
			for _, example := range bodies {
				tried++
				a, b := thief.call(t, method, foreign, example), thief.call(t, method, unknown, example)
				same := strings.NewReplacer(words...)
				if a.status != b.status || same.Replace(string(a.body)) != same.Replace(string(b.body)) {
					t.Errorf("what another tenant has is answered differently from what nobody has:\n  %v\n  %v", a, b)
				}
			}
		}
	})
	if tried < 60 {
		t.Errorf("only %d calls", tried)
	}
	things.untouched(t, victim)
}

// untouched checks that the victim still has what it had.
func (o owned) untouched(t *testing.T, c caller) {
	t.Helper()
	m := c.memory("default")
	for _, path := range []string{
		"/v1/memories/" + o["/v1/memories/"], "/v1/webhooks/" + o["/v1/webhooks/"], "/api/memories/" + o["{memory}"],
		m.path("/hooks/" + o["{hook}"]), m.path("/dead-letters/" + o["{delivery}"]), m.path("/erasures/" + o["{event}"]),
	} {
		if a := c.call(t, "GET", path, nil); a.status != 200 {
			t.Errorf("after another tenant's guesses: %v", a)
		}
	}
	keys, err := json.Marshal(c.call(t, "GET", "/v1/keys", nil).want(t, 200))
	if err != nil || !bytes.Contains(keys, []byte(o["/v1/keys/"])) {
		t.Errorf("the key is gone: %s %v", keys, err)
	}
}
