package roadtest

import (
	"encoding/json"
	"testing"

	"github.com/memhooks/memhooks/events"
)

// TestFiltersCanBeRead: each that hooks draw is an object of lists.
func TestFiltersCanBeRead(t *testing.T) {
	for _, text := range filters {
		if f, tree := parsed(text); len(f) == 0 || tree == nil {
			t.Errorf("%s can't be read", text)
		}
	}
}

// TestEntriesAreMetAsThePageSays holds the checker's own reading to
// docs/filters.md.
func TestEntriesAreMetAsThePageSays(t *testing.T) {
	for _, c := range []struct {
		entry, values string
		want          bool
	}{
		{`"a"`, `["a"]`, true},
		{`"a"`, `["ab"]`, false},
		{`"a"`, `[]`, false},
		{`{"prefix":"a"}`, `["ab"]`, true},
		{`{"prefix":"ab"}`, `["a"]`, false},
		{`{"anything-but":"a"}`, `["b"]`, true},
		{`{"anything-but":"a"}`, `["a"]`, false},
		{`{"anything-but":"a"}`, `[]`, false},
		{`{"anything-but":"a"}`, `["a","b"]`, true},
		{`{"anything-but":["a","b"]}`, `["a","b"]`, false},
		{`{"anything-but":{"prefix":"a"}}`, `["ab"]`, false},
		{`{"anything-but":{"prefix":"a"}}`, `["b"]`, true},
		{`{"exists":true}`, `["a"]`, true},
		{`{"exists":true}`, `[]`, false},
		{`{"exists":false}`, `[]`, true},
		{`{"exists":false}`, `["a"]`, false},
		{`0.5`, `[0.5]`, true},
		{`{"anything-but":[0.5,1]}`, `[1]`, false},
		{`{"numeric":[">=",0.5]}`, `[0.5]`, true},
		{`{"numeric":[">",0.5]}`, `[0.5]`, false},
		{`{"numeric":[">",0.2,"<=",0.9]}`, `[0.9]`, true},
		{`{"numeric":[">",0.2,"<",0.9]}`, `[0.9]`, false},
	} {
		var entry any
		var values []any
		if err := json.Unmarshal([]byte(c.entry), &entry); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(c.values), &values); err != nil {
			t.Fatal(err)
		}
		if got := meets(entry, values); got != c.want {
			t.Errorf("%s of %s: %v", c.entry, c.values, got)
		}
	}
}

// TestATypeIsOneThingOfTwoNames: either is accepted, either excludes both.
func TestATypeIsOneThingOfTwoNames(t *testing.T) {
	for text, want := range map[string]bool{
		`"memory.updated"`:                     true,
		`"grain_superseded"`:                   true,
		`"grain_created"`:                      false,
		`{"anything-but":"memory.updated"}`:    false,
		`{"anything-but":"grain_created"}`:     true,
		`{"anything-but":{"prefix":"grain_"}}`: false,
		`{"prefix":"memory."}`:                 true,
	} {
		var entry any
		if err := json.Unmarshal([]byte(text), &entry); err != nil {
			t.Fatal(err)
		}
		if got := typed(entry, titles[events.Superseded]); got != want {
			t.Errorf("%s: %v", text, got)
		}
	}
}
