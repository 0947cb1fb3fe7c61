package acceptance_test

import (
	"bytes"
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

// The three requests of the Areev documentation, as they stand there.
const (
	firstExample = `{
  "name": "sync-to-warehouse",
  "delivery_mode": "webhook",
  "url": "https://example.com/hooks/areev",
  "event_filters": ["grain_created", "grain_superseded"],
  "generate_secret": true
}`
	secondExample = `{
  "name": "audit-all-writes",
  "delivery_mode": "cdc",
  "event_filters": []
}`
	thirdExample = `{
  "name": "external-sync",
  "delivery_mode": "webhook",
  "url": "https://partner.example.com/webhook",
  "redaction_mode": "metadata_only",
  "event_filters": ["grain_created"]
}`
)

// example posts one of them to a memory of the row's own, and removes the hook
// at the end.
func (m instance) example(t testing.TB, body string) object {
	t.Helper()
	made := m.post(t, "/hooks", body).want(t, 201)
	id := text(t, made, "id")
	if !strings.HasPrefix(id, "hook-") {
		t.Errorf("id %q", id)
	}
	m.call(t, "GET", m.path("/hooks/"+id), nil).want(t, 200)
	t.Cleanup(func() { _, _ = m.try(context.Background(), "DELETE", m.path("/hooks/"+id), nil) })
	return made
}

func TestRow052CreateWebhookHook(t *testing.T) {
	row(t, 52, "create webhook hook")
	m := shared(t).room(t, "customer-support") // made by the hook itself, where memories are
	made := m.example(t, firstExample)
	holdsAll(t, made, object{
		"name": "sync-to-warehouse", "delivery_mode": "webhook", "url": "https://example.com/hooks/areev",
		"event_filters": list{"grain_created", "grain_superseded"}, "redaction_mode": "full", "max_retries": 5,
		"dialect": "areev", "state": "active", "has_secret": true,
	})
	if secret := text(t, made, "secret"); !strings.HasPrefix(secret, "whsec_") || len(secret) != 50 {
		t.Errorf("a generated secret is whsec_ and Base64 of 32 bytes, not %q", secret)
	}
	second := m.example(t, firstExample) // a name may be taken twice
	if second["id"] == made["id"] || second["secret"] == made["secret"] {
		t.Error("two hooks share an id or a secret")
	}

	// The same hook, posting where it can be seen.
	rx := receive(t)
	own := m.hook(t, object{
		"name": "x", "delivery_mode": "webhook", "url": rx.url,
		"event_filters": list{"grain_created", "grain_superseded"}, "generate_secret": true,
	})
	hash := m.add(t, belief("ann"))
	m.supersede(t, hash, belief("ann", object{"object": "milk"}))
	for i, r := range rx.exactly(t, 2) {
		holdsAll(t, r.json(t), object{"event_type": []string{"grain_created", "grain_superseded"}[i]})
		if got := r.header.Get("X-Areev-Signature"); got != signature(text(t, own, "secret"), r.body) {
			t.Errorf("signature %q", got)
		}
	}
}

func TestRow052HookSettingsChecked(t *testing.T) {
	row(t, 52, "create webhook hook")
	m := shared(t).fresh(t)
	for _, bad := range []object{
		{},
		{"delivery_mode": "webhook", "url": "https://example.com/"},
		{"name": "x", "url": "https://example.com/"},
		{"name": "x", "delivery_mode": "webhook"},
		{"name": "x", "delivery_mode": "webhook", "url": ""},
		{"name": "x", "delivery_mode": "mail", "url": "https://example.com/"},
		{"name": "x", "delivery_mode": "webhook", "url": "ftp://example.com/"},
		{"name": "x", "delivery_mode": "webhook", "url": "https://user:pass@example.com/"},
		{"name": "x", "delivery_mode": "webhook", "url": "example.com"},
		{"name": "x", "delivery_mode": "webhook", "url": "https://example.com/", "secret": ""},
		{"name": "x", "delivery_mode": "webhook", "url": "https://example.com/", "redaction_mode": "none"},
		{"name": "x", "delivery_mode": "webhook", "url": "https://example.com/", "dialect": "latin"},
		{"name": "x", "delivery_mode": "webhook", "url": "https://example.com/", "generate_secret": "yes"},
		{"name": "x", "delivery_mode": "cdc", "event_filters": "grain_created"},
	} {
		m.post(t, "/hooks", bad).refused(t, 400, "")
	}
	if hooks := objects(t, m.get(t, "/hooks").want(t, 200), "hooks"); len(hooks) != 0 {
		t.Errorf("a refused hook is there: %v", hooks)
	}
}

func TestRow053CreateCDCHook(t *testing.T) {
	row(t, 53, "create cdc hook")
	m := shared(t).room(t, "customer-support")
	made := m.example(t, secondExample)
	holdsAll(t, made, object{
		"name": "audit-all-writes", "delivery_mode": "cdc", "event_filters": list{}, "redaction_mode": "full",
		"dialect": "areev", "state": "active", "has_secret": false,
	})
	if made["secret"] != nil || made["url"] != nil && made["url"] != "" {
		t.Errorf("a hook that is polled has no secret and no url: %v", made)
	}
	hash := m.add(t, belief("ann"))
	m.drop(t, object{"blob_hash": hash})
	if got := kinds(t, m.log(t, text(t, made, "id"), 2)); got != "grain_created grain_forgotten" {
		t.Errorf("events %s", got)
	}
	bare := m.hook(t, object{"name": "x", "delivery_mode": "cdc"})
	holdsAll(t, bare, object{"event_filters": list{}})
	m.log(t, text(t, bare, "id"), 0) // it sees what comes after it
}

func TestRow054ThirdExample(t *testing.T) {
	row(t, 54, "third seed example")
	m := shared(t).room(t, "customer-support")
	made := m.example(t, thirdExample)
	holdsAll(t, made, object{
		"name": "external-sync", "redaction_mode": "metadata_only", "event_filters": list{"grain_created"}, "has_secret": false,
	})
	if _, has := made["secret"]; has {
		t.Errorf("a secret that nobody asked for: %v", made)
	}
	rx := receive(t)
	m.push(t, rx, object{"redaction_mode": "metadata_only", "event_filters": list{"grain_created"}})
	hash := m.add(t, belief("ann", object{"user_id": "u-ann", "tags": list{"x"}}))
	rx.wait(t, 1) // built later than it is forgotten, it would be marked so
	m.drop(t, object{"blob_hash": hash})
	next := m.add(t, belief("bob"))
	got := rx.exactly(t, 2)
	unbroken(t, got[0], got[1])
	for i, r := range got {
		exactKeys(t, r.json(t), "event_type timestamp_ms hash grain_type namespace")
		holdsAll(t, r.json(t), object{"event_type": "grain_created", "hash": []string{hash, next}[i]})
		for _, signed := range []string{"X-Areev-Signature", "X-REM-Signature", "webhook-signature"} {
			if values := r.header.Values(signed); len(values) != 0 {
				t.Errorf("%s: %v on an unsigned delivery", signed, values)
			}
		}
	}
}

func TestRow055ListHooks(t *testing.T) {
	row(t, 55, "list hooks")
	m := shared(t).fresh(t)
	rx := receive(t)
	configured := object{
		"name": "everything set", "delivery_mode": "webhook", "url": rx.url, "event_filters": list{"grain_created", "key_rotated"},
		"redaction_mode": "hash_only", "secret": "a caller's own secret", "max_retries": 7, "description": "what it is for",
		"filter": object{"namespace": list{"n"}},
	}
	first := m.hook(t, configured)
	second := m.hook(t, object{"name": "generated", "delivery_mode": "webhook", "url": rx.url, "generate_secret": true})
	m.feed(t)
	if first["secret"] != nil && first["secret"] != configured["secret"] {
		t.Errorf("another secret than was given: %v", first["secret"])
	}
	listed := m.get(t, "/hooks")
	hooks := objects(t, listed.want(t, 200), "hooks")
	if len(hooks) != 3 {
		t.Fatalf("%d hooks, want 3: %v", len(hooks), listed)
	}
	secret := configured["secret"].(string)
	delete(configured, "secret")
	for _, shown := range []object{hooks[0], m.get(t, "/hooks/"+text(t, first, "id")).want(t, 200)} {
		holdsAll(t, shown, configured)
		holdsAll(t, shown, object{"id": first["id"], "has_secret": true, "state": "active", "dialect": "areev"})
		text(t, shown, "created_at")
	}
	holdsAll(t, hooks[2], object{"delivery_mode": "cdc", "has_secret": false, "event_filters": list{}})
	m.get(t, "/hooks/hook-abc123").refused(t, 404, "not_found")
	for _, path := range []string{"/hooks", "/hooks/" + text(t, first, "id"), "/hooks/" + text(t, second, "id"), "/hooks/" + text(t, second, "id") + "/deliveries", "", "/stats"} {
		a := m.get(t, path)
		for _, hidden := range []string{secret, text(t, second, "secret"), strings.TrimPrefix(text(t, second, "secret"), "whsec_"), `"secret"`} {
			if bytes.Contains(a.body, []byte(hidden)) {
				t.Errorf("a secret is shown: %v", a)
			}
		}
	}
	patched := m.call(t, "PATCH", m.path("/hooks/"+text(t, first, "id")), object{"max_retries": 2, "description": "other"})
	holdsAll(t, patched.want(t, 200), object{"max_retries": 2, "description": "other", "redaction_mode": "hash_only"})
	if bytes.Contains(patched.body, []byte(secret)) {
		t.Errorf("a secret is shown: %v", patched)
	}
}

func TestRow056DeleteHook(t *testing.T) {
	row(t, 56, "delete hook")
	m := shared(t).fresh(t)
	for range 2 {
		m.call(t, "DELETE", m.path("/hooks/hook-abc123"), nil).want(t, 200)
	}
	refusing := receive(t, status(500))
	deaf := m.push(t, refusing, object{"max_retries": 20})
	taking := receive(t)
	plain := m.push(t, taking)
	// This one fails four times first, so that its success comes later than
	// the deleted hook's next attempts would have.
	var open atomic.Bool
	fence := receive(t, status(500), status(500), status(500), status(500), func(w http.ResponseWriter, _ *http.Request) {
		open.Store(true)
		w.WriteHeader(200)
	})
	m.add(t, belief("ann"))
	refusing.wait(t, 2)
	taking.wait(t, 1)
	for _, hook := range []string{deaf, plain, deaf} {
		m.call(t, "DELETE", m.path("/hooks/"+hook), nil).want(t, 200)
		m.get(t, "/hooks/"+hook).refused(t, 404, "not_found")
	}
	at, _ := refusing.all()
	m.push(t, fence)
	m.add(t, belief("bob"))
	fence.exactly(t, 5)
	if !open.Load() {
		t.Fatal("the fence did not open")
	}
	if got, _ := refusing.all(); len(got) > len(at)+1 { // one may have been under way
		t.Errorf("%d attempts after the deletion", len(got)-len(at))
	}
	taking.exactly(t, 1)
	m.get(t, "/hooks/"+deaf+"/deliveries").refused(t, 404, "not_found")
	if letters := objects(t, m.get(t, "/dead-letters").want(t, 200), "dead_letters"); len(letters) != 0 {
		t.Errorf("a deleted hook left %v", letters)
	}
}

func TestRow062Filters(t *testing.T) {
	row(t, 62, "filters")
	m := shared(t).fresh(t)
	five := []string{"grain_created", "grain_superseded", "grain_forgotten", "crypto_erase", "key_rotated"}
	feeds := map[string]string{"": m.feed(t, object{"event_filters": list{}}), "absent": m.feed(t)}
	for _, kind := range five {
		feeds[kind] = m.feed(t, object{"event_filters": list{kind}})
	}
	feeds["pair"] = m.feed(t, object{"event_filters": list{"grain_created", "key_rotated", "grain_created"}})
	before := len(objects(t, m.get(t, "/hooks").want(t, 200), "hooks"))
	for _, unknown := range []any{"grain_deleted", "memory.created", "GRAIN_CREATED", "*", "", 5, nil} {
		m.post(t, "/hooks", object{"name": "x", "delivery_mode": "cdc", "event_filters": list{"grain_created", unknown}}).refused(t, 400, "")
	}
	if after := len(objects(t, m.get(t, "/hooks").want(t, 200), "hooks")); after != before {
		t.Errorf("%d hooks after the refusals, %d before", after, before)
	}

	hash := m.add(t, belief("ann", object{"user_id": "ann"}))
	hash = m.supersede(t, hash, belief("ann", object{"object": "milk"}))
	m.drop(t, object{"blob_hash": hash})
	m.add(t, belief("ann", object{"user_id": "ann"}))
	m.drop(t, object{"user_id": "ann"})
	m.post(t, "/keys/rotate", nil).want(t, 200)
	whole := "grain_created grain_superseded grain_forgotten grain_created crypto_erase key_rotated"
	for which, want := range map[string]string{
		"": whole, "absent": whole, "pair": "grain_created grain_created key_rotated", "grain_created": "grain_created grain_created",
		"grain_superseded": "grain_superseded", "grain_forgotten": "grain_forgotten", "crypto_erase": "crypto_erase", "key_rotated": "key_rotated",
	} {
		if got := kinds(t, m.log(t, feeds[which], len(strings.Fields(want)))); got != want {
			t.Errorf("filter %q gives %s, want %s", which, got, want)
		}
	}
}
