package acceptance_test

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var hex16 = regexp.MustCompile(`^[0-9a-f]{16}$`)

func TestRow049ForgetForms(t *testing.T) {
	row(t, 49, "forget forms")
	m := shared(t).fresh(t)
	var of []string // one grain of each subject
	for _, subject := range []string{"ann", "bob", "cat", "dan", "eve", "fay"} {
		of = append(of, m.add(t, belief(subject, object{"user_id": "u-" + subject})))
	}
	left := func(subjects ...string) {
		t.Helper()
		var want, got []string
		for _, h := range m.find(t, object{}) {
			got = append(got, text(t, h["fields"].(object), "subject"))
		}
		want = append(want, subjects...)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("left are %v, want %v", got, want)
		}
	}
	forget := func(by object, deleted int) {
		t.Helper()
		said := m.drop(t, by)
		if text(t, said, "status"); said["deleted"] != float64(deleted) {
			t.Errorf("forget %v: %v, want deleted %d", by, said, deleted)
		}
	}
	forget(object{"blob_hash": of[0]}, 1)
	left("bob", "cat", "dan", "eve", "fay")
	forget(object{"hashes": list{of[1], of[2], of[2]}}, 2)
	left("dan", "eve", "fay")
	m.add(t, belief("dan", object{"object": "milk"}))
	forget(object{"subject": "dan"}, 2)
	left("eve", "fay")
	forget(object{"user_id": "u-eve"}, 1)
	left("fay")
	for _, bad := range []object{
		{}, {"hashes": list{}}, {"nothing": "x"}, {"user_id": "u-fay", "subject": "fay"}, {"user_id": "u-fay", "blob_hash": of[5]},
		{"user_id": "u-fay", "scope_path": "default"}, {"scope_path": "default", "subject": "fay"}, {"blob_hash": "short"},
		{"hashes": "x"}, {"subject": 5}, {"user_id": ""}, {"subject": ""}, {"blob_hash": nil},
	} {
		m.post(t, "/forget", bad).refused(t, 400, "")
	}
	left("fay")
	forget(object{"subject": "nobody"}, 0)
	forget(object{"subject": "fa"}, 0) // the whole name, no part of it
	forget(object{"blob_hash": of[5], "subject": "fay"}, 1)
	left()

	first := m.add(t, belief("gil"))
	second := m.supersede(t, first, belief("gil", object{"object": "milk"}))
	m.supersede(t, second, belief("gil", object{"object": "water"}))
	forget(object{"blob_hash": first}, 1) // any hash of a lineage forgets all of it
	left()
	m.post(t, "/supersede", belief("gil", object{"blob_hash": second})).refused(t, 404, "not_found")
}

func TestRow050ErasureProof(t *testing.T) {
	row(t, 50, "erasure proof")
	m := shared(t).fresh(t)
	for i, subject := range []string{"one", "two", "three"} {
		hash := m.add(t, belief(subject, object{"user_id": "ann", "scope_path": []string{"", "acme/x", "acme/y"}[i]}))
		if i == 0 {
			m.supersede(t, hash, belief(subject, object{"object": "milk"}))
		}
	}
	m.add(t, belief("kept", object{"user_id": "anne"}))
	proof := m.drop(t, object{"user_id": "ann"})
	exactKeys(t, proof, "deleted status user_id count key_fingerprint erased_at")
	holdsAll(t, proof, object{"user_id": "ann", "count": 3, "deleted": 3})
	if !hex16.MatchString(text(t, proof, "key_fingerprint")) {
		t.Errorf("fingerprint %v", proof["key_fingerprint"])
	}
	if hits := m.find(t, object{}); len(hits) != 1 || hits[0]["fields"].(object)["subject"] != "kept" {
		t.Errorf("left are %v", hits)
	}
	for _, nobody := range []string{"ann", "ANNE", "ann ", "somebody"} {
		none := m.drop(t, object{"user_id": nobody})
		exactKeys(t, none, "deleted status user_id count erased_at")
		holdsAll(t, none, object{"count": 0, "deleted": 0})
	}
	m.add(t, belief("again", object{"user_id": "ann"})) // allowed at once, under another key
	second := m.drop(t, object{"user_id": "ann"})
	holdsAll(t, second, object{"count": 1})
	if second["key_fingerprint"] == proof["key_fingerprint"] {
		t.Error("the second erasure destroyed the key of the first")
	}
}

