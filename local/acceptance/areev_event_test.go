package acceptance_test

import (
	"bytes"
	"maps"
	"testing"
)

func TestRow057GrainCreated(t *testing.T) {
	row(t, 57, "grain_created")
	m := shared(t).fresh(t)
	rx := receive(t)
	m.push(t, rx)
	feed := m.feed(t)
	want := map[string]bool{m.add(t, belief("ann")): true}
	batch := m.post(t, "/batch-add", object{"grains": list{
		object{"grain_type": "belief", "fields": belief("bob")},
		object{"grain_type": "goal", "fields": object{}}, // refused: no event
		object{"grain_type": "action", "fields": object{"content": "done"}},
	}}).want(t, 200)
	body, kind := upload(t, "A short text.", nil)
	ingested := m.post(t, "/ingest", body, header("Content-Type", kind)).want(t, 200)
	for _, many := range []object{batch, ingested} {
		for _, hash := range many["hashes"].(list) {
			if hash != nil {
				want[hash.(string)] = true
			}
		}
	}
	if len(want) != 4 {
		t.Fatalf("hashes %v", want)
	}
	check := func(o object) {
		t.Helper()
		holdsAll(t, o, object{"event_type": "grain_created"})
		if !want[text(t, o, "hash")] {
			t.Errorf("an event that nothing caused, or twice: %v", o)
		}
		delete(want, text(t, o, "hash"))
	}
	again := maps.Clone(want)
	for _, e := range m.log(t, feed, 4) {
		check(e.event)
	}
	want = again
	for _, r := range rx.exactly(t, 4) {
		check(r.json(t))
	}
}

func TestRow058GrainForgotten(t *testing.T) {
	row(t, 58, "grain_forgotten")
	m := shared(t).fresh(t)
	feed := m.feed(t, object{"event_filters": list{"grain_forgotten"}})
	first := m.add(t, belief("ann", object{"user_id": "u-ann", "tags": list{"x"}, "namespace": "n"}))
	second := m.supersede(t, first, belief("ann", object{"object": "milk"}))
	third := m.supersede(t, second, belief("ann", object{"object": "water"}))
	other := m.add(t, object{"grain_type": "event", "content": "text"})
	m.add(t, belief("kept"))
	m.drop(t, object{"hashes": list{first, second, third, other, other}})
	for _, e := range m.log(t, feed, 2) { // two lineages, in either order
		if e.event["hash"] != other {
			exactKeys(t, e.event, "event_type timestamp_ms hash grain_type namespace user_id")
			holdsAll(t, e.event, object{"event_type": "grain_forgotten", "hash": third, "grain_type": "belief", "namespace": "n", "user_id": "u-ann"})
			continue
		}
		exactKeys(t, e.event, "event_type timestamp_ms hash grain_type namespace")
		holdsAll(t, e.event, object{"hash": other, "grain_type": "event", "namespace": "default"})
	}
	for _, none := range []object{{"hashes": list{first, third}}, {"blob_hash": other}, {"subject": "ann"}} {
		holdsAll(t, m.drop(t, none), object{"deleted": 0})
	}
	m.log(t, feed, 2)
}

func TestRow059GrainSuperseded(t *testing.T) {
	row(t, 59, "grain_superseded")
	m := shared(t).fresh(t)
	feed, meta := m.feed(t), m.feed(t, object{"redaction_mode": "metadata_only"})
	old := m.add(t, belief("ann"))
	next := m.supersede(t, old, belief("ann", object{"object": "milk"}))
	last := m.supersede(t, next, belief("ann", object{"object": "water"}))
	m.post(t, "/supersede", belief("ann", object{"blob_hash": old})).refused(t, 409, "conflict")
	events := m.log(t, feed, 3) // a supersede is exactly one event
	for i, want := range []object{
		{"event_type": "grain_created", "hash": old},
		{"event_type": "grain_superseded", "hash": next, "superseded": old, "object": "milk"},
		{"event_type": "grain_superseded", "hash": last, "superseded": next, "object": "water"},
	} {
		holdsAll(t, events[i].event, want)
	}
	for i, e := range m.log(t, meta, 3) {
		exactKeys(t, e.event, "event_type timestamp_ms hash grain_type namespace")
		holdsAll(t, e.event, object{"hash": events[i].event["hash"]})
	}
}

