package hook

import (
	"slices"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook/pattern"
	"github.com/memhooks/memhooks/shared/memory/grain"
)

// ParseFilter reads a filter for the hook: a pattern whose event types are of
// events that the hook's dialect has, in any dialect's words, and whose grain
// types are those there are; anything-but may name events of any dialect. Any
// other name is a fault.InvalidField that lists these, for no event has it. What
// a store holds is read by pattern.Parse.
func (h *Hook) ParseFilter(tree any) (pattern.Pattern, error) {
	p, err := pattern.Parse(tree)
	if err != nil {
		return p, err
	}
	has, hasNot := p.Values("event_type")
	is, isNot := p.Values("grain_type")
	for _, closed := range []struct {
		values, known []string
		wrong         string
	}{
		{has, eventTypes(h.Dialect), "filter.event_type: a hook of the dialect " + strconv.Quote(h.Dialect) + " has no event"},
		{hasNot, eventTypes(dialect.Names()...), "filter.event_type: there is no event"},
		{slices.Concat(is, isNot), grain.Names(), "filter.grain_type: there is no type"},
	} {
		for _, v := range closed.values {
			if !slices.Contains(closed.known, v) {
				return pattern.Pattern{}, fault.New(fault.InvalidField, "%s %.64q; use one of %s", closed.wrong, v, strings.Join(closed.known, ", "))
			}
		}
	}
	return p, nil
}

// eventTypes are the names that events of some dialects have in any dialect.
func eventTypes(of ...string) []string {
	var names []string
	for _, t := range events.Catalog {
		if !slices.ContainsFunc(of, func(name string) bool { return dialect.Has(name, t.Cause) }) {
			continue
		}
		for _, name := range []string{t.Areev, t.REM} {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}
