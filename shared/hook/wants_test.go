package hook_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

func parsed(t *testing.T, tree string) pattern.Pattern {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(tree))
	d.UseNumber()
	var v any
	err := d.Decode(&v)
	if err != nil {
		t.Fatal(err)
	}
	p, err := pattern.Parse(v)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatAHookWants(t *testing.T) {
	created := change.Change{Cause: events.Created, Namespace: "n", GrainType: "belief", UserID: "ann", ScopePath: "acme/prod"}
	erased := change.Change{Cause: events.Erased, UserID: "ann"}
	rotated := change.Change{Cause: events.Rotated}
	recalled := change.Change{Cause: events.Recalled}
	memoryErased := change.Change{Cause: events.MemoryErased, Namespace: "n"}
	view := change.View{"subject": "Ada", "tags": []any{"a", "b"}, "confidence": json.Number("0.75")}
	for _, tc := range []struct {
		name      string
		causes    []events.Cause
		namespace *string
		filter    string
		change    change.Change
		want      bool
	}{
		{"everything", nil, nil, `{}`, created, true},
		{"its cause", []events.Cause{events.Rotated, events.Created}, nil, `{}`, created, true},
		{"another cause", []events.Cause{events.Rotated}, nil, `{}`, created, false},
		{"another cause of a wide event", []events.Cause{events.Created}, nil, `{}`, erased, false},
		{"its namespace", nil, ptr("n"), `{}`, created, true},
		{"a prefix of its namespace", nil, ptr(""), `{}`, created, false},
		{"another namespace", nil, ptr("m"), `{}`, created, false},
		{"wide events in any namespace", nil, ptr("m"), `{}`, erased, true},
		{"wide events in any namespace", nil, ptr("m"), `{}`, rotated, true},
		{"an erased memory in its namespace", nil, ptr("m"), `{}`, memoryErased, false},
		{"an erased memory, whatever it said", nil, nil, `{"subject":["Bob"],"tags":["c"]}`, memoryErased, true},
		{"an erased memory of its namespace", nil, nil, `{"subject":["Bob"],"namespace":["n"]}`, memoryErased, true},
		{"an erased memory of another", nil, nil, `{"subject":["Bob"],"namespace":["m"]}`, memoryErased, false},
		{"an erased memory as another event", nil, nil, `{"tags":["a"],"event_type":["memory.created"]}`, memoryErased, false},
		{"a recall in all namespaces", nil, ptr("n"), `{}`, recalled, false},
		{"the subject", nil, nil, `{"subject":["Ada"]}`, created, true},
		{"another subject", nil, nil, `{"subject":["Bob"]}`, created, false},
		{"one of the tags", nil, nil, `{"tags":["b"]}`, created, true},
		{"confidence", nil, nil, `{"confidence":[{"numeric":[">=",0.75]}]}`, created, true},
		{"more confidence", nil, nil, `{"confidence":[{"numeric":[">",0.75]}]}`, created, false},
		{"no person", nil, nil, `{"user_id":[{"exists":false}]}`, created, false},
		{"no person, nobody's", nil, nil, `{"user_id":[{"exists":false}]}`, recalled, true},
		{"a scope's beginning", nil, nil, `{"scope_path":[{"prefix":"acme/"}]}`, created, true},
		{"its type by either name", nil, nil, `{"event_type":["memory.created"]}`, created, true},
		{"its type by either name", nil, nil, `{"event_type":["grain_created"]}`, created, true},
		{"wide events past a filter", nil, nil, `{"subject":["Bob"],"grain_type":["goal"]}`, rotated, true},
		{"wide events of a type", nil, nil, `{"event_type":["grain_created"]}`, rotated, false},
		{"all of a filter", nil, nil, `{"subject":["Ada"],"user_id":["bob"]}`, created, false},
	} {
		h := hook.Hook{Causes: tc.causes, Namespace: tc.namespace, Pattern: parsed(t, tc.filter)}
		if got := h.Wants(&tc.change, hook.Fields(&tc.change, view)); got != tc.want {
			t.Errorf("%s: %v", tc.name, got)
		}
	}
}

func TestFieldsShowAChangeToAFilter(t *testing.T) {
	c := change.Change{Cause: events.Forgotten, GrainType: "belief", Namespace: "n", UserID: "ann"}
	get := hook.Fields(&c, change.View{
		"subject": "Ada", "tags": []any{"a", json.Number("1"), "b"}, "confidence": json.Number("0.50"), "object": 0.25,
		"relation": map[string]any{"no": "text"}, "namespace": "not this one",
	})
	for field, want := range map[string][]string{
		"event_type": {"grain_forgotten", "memory.deleted"}, "grain_type": {"belief"}, "namespace": {"n"}, "user_id": {"ann"},
		"subject": {"Ada"}, "tags": {"a", "b"}, "confidence": {"0.50"}, "object": {"0.25"}, "relation": nil, "scope_path": nil, "unheard": nil,
	} {
		got, ok := get(field)
		if !slices.Equal(got, want) || ok != (want != nil) {
			t.Errorf("%s is %q, %v; want %q", field, got, ok, want)
		}
	}
	if got, ok := hook.Fields(&c, nil)("subject"); ok {
		t.Errorf("without content the subject is %q", got)
	}
}