func TestRow060CryptoErase(t *testing.T) {
	row(t, 60, "crypto_erase")
	m := shared(t).fresh(t)
	feed := m.feed(t, object{"event_filters": list{"crypto_erase", "grain_forgotten"}})
	rx := receive(t)
	m.push(t, rx, object{"event_filters": list{"crypto_erase"}})
	for _, subject := range []string{"one", "two"} {
		m.add(t, belief(subject, object{"user_id": "ann"}))
	}
	m.add(t, belief("three", object{"scope_path": "acme/prod/eu"}))
	person := m.drop(t, object{"user_id": "ann"})
	m.drop(t, object{"user_id": "nobody"}) // nothing, no event
	scope := m.drop(t, object{"scope_path": "acme/prod"})
	check := func(by string, o, proof object, count int) {
		t.Helper()
		exactKeys(t, o, "event_type timestamp_ms count key_fingerprint "+by)
		holdsAll(t, o, object{"event_type": "crypto_erase", "count": count, "key_fingerprint": proof["key_fingerprint"], by: proof[by]})
	}
	events := m.log(t, feed, 2)
	check("user_id", events[0].event, person, 2)
	check("scope_path", events[1].event, scope, 1)
	for _, r := range rx.exactly(t, 2) {
		if o := r.json(t); o["user_id"] != nil {
			check("user_id", o, person, 2)
		} else {
			check("scope_path", o, scope, 1)
		}
	}
}

func TestRow061KeyRotated(t *testing.T) {
	row(t, 61, "key_rotated")
	m := shared(t).fresh(t)
	rx := receive(t)
	m.push(t, rx)
	feed := m.feed(t)
	before := m.add(t, belief("before"))
	rotated := m.post(t, "/keys/rotate", nil)
	exactKeys(t, rotated.want(t, 200), "key_id rotated_at")
	m.add(t, belief("after"))
	second := m.post(t, "/keys/rotate", nil).want(t, 200)
	if second["key_id"] == rotated.json(t)["key_id"] {
		t.Error("two rotations gave one key")
	}
	events := m.log(t, feed, 4)
	if got := kinds(t, events); got != "grain_created key_rotated grain_created key_rotated" {
		t.Fatalf("events %s", got)
	}
	for i, want := range map[int]object{1: rotated.json(t), 3: second} {
		exactKeys(t, events[i].event, "event_type timestamp_ms key_id")
		holdsAll(t, events[i].event, object{"key_id": want["key_id"]})
		if id := text(t, events[i].event, "key_id"); len(id) > 40 { // an id, not 32 bytes of key
			t.Errorf("key_id %q", id)
		}
	}
	for _, r := range rx.exactly(t, 4) {
		if o := r.json(t); o["event_type"] == "key_rotated" {
			exactKeys(t, o, "event_type timestamp_ms key_id")
		}
	}
	if hits := m.find(t, object{}); len(hits) != 2 { // what is older stays readable
		t.Errorf("hits %v", hits)
	}
	m.supersede(t, before, belief("before", object{"object": "milk"}))
}

// redacted makes one event after the other and checks the keys of each, as it
// was posted and as it is logged, for hooks in one redaction mode.
func redacted(t *testing.T, mode string, want map[string]string) {
	t.Helper()
	m := shared(t).fresh(t)
	rx := receive(t)
	m.push(t, rx, object{"redaction_mode": mode})
	feed := m.feed(t, object{"redaction_mode": mode})
	var hash string
	for i, step := range []struct {
		kind string
		make func()
	}{
		{"grain_created", func() {
			hash = m.add(t, belief("ann", object{"user_id": "ann", "tags": list{"x"}, "namespace": "n", "mood": "good"}))
		}},
		{"grain_superseded", func() { hash = m.supersede(t, hash, belief("ann", object{"object": "milk"})) }},
		{"grain_forgotten", func() { m.drop(t, object{"blob_hash": hash}) }},
		{"grain_created", func() { hash = m.add(t, belief("bob", object{"user_id": "bob"})) }},
		{"crypto_erase", func() { m.drop(t, object{"user_id": "bob"}) }},
		{"key_rotated", func() { m.post(t, "/keys/rotate", nil).want(t, 200) }},
	} {
		step.make()
		posted := rx.exactly(t, i+1)[i]
		logged := m.log(t, feed, i+1)[i]
		if !bytes.Equal(posted.body, logged.Body) {
			t.Errorf("posted as %s, logged as %s", posted.body, logged.Body)
		}
		exactKeys(t, logged.event, want[step.kind])
		holdsAll(t, logged.event, object{"event_type": step.kind})
		if _, has := logged.event["hash"]; has {
			holdsAll(t, logged.event, object{"hash": hash})
		}
	}
	m.log(t, feed, 6)
	marked := m.all(t, feed)[0].event // what was forgotten meanwhile says so, where it may
	if _, has := marked["redacted"]; has != (mode != "hash_only") || has && marked["redacted"] != "forgotten" {
		t.Errorf("%s after the grain was forgotten: %v", mode, marked)
	}
}