func TestRow050ScopeErasure(t *testing.T) {
	row(t, 50, "erasure proof")
	m := shared(t).fresh(t)
	scopes := []string{"acme/prod", "acme/prod/eu", "acme/prod/eu/west", "acme/production", "acme", "ACME/prod", "acme/pro", "other/acme/prod"}
	for _, scope := range scopes {
		m.add(t, belief("at "+scope, object{"scope_path": scope}))
	}
	m.add(t, belief("at namespace", object{"namespace": "acme/prod"})) // no scope path: its namespace is its scope
	proof := m.drop(t, object{"scope_path": "acme/prod"})
	exactKeys(t, proof, "deleted status scope_path count key_fingerprint erased_at")
	holdsAll(t, proof, object{"scope_path": "acme/prod", "count": 4, "deleted": 4})
	var left []string
	for _, h := range m.find(t, object{}) {
		left = append(left, text(t, h["fields"].(object), "scope_path"))
	}
	slices.Sort(left)
	if want := []string{"ACME/prod", "acme", "acme/pro", "acme/production", "other/acme/prod"}; !slices.Equal(left, want) {
		t.Errorf("left are %v, want %v", left, want)
	}
	none := m.drop(t, object{"scope_path": "acme/prod"})
	exactKeys(t, none, "deleted status scope_path count erased_at")
	for _, bad := range []string{"", strings.Repeat("x", 1<<16)} {
		m.post(t, "/forget", object{"scope_path": bad}).refused(t, 400, "")
	}
}

func TestRow051Recall(t *testing.T) {
	row(t, 51, "recall")
	m := shared(t).fresh(t)
	old := m.add(t, belief("walrus", object{"object": "clams of the arctic"}))
	now := m.supersede(t, old, belief("walrus", object{"object": "oysters of the arctic"}))
	gone := m.add(t, belief("walrus pup", object{"object": "milk of the arctic"}))
	m.drop(t, object{"blob_hash": gone})
	hits := m.find(t, object{"query": "arctic walrus"})
	if len(hits) != 1 {
		t.Fatalf("hits %v, want %s alone", hits, now)
	}
	holdsAll(t, hits[0], object{"hash": now, "grain_type": "belief"})
	if score, ok := hits[0]["score"].(float64); !ok || score <= 0 || score > 1 {
		t.Errorf("score %v", hits[0]["score"])
	}
	holdsAll(t, hits[0]["fields"].(object), object{"subject": "walrus", "relation": "likes", "object": "oysters of the arctic"})
	if none := m.find(t, object{"query": "clams"}); len(none) != 0 {
		t.Errorf("the superseded grain is found: %v", none)
	}
	if none := m.find(t, object{"query": "penguin"}); len(none) != 0 {
		t.Errorf("a word that stands nowhere is found: %v", none)
	}
}

func TestRow051RecallFilters(t *testing.T) {
	row(t, 51, "recall")
	m := shared(t).fresh(t)
	grains := map[string]object{
		"a": belief("ann", object{"object": "green tea", "namespace": "n1", "tags": list{"x", "y"}, "confidence": 0.9, "scope_path": "acme/prod/eu"}),
		"b": belief("ann", object{"relation": "drinks", "object": "black tea", "namespace": "n2", "tags": list{"x"}, "confidence": 0.3, "scope_path": "acme/prod"}),
		"c": belief("bob", object{"object": "green tea", "namespace": "n1", "confidence": 0.6, "scope_path": "acme/test"}),
		"d": {"grain_type": "event", "content": "ann made tea", "namespace": "n1", "scope_path": "other"},
	}
	of := map[string]string{}
	for letter, fields := range grains {
		of[m.add(t, fields)] = letter
	}
	for _, q := range []struct {
		want  string
		query object
	}{
		{"abcd", object{"query": "tea"}},
		{"abcd", object{}},
		{"ab", object{"subject": "ann"}},
		{"b", object{"subject": "ann", "relation": "drinks"}},
		{"ac", object{"object": "green tea"}},
		{"acd", object{"namespace": "n1"}},
		{"ac", object{"query": "green", "namespace": "n1"}},
		{"", object{"namespace": "n"}},
		{"d", object{"grain_type": "event"}},
		{"abc", object{"grain_type": "belief", "query": "tea"}},
		{"ab", object{"tags": list{"x"}}},
		{"a", object{"tags": list{"y", "x"}}},
		{"", object{"tags": list{"x", "z"}}},
		{"ad", object{"confidence_threshold": 0.9}},
		{"acd", object{"confidence_threshold": 0.6}},
		{"ab", object{"scope_path": "acme/prod"}},
		{"abc", object{"scope_path": "acme"}},
		{"", object{"scope_path": "acme/pro"}},
		{"abc", object{"scope_path": "acme/prod", "include_siblings": true}},
		{"ab", object{"scope_path": "acme/prod", "include_siblings": false}},
	} {
		got := ""
		for _, h := range m.find(t, q.query) {
			got += of[text(t, h, "hash")]
		}
		letters := []byte(got)
		slices.Sort(letters)
		if string(letters) != q.want {
			t.Errorf("recall %v gives %q, want %q", q.query, letters, q.want)
		}
	}
	if n := len(m.find(t, object{"limit": 2})); n != 2 {
		t.Errorf("limit 2 gives %d", n)
	}
	for _, bad := range []object{
		{"limit": 0}, {"limit": -1}, {"limit": "2"}, {"tags": "x"}, {"confidence_threshold": 2}, {"grain_type": "nonsense"},
		{"include_siblings": "yes"}, {"query": 5},
	} {
		m.post(t, "/recall", bad).refused(t, 400, "")
	}
	m.find(t, object{"query": strings.Repeat("x", 8192)})
	m.post(t, "/recall", object{"query": strings.Repeat("x", 8193)}).refused(t, 413, "payload_too_large")
}
