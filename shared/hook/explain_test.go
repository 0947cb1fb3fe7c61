package hook_test

import (
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
)

func TestWhyAHookSeesAChangeOrNot(t *testing.T) {
	view := change.View{"subject": "Ada", "tags": []any{"a"}}
	for _, tc := range []struct {
		dialect   string
		causes    []events.Cause
		namespace *string
		filter    string
		cause     events.Cause
		why       string
		turns     bool // on content
	}{
		{"areev", nil, nil, `{}`, events.Created, "", false},
		{"areev", nil, nil, `{"tags":["a"]}`, events.Created, "", true},
		{"rem", nil, nil, `{}`, events.Erased, "its dialect, rem, has no name for it", false},
		{"areev", nil, nil, `{}`, events.Recalled, "its dialect, areev, has no name for it", false},
		{"areev", []events.Cause{events.Created}, nil, `{"tags":["x"]}`, events.Forgotten, "does not ask for grain_forgotten", false},
		{"rem", []events.Cause{events.Created}, ptr("m"), `{}`, events.MemoryErased, "does not ask for memory.deleted", false},
		{"rem", nil, ptr("m"), `{"tags":["a"]}`, events.Created, `only namespace "m"`, false},
		{"areev", nil, nil, `{"tags":["x"]}`, events.Created, `filter: tags meets none of ["x"]`, true},
		{"areev", nil, nil, `{"tags":["x"],"user_id":["bob"]}`, events.Created, `filter: user_id meets none of ["bob"]`, false},
		{"areev", nil, nil, `{"relation":["x"]}`, events.Superseded, `filter: relation is absent, which none of ["x"] accepts`, true},
		{"rem", nil, nil, `{"tags":["x"]}`, events.MemoryErased, "", false},
		{"rem", nil, nil, `{"tags":["x"],"namespace":["m"]}`, events.MemoryErased, `filter: namespace meets none of ["m"]`, false},
		{"areev", nil, ptr("m"), `{"tags":["x"]}`, events.Rotated, "", false},
		{"areev", nil, nil, `{"event_type":["grain_created"]}`, events.Rotated, `filter: event_type meets none of ["grain_created"]`, false},
	} {
		h := hook.Hook{Dialect: tc.dialect, Causes: tc.causes, Namespace: tc.namespace, Pattern: parsed(t, tc.filter)}
		c := change.Change{Cause: tc.cause, Namespace: "n", UserID: "ann"}
		sees, why := h.Explain(&c, view)
		if why != tc.why || sees != (tc.why == "") || h.TurnsOnContent(&c) != tc.turns {
			t.Errorf("%s %v %s, %s: %v %q, turns on content: %v", tc.dialect, tc.causes, tc.filter, tc.cause, sees, why, h.TurnsOnContent(&c))
		}
		if wants := dialect.Has(tc.dialect, tc.cause) && h.Wants(&c, hook.Fields(&c, view)); sees != wants {
			t.Errorf("%s %s: explained as %v, the road says %v", tc.filter, tc.cause, sees, wants)
		}
	}
}