func TestRow063RedactionFull(t *testing.T) {
	row(t, 63, "redaction full")
	m := shared(t).fresh(t)
	rx := receive(t)
	m.push(t, rx)
	feed := m.feed(t)
	const grain = "event_type timestamp_ms hash grain_type namespace subject relation object user_id tags fields"
	given := belief("ann", object{"user_id": "ann", "tags": list{"b", "a"}, "namespace": "n", "confidence": 0.5, "mood": object{"now": "good"}, "source_type": "user_explicit"})
	hash := m.add(t, given)
	created := rx.exactly(t, 1)[0]
	exactKeys(t, created.json(t), grain)
	holdsAll(t, created.json(t), object{
		"event_type": "grain_created", "hash": hash, "grain_type": "belief", "namespace": "n",
		"subject": "ann", "relation": "likes", "object": "tea", "user_id": "ann", "tags": list{"b", "a"},
	})
	fields := created.json(t)["fields"].(object)
	holdsAll(t, fields, object{"confidence": 0.5, "mood": object{"now": "good"}, "source_type": "user_explicit"})
	if !bytes.Equal(m.log(t, feed, 1)[0].Body, created.body) {
		t.Errorf("logged as %s, posted as %s", m.log(t, feed, 1)[0].Body, created.body)
	}
	next := m.supersede(t, hash, belief("ann", object{"object": "milk"}))
	superseded := rx.exactly(t, 2)[1]
	exactKeys(t, superseded.json(t), grain+" superseded")
	holdsAll(t, superseded.json(t), object{"hash": next, "superseded": hash, "object": "milk", "user_id": "ann", "namespace": "n"})
	m.add(t, object{"grain_type": "event", "content": "text"}) // what is absent is left out, never null
	bare := rx.exactly(t, 3)[2]
	exactKeys(t, bare.json(t), "event_type timestamp_ms hash grain_type namespace fields")
	if bytes.Contains(bare.body, []byte("null")) {
		t.Errorf("null in %s", bare.body)
	}
	m.drop(t, object{"blob_hash": next})
	exactKeys(t, rx.exactly(t, 4)[3].json(t), "event_type timestamp_ms hash grain_type namespace user_id")
}

func TestRow064RedactionMetadataOnly(t *testing.T) {
	row(t, 64, "redaction metadata_only")
	const grain = "event_type timestamp_ms hash grain_type namespace"
	redacted(t, "metadata_only", map[string]string{
		"grain_created": grain, "grain_superseded": grain, "grain_forgotten": grain,
		"crypto_erase": "event_type timestamp_ms", "key_rotated": "event_type timestamp_ms",
	})
}

func TestRow065RedactionHashOnly(t *testing.T) {
	row(t, 65, "redaction hash_only")
	redacted(t, "hash_only", map[string]string{
		"grain_created": "event_type hash", "grain_superseded": "event_type hash", "grain_forgotten": "event_type hash",
		"crypto_erase": "event_type", "key_rotated": "event_type",
	})
}

func TestRow064OtherDialects(t *testing.T) {
	row(t, 64, "redaction metadata_only")
	m := shared(t).fresh(t)
	rem, standard := m.feed(t, object{"dialect": "rem", "redaction_mode": "metadata_only"}), m.feed(t, object{"dialect": "standard", "redaction_mode": "metadata_only"})
	m.add(t, belief("ann", object{"user_id": "ann", "tags": list{"x"}}))
	e := m.log(t, rem, 1)[0].event
	exactKeys(t, e, "id event timestamp data")
	exactKeys(t, e["data"].(object), "memory_id namespace tags created_at")
	holdsAll(t, e["data"].(object), object{"tags": list{}})
	e = m.log(t, standard, 1)[0].event
	exactKeys(t, e, "type timestamp data")
	exactKeys(t, e["data"].(object), "hash grain_type namespace")
	holdsAll(t, e, object{"type": "grain_created"})
}

func TestRow065OtherDialects(t *testing.T) {
	row(t, 65, "redaction hash_only")
	m := shared(t).fresh(t)
	rem, standard := m.feed(t, object{"dialect": "rem", "redaction_mode": "hash_only"}), m.feed(t, object{"dialect": "standard", "redaction_mode": "hash_only"})
	m.add(t, belief("ann", object{"user_id": "ann", "tags": list{"x"}}))
	e := m.log(t, rem, 1)[0].event
	exactKeys(t, e, "id event timestamp data")
	exactKeys(t, e["data"].(object), "memory_id")
	e = m.log(t, standard, 1)[0].event
	exactKeys(t, e, "type timestamp data")
	exactKeys(t, e["data"].(object), "hash")
}
