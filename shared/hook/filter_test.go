package hook_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// A filter that no event could meet, or that excludes what there never is, is
// a typing error that would be silent.
func TestAFilterNamesEventsAndGrainsThatThereAre(t *testing.T) {
	for _, tc := range []struct{ filter, in, says string }{ // in: the dialects that take it
		{`{"event_type":["grain_created","memory.updated"]}`, "areev rem standard", ""},
		{`{"event_type":["crypto_erase"]}`, "areev standard", `filter.event_type: a hook of the dialect "rem" has no event "crypto_erase"; use one of grain_created, memory.created, `},
		{`{"event_type":["memory.recalled"]}`, "rem", ` has no event "memory.recalled"; use one of `},
		{`{"event_type":["grain_created","grain_create"]}`, "", `"grain_create"`},
		{`{"event_type":[{"exists":true},{"anything-but":"created"}]}`, "", `filter.event_type: there is no event "created"; use one of grain_created, memory.created, `},
		{`{"event_type":[{"anything-but":["grain_created","created"]}]}`, "", `"created"`},
		{`{"event_type":[{"anything-but":["crypto_erase","memory.recalled"]}]}`, "areev rem standard", ""},
		{`{"event_type":[{"anything-but":"memory.recalled"},"memory.recalled"]}`, "rem", `has no event "memory.recalled"`},
		{`{"event_type":["GRAIN_CREATED"]}`, "", "grain_superseded"},
		{`{"event_type":[{"prefix":"grain_"},{"anything-but":{"prefix":"memory."}},{"exists":true}]}`, "areev rem standard", ""},
		{`{"grain_type":["belief",{"anything-but":"event"}]}`, "areev rem standard", ""},
		{`{"grain_type":["fact"]}`, "", `filter.grain_type: there is no type "fact"; use one of `},
		{`{"grain_type":[{"anything-but":["fact"]}]}`, "", `"fact"`},
		{`{"grain_type":["note"]}`, "", "belief, event, state"},
		{`{"namespace":["note"],"tags":["grain_create"]}`, "areev rem standard", ""},
		{`{"colour":["red"]}`, "", "unknown field"},
		{`null`, "areev rem standard", ""},
	} {
		for _, name := range dialect.Names() {
			var tree any
			if err := json.Unmarshal([]byte(tc.filter), &tree); err != nil {
				t.Fatal(err)
			}
			p, err := (&hook.Hook{Dialect: name}).ParseFilter(tree)
			switch takes := strings.Contains(tc.in, name); {
			case takes && err != nil:
				t.Errorf("%s refuses %s: %v", name, tc.filter, err)
			case !takes && (fault.KindOf(err) != fault.InvalidField || !strings.Contains(err.Error(), tc.says) || p.JSON() != nil):
				t.Errorf("%s on %s: %v, want a fault.InvalidField that says %s", name, tc.filter, err, tc.says)
			}
		}
	}
}

// A hook that stands from before a name went, or was refused, can be read.
func TestAStoredFilterIsReadWhateverItNames(t *testing.T) {
	var h hook.Hook
	err := hook.Decode([]byte(`{"name":"old","mode":"cdc","dialect":"areev","redaction":"full","pattern":{"event_type":["grain_gone"]}}`), &h)
	if err != nil || !h.Pattern.Names("event_type") {
		t.Errorf("it is read as %+v, %v", h, err)
	}
}
