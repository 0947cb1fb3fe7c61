package acceptance_test

import (
	"bytes"
	"strings"
	"testing"
)

func TestRow042CreateMemory(t *testing.T) {
	row(t, 42, "create memory")
	c := shared(t)
	id := name("row-042")
	made := c.call(t, "POST", "/api/memories", object{"id": id, "name": "Given", "description": "first", "policies": list{"gdpr"}}).want(t, 201)
	holdsAll(t, made, object{"id": id, "name": "Given", "description": "first", "policies": list{"gdpr"}})

	title := name("Row 042: Customer Support!")
	slug := text(t, c.call(t, "POST", "/api/memories", object{"name": title}).want(t, 201), "id")
	if want := strings.NewReplacer(" ", "-", ":", "", "!", "").Replace(strings.ToLower(title)); slug != want {
		t.Errorf("slug of %q is %q, want %q", title, slug, want)
	}
	seen := map[string]bool{slug: true}
	for range 3 {
		next := text(t, c.call(t, "POST", "/api/memories", object{"name": title}).want(t, 201), "id")
		if seen[next] || !strings.HasPrefix(next, slug) {
			t.Errorf("a clash of %q became %q", slug, next)
		}
		seen[next] = true
	}
	second := text(t, c.call(t, "POST", "/api/memories", object{"id": id, "description": "second"}).want(t, 201), "id")
	if second == id || !strings.HasPrefix(second, id) {
		t.Errorf("a clash of the given id %q became %q", id, second)
	}
	holdsAll(t, c.call(t, "GET", "/api/memories/"+id, nil).want(t, 200), object{"description": "first"})

	for _, bad := range []object{{}, {"description": "x"}, {"id": ""}, {"id": "a/b"}, {"id": "a b"}, {"id": 5}, {"name": "x", "policies": "gdpr"}, {"id": strings.Repeat("x", 5000)}} {
		c.call(t, "POST", "/api/memories", bad).refused(t, 400, "")
	}
}

func TestRow043ListAndStats(t *testing.T) {
	row(t, 43, "list/stat memories")
	c := tenant(t)
	m := c.fresh(t)
	other := c.fresh(t, "hipaa")
	known := map[string]object{}
	for _, one := range objects(t, c.call(t, "GET", "/api/memories", nil).want(t, 200), "memories") {
		known[text(t, one, "id")] = one
	}
	for _, id := range []string{"default", m.id, other.id} {
		one := known[id]
		if one == nil {
			t.Fatalf("%s is not in the list %v", id, known)
		}
		text(t, one, "created_at")
		if _, ok := one["policies"].(list); !ok {
			t.Errorf("policies of %v", one)
		}
	}
	holdsAll(t, known[other.id], object{"policies": list{"hipaa"}})

	m.add(t, belief("ann"))
	first := m.add(t, belief("bob", object{"namespace": "second"}))
	m.supersede(t, first, belief("bob", object{"object": "coffee"}))
	m.add(t, object{"grain_type": "event", "content": "something happened"})
	gone := m.add(t, object{"grain_type": "goal", "description": "forget me"})
	m.drop(t, object{"blob_hash": gone})
	stats := m.get(t, "/stats").want(t, 200)
	exactKeys(t, stats, "total_grains type_counts namespaces disk_space_bytes has_encryption has_policy")
	holdsAll(t, stats, object{
		"total_grains": 3, "type_counts": object{"belief": 2, "event": 1}, "namespaces": list{"default", "second"},
		"has_encryption": true, "has_policy": false,
	})
	if size, ok := stats["disk_space_bytes"].(float64); !ok || size <= 0 {
		t.Errorf("disk_space_bytes is %v", stats["disk_space_bytes"])
	}
	holdsAll(t, other.get(t, "/stats").want(t, 200), object{"total_grains": 0, "has_policy": true})

	changed := c.call(t, "PATCH", m.path(""), object{"description": "changed", "policies": list{"ccpa"}}).want(t, 200)
	holdsAll(t, changed, object{"id": m.id, "description": "changed", "policies": list{"ccpa"}})
	holdsAll(t, m.get(t, "/stats").want(t, 200), object{"has_policy": true})
}

