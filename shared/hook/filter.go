package hook

import (
	"slices"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook/pattern"
	"github.com/memhooks/memhooks/shared/memory/grain"
)

// ParseFilter reads a filter for the hook: a pattern whose event types are of
// events that the hook's dialect has, in any dialect's words, and whose grain
// types are those there are. Any other is a fault.InvalidField that lists these,
// for it would never be met. What a store holds is read by pattern.Parse.
func (h *Hook) ParseFilter(tree any) (pattern.Pattern, error) {
	p, err := pattern.Parse(tree)
	if err != nil {
		return p, err
	}
	for _, closed := range []struct {
		field string
		known []string
	}{{"event_type", eventTypes(h.Dialect)}, {"grain_type", grain.Names()}} {
		for _, v := range p.Values(closed.field) {
			if !slices.Contains(closed.known, v) {
				return pattern.Pattern{}, fault.New(fault.InvalidField, "filter.%s is never %.64q for a hook of the dialect %q; use one of %s",
					closed.field, v, h.Dialect, strings.Join(closed.known, ", "))
			}
		}
	}
	return p, nil
}

// eventTypes are the names that events of a dialect have in any dialect.
func eventTypes(of string) []string {
	var names []string
	for _, t := range events.Catalog {
		for _, name := range []string{t.Areev, t.REM} {
			if name != "" && dialect.Has(of, t.Cause) && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
