package acceptance_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// filters are patterns and the grains that they let pass, by letter.
var filters = map[string]struct {
	filter object
	want   string
}{
	"grain type":      {object{"grain_type": list{"event"}}, "d"},
	"namespace":       {object{"namespace": list{"n1"}}, "ac"},
	"two namespaces":  {object{"namespace": list{"n1", "n2"}}, "abc"},
	"subject":         {object{"subject": list{"ann"}}, "a"},
	"subject prefix":  {object{"subject": list{object{"prefix": "ann"}}}, "ac"},
	"relation":        {object{"relation": list{"drinks"}}, "b"},
	"object":          {object{"object": list{object{"anything-but": "tea"}}}, "c"},
	"object but two":  {object{"object": list{object{"anything-but": list{"coffee", "milk"}}}}, "ab"},
	"tags":            {object{"tags": list{"x"}}, "a"},
	"any of tags":     {object{"tags": list{"x", "y"}}, "ac"},
	"user":            {object{"user_id": list{"u1", "u3"}}, "a"},
	"no user":         {object{"user_id": list{object{"exists": false}}}, "cd"},
	"a user":          {object{"user_id": list{object{"exists": true}}}, "ab"},
	"scope":           {object{"scope_path": list{object{"prefix": "acme/"}}}, "ac"},
	"confidence":      {object{"confidence": list{object{"numeric": list{">=", 0.9}}}}, "acd"},
	"confidence span": {object{"confidence": list{object{"numeric": list{">", 0.1, "<", 0.5}}}}, "b"},
	"event type":      {object{"event_type": list{"grain_superseded"}}, ""},
	"both must":       {object{"namespace": list{"n1"}, "tags": list{"x"}}, "a"},
	"nothing":         {object{"namespace": list{"n1"}, "grain_type": list{"event"}}, ""},
	"all":             {object{}, "abcd"},
}

func TestRow089Filters(t *testing.T) {
	row(t, 89, "filters")
	m := shared(t).fresh(t)
	grains := []object{
		belief("ann", object{"namespace": "n1", "tags": list{"x", "y"}, "user_id": "u1", "confidence": 0.9, "scope_path": "acme/prod"}),
		belief("bob", object{"namespace": "n2", "relation": "drinks", "user_id": "u2", "confidence": 0.2}),
		belief("anna", object{"namespace": "n1", "object": "coffee", "tags": list{"y"}, "scope_path": "acme/test"}),
		{"grain_type": "event", "content": "text", "namespace": "n10"},
	}
	feeds := map[string]string{}
	for title, f := range filters {
		feeds[title] = m.feed(t, object{"filter": f.filter})
	}
	rx := receive(t)
	m.push(t, rx, object{"filter": filters["namespace"].filter, "event_filters": list{"grain_created"}})
	of := map[string]string{}
	for i, g := range grains {
		of[m.add(t, g)] = string(rune('a' + i))
	}
	got := bySeq(t, rx.exactly(t, 2))
	unbroken(t, got[0], got[1])
	for title, f := range filters {
		heard := ""
		entries := m.log(t, feeds[title], len(f.want))
		chained(t, entries, 0)
		for _, e := range entries {
			heard += of[text(t, e.event, "hash")]
		}
		if heard != f.want {
			t.Errorf("%s hears %q, want %q", title, heard, f.want)
		}
	}

	// What is forgotten is matched as it last was; an erasure and a rotation
	// pass whatever does not name event_type.
	for hash, letter := range of {
		if letter == "a" {
			m.drop(t, object{"blob_hash": hash})
		}
	}
	m.post(t, "/keys/rotate", nil).want(t, 200)
	for title, want := range map[string]string{"tags": "grain_created grain_forgotten key_rotated", "relation": "grain_created key_rotated", "event type": ""} {
		if heard := kinds(t, m.log(t, feeds[title], len(strings.Fields(want)))); heard != want {
			t.Errorf("%s hears %q, want %q", title, heard, want)
		}
	}
}

func TestRow089BadFilters(t *testing.T) {
	row(t, 89, "filters")
	m := shared(t).fresh(t)
	for _, bad := range []any{
		object{"colour": list{"red"}}, object{"namespace": "n"}, object{"namespace": list{}}, object{"namespace": list{5}},
		object{"namespace": list{object{"suffix": "x"}}}, object{"namespace": list{object{"prefix": 5}}}, object{"namespace": list{object{}}},
		object{"confidence": list{object{"numeric": list{"~", 1}}}}, object{"confidence": list{object{"numeric": list{">"}}}},
		object{"confidence": list{object{"prefix": "0"}}}, object{"confidence": list{"high"}}, object{"subject": list{object{"exists": "yes"}}},
		object{"subject": list{object{"prefix": "a", "exists": true}}}, object{"data": object{"subject": list{"a"}}}, "namespace", list{},
	} {
		m.post(t, "/hooks", object{"name": "x", "delivery_mode": "cdc", "filter": bad}).refused(t, 400, "")
	}
	if left := objects(t, m.get(t, "/hooks").want(t, 200), "hooks"); len(left) != 0 {
		t.Errorf("a refused filter left %v", left)
	}
	c := tenant(t)
	rx := receive(t)
	c.call(t, "POST", "/v1/webhooks", object{"url": rx.url, "events": list{"*"}, "filter": object{"colour": list{"red"}}}).refused(t, 400, "")
	hook := text(t, c.webhook(t, object{"url": rx.url, "events": list{"*"}, "filter": object{"tags": list{"red"}}}), "id")
	c.remember(t, "default", "blue", "blue")
	c.remember(t, "default", "red", "red", "blue")
	c.call(t, "PATCH", "/v1/webhooks/"+hook, object{"filter": nil}).want(t, 200)
	c.remember(t, "default", "green", "green")
	var heard []string
	for _, r := range rx.exactly(t, 2) {
		heard = append(heard, fmt.Sprint(r.data(t)["content"]))
	}
	slices.Sort(heard)
	if !slices.Equal(heard, []string{"green", "red"}) {
		t.Errorf("heard %v", heard)
	}
}