func TestRow043DeleteMemory(t *testing.T) {
	row(t, 43, "list/stat memories")
	c := tenant(t)
	m := c.fresh(t)
	hook := m.feed(t)
	m.add(t, belief("ann"))
	m.log(t, hook, 1)
	c.call(t, "DELETE", m.path(""), nil).refused(t, 409, "conflict")
	if len(m.all(t, hook)) != 1 || len(m.find(t, object{"subject": "ann"})) != 1 {
		t.Error("a refused deletion changed the memory")
	}
	c.call(t, "DELETE", m.path("/hooks/"+hook), nil).want(t, 200)
	if a := c.call(t, "DELETE", m.path(""), nil); a.status/100 != 2 {
		t.Fatalf("delete a memory without hooks: %v", a)
	}
	m.get(t, "").refused(t, 404, "not_found")
	c.memory("default").add(t, belief("ann"))
	if a := c.call(t, "DELETE", "/api/memories/default", nil); a.status/100 != 4 {
		t.Errorf("the default memory can't be deleted: %v", a)
	}
	if len(c.memory("default").find(t, object{"subject": "ann"})) != 1 {
		t.Error("the refused deletion took what the default memory holds")
	}
}

func TestRow075MemoryIsolation(t *testing.T) {
	row(t, 75, "memory isolation")
	c := tenant(t)
	a, b, foreign := c.fresh(t), c.fresh(t), tenant(t)
	rx := receive(t)
	hook := a.push(t, rx)
	feed, other := a.feed(t), b.feed(t)
	elsewhere := foreign.memory(a.id) // the same name in another tenant
	foreign.call(t, "POST", "/api/memories", object{"id": a.id}).want(t, 201)

	first := a.add(t, belief("ann"))
	b.add(t, belief("bob", object{"object": "of the other memory"}))
	elsewhere.add(t, belief("eve", object{"object": "of the other tenant"}))
	last := a.add(t, belief("cat"))
	got := bySeq(t, rx.wait(t, 2))
	unbroken(t, got[0], got[1])
	for i, want := range []string{first, last} {
		holdsAll(t, got[i].json(t), object{"hash": want})
	}
	log := a.log(t, feed, 2)
	if log[0].Seq != 1 || log[1].Seq != 2 {
		t.Errorf("writes to other memories took numbers of this one's log: %d, %d", log[0].Seq, log[1].Seq)
	}
	b.log(t, other, 1)

	if len(b.find(t, object{"subject": "ann"})) != 0 || len(elsewhere.find(t, object{"subject": "ann"})) != 0 {
		t.Error("recall sees another memory's grains")
	}
	for _, wrong := range []instance{b, elsewhere} {
		wrong.get(t, "/hooks/"+hook).refused(t, 404, "not_found")
		wrong.get(t, "/hooks/"+feed+"/events").refused(t, 404, "not_found")
		wrong.call(t, "PATCH", wrong.path("/hooks/"+hook), object{"active": false}).refused(t, 404, "not_found")
		wrong.post(t, "/hooks/"+hook+"/test", object{}).refused(t, 404, "not_found")
		wrong.call(t, "DELETE", wrong.path("/hooks/"+hook), nil).want(t, 200) // never says whether it exists
		if n := wrong.drop(t, object{"blob_hash": first})["deleted"]; n != 0.0 {
			t.Errorf("another memory's grain was forgotten: %v", n)
		}
		if listed := wrong.get(t, "/hooks"); bytes.Contains(listed.body, []byte(hook)) {
			t.Errorf("another memory's hook is listed: %v", listed)
		}
	}
	holdsAll(t, a.get(t, "/hooks/"+hook).want(t, 200), object{"state": "active"})
	if len(a.find(t, object{"subject": "ann"})) != 1 {
		t.Error("the grain is gone")
	}
	cursor := a.page(t, feed, "after=earliest&limit=1").Next
	b.get(t, "/hooks/"+other+"/events?after="+cursor).refused(t, 400, "")
}

