package roadtest

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
)

// filters are what hooks ask for, in half of them.
var filters = [...]string{
	`{"event_type":["grain_created","memory.deleted"]}`,
	`{"event_type":[{"anything-but":"memory.updated"}]}`,
	`{"event_type":[{"prefix":"grain_"},{"prefix":"crypto_"}],"user_id":["ann","bob"]}`,
	`{"namespace":[{"anything-but":"work"}]}`,
	`{"namespace":["work","other"],"grain_type":["event"]}`,
	`{"user_id":["ann","cleo"]}`,
	`{"user_id":[{"anything-but":"ann"}]}`,
	`{"user_id":[{"exists":false}]}`,
	`{"scope_path":["acme/prod",{"exists":false}]}`,
	`{"scope_path":[{"prefix":"acme/prod/"},{"prefix":"acme/production"}]}`,
	`{"scope_path":[{"anything-but":{"prefix":"acme/prod/"}}]}`,
	`{"subject":["cup"]}`,
	`{"subject":[{"prefix":"cup"}],"relation":["holds"]}`,
	`{"subject":[{"anything-but":["cup","kettle"]}]}`,
	`{"relation":[{"exists":true}]}`,
	`{"object":[{"anything-but":{"prefix":"cup"}},{"exists":false}]}`,
	`{"tags":["red"]}`,
	`{"tags":[{"prefix":"redd"}],"user_id":[{"exists":true}]}`,
	`{"tags":[{"anything-but":{"prefix":"tag"}}]}`,
	`{"confidence":[{"numeric":[">=",0.5]}]}`,
	`{"confidence":[0.2,{"numeric":[">",0.5,"<=",0.9]}]}`,
	`{"confidence":[{"numeric":["<",0.9]}],"namespace":["default"]}`,
	`{"confidence":[{"anything-but":[0.5,1]}]}`,
}

// filter is a hook's filter as its maker wrote it; nil: none.
type filter map[string][]any

func parsed(text string) (f filter, tree any) {
	_ = json.Unmarshal([]byte(text), &f)    // a test holds that all can be read
	_ = json.Unmarshal([]byte(text), &tree) // in the form that a hook takes
	return f, tree
}

// titles are an event's names: areev's and standard's, and rem's.
var titles = map[events.Cause][2]string{
	events.Created: {"grain_created", "memory.created"}, events.Superseded: {"grain_superseded", "memory.updated"},
	events.Forgotten: {"grain_forgotten", "memory.deleted"}, events.MemoryErased: {"", "memory.deleted"},
	events.Recalled: {"", "memory.recalled"}, events.Erased: {"crypto_erase", ""}, events.Rotated: {"key_rotated", ""},
}

// title is what a dialect calls an event, "" where it has none.
func title(in string, c events.Cause) string {
	if in == dialect.REM {
		return titles[c][1]
	}
	return titles[c][0]
}

// sealed are the fields that stand in a grain's content.
var sealed = []string{"subject", "relation", "object", "tags", "confidence"}

// passes says whether a change must pass a hook's filter, and whether it may.
// They differ where a person or scope was erased: who is asked for content by
// then does not know it.
func (r *run) passes(f filter, c change.Change) (must, may bool) {
	wide := c.Cause == events.Erased || c.Cause == events.Rotated
	if _, typed := f["event_type"]; wide && !typed {
		return true, true
	}
	facts := r.facts(c)
	unknown := !r.erased(c).asked.IsZero()
	must, may = true, true
	for field, list := range f {
		met := slices.ContainsFunc(list, func(entry any) bool { return meets(entry, facts[field]) })
		if field == "event_type" {
			met = slices.ContainsFunc(list, func(entry any) bool { return typed(entry, titles[c.Cause]) })
		}
		hidden := slices.Contains(sealed, field)
		if hidden && c.Cause == events.MemoryErased {
			continue // its content is gone, and who keeps a copy must hear of it
		}
		must = must && met && !(hidden && unknown)
		may = may && (met || hidden && unknown)
	}
	return must, may
}

// typed says whether an entry accepts an event: by one of its names, or where it
// excludes, by all that it has.
func typed(entry any, names [2]string) bool {
	object, _ := entry.(map[string]any)
	_, excludes := object["anything-but"]
	for _, name := range names {
		if met := meets(entry, []any{name}); name != "" && met != excludes {
			return met
		}
	}
	return excludes
}

// meets says whether any of a field's values is what an entry asks for.
func meets(entry any, values []any) bool {
	object, operates := entry.(map[string]any)
	if !operates {
		return slices.Contains(values, entry)
	}
	if exists, ok := object["exists"].(bool); ok {
		return exists == (len(values) > 0)
	}
	return slices.ContainsFunc(values, func(v any) bool { return holds(object, v) })
}

// holds says whether one value is what an operator asks for.
func holds(object map[string]any, v any) bool {
	text, _ := v.(string)
	number, _ := v.(float64)
	for operator, operand := range object {
		switch operand := operand.(type) {
		case string:
			return strings.HasPrefix(text, operand) && operator == "prefix" || text != operand && operator == "anything-but"
		case map[string]any:
			return !holds(operand, v)
		case []any:
			return operator == "anything-but" && !slices.Contains(operand, v) || operator == "numeric" && within(operand, number)
		}
	}
	return false
}

// within says whether a number lies where a list of comparisons wants it.
func within(list []any, n float64) bool {
	for i := 0; i+1 < len(list); i += 2 {
		end, _ := list[i+1].(float64)
		if fits := map[any]bool{"<": n < end, "<=": n <= end, ">": n > end, ">=": n >= end, "=": n == end}; !fits[list[i]] {
			return false
		}
	}
	return true
}