func TestRow076Auth(t *testing.T) {
	row(t, 76, "auth")
	c := locked(t)
	home := name("tenant")
	made := c.call(t, "POST", "/v1/keys", object{"name": "admin", "scopes": list{"admin"}, "tenant": home})
	admin := text(t, made.want(t, 201), "key")
	if !strings.HasPrefix(admin, "ar_") {
		t.Errorf("an admin key begins with ar_: %.3s", admin)
	}
	boss := c.as(admin)
	m := boss.fresh(t)
	key := func(scopes ...any) instance {
		made := boss.call(t, "POST", "/v1/keys", object{"name": name("key"), "scopes": scopes}).want(t, 201)
		raw := text(t, made, "key")
		if !strings.HasPrefix(raw, "ap_") {
			t.Errorf("a key with %v begins with ap_: %.3s", scopes, raw)
		}
		if listed := boss.call(t, "GET", "/v1/keys", nil); bytes.Contains(listed.body, []byte(raw)) {
			t.Error("the raw key is in the list of keys")
		}
		return boss.as(raw).memory(m.id)
	}
	reader, writer := key("read"), key("read", "write")
	writer.add(t, belief("ann"))
	if len(reader.find(t, object{"subject": "ann"})) != 1 {
		t.Error("a reader finds nothing")
	}
	reader.post(t, "/add", belief("bob")).refused(t, 403, "scope_denied")
	reader.post(t, "/forget", object{"subject": "ann"}).refused(t, 403, "scope_denied")
	writer.post(t, "/keys/rotate", nil).refused(t, 403, "scope_denied")
	m.post(t, "/keys/rotate", nil).want(t, 200)
	c.as("").memory(m.id).post(t, "/add", belief("bob")).refused(t, 401, "auth_required")
	c.as("ap_"+strings.Repeat("0", 40)).memory(m.id).post(t, "/add", belief("bob")).refused(t, 401, "invalid_key")
	if len(m.find(t, object{})) != 1 {
		t.Error("a refused write left something behind")
	}
	if !deployed() { // without authentication the bare examples work
		shared(t).memory(name("row-076")).hook(t, object{"name": "bare", "delivery_mode": "cdc", "event_filters": list{}})
	}
}

func TestRow077UnknownMemory(t *testing.T) {
	row(t, 77, "unknown memory")
	hash := strings.Repeat("ab", 32)
	reads := []struct {
		method, rest string
		body         any
	}{
		{"GET", "", nil},
		{"GET", "/stats", nil},
		{"PATCH", "", object{"description": "x"}},
		{"DELETE", "", nil},
		{"POST", "/recall", object{"query": "x"}},
		{"POST", "/forget", object{"blob_hash": hash}},
		{"POST", "/forget", object{"user_id": "ann"}},
		{"GET", "/hooks", nil},
		{"GET", "/hooks/hook-abc123", nil},
		{"DELETE", "/hooks/hook-abc123", nil},
		{"GET", "/hooks/hook-abc123/events", nil},
		{"GET", "/dead-letters", nil},
	}
	c := tenant(t)
	for _, r := range reads { // never made by these, also where writes make it
		at := c.memory(name("row-077"))
		c.call(t, r.method, at.path(r.rest), r.body).refused(t, 404, "not_found")
		at.get(t, "").refused(t, 404, "not_found")
	}
	strict := start(t, 77, settings{"MEMHOOKS_AUTO_CREATE": "off"})
	nowhere := strict.memory("row-077")
	for rest, body := range map[string]any{
		"/add":       belief("ann"),
		"/batch-add": object{"grains": list{object{"grain_type": "belief", "fields": belief("ann")}}},
		"/supersede": belief("ann", object{"blob_hash": hash}),
		"/hooks":     object{"name": "x", "delivery_mode": "cdc"},
	} {
		nowhere.post(t, rest, body).refused(t, 404, "not_found")
	}
	nowhere.get(t, "").refused(t, 404, "not_found")
	strict.memory("default").add(t, belief("ann"))
}
