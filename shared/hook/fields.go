package hook

import (
	"encoding/json"
	"strconv"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

// Fields shows a change to patterns, of as many hooks as there are: each field
// is read once. Content fields come from view. It is for one goroutine.
func Fields(c *change.Change, view change.View) pattern.Lookup {
	type field struct {
		name   string
		values []string
		found  bool
	}
	var known []field
	return func(name string) ([]string, bool) {
		for i := range known {
			if known[i].name == name {
				return known[i].values, known[i].found
			}
		}
		values, found := read(c, view, name)
		known = append(known, field{name, values, found})
		return values, found
	}
}

func read(c *change.Change, view change.View, field string) ([]string, bool) {
	switch field {
	case "event_type":
		t, _ := events.Lookup(c.Cause)
		return names(t.Areev, t.REM)
	case "grain_type":
		return names(c.GrainType)
	case "namespace":
		return names(c.Namespace)
	case "user_id":
		return names(c.UserID)
	case "scope_path":
		return names(c.ScopePath)
	}
	return values(view[field])
}

func names(all ...string) ([]string, bool) {
	var out []string
	for _, s := range all {
		if s != "" {
			out = append(out, s)
		}
	}
	return out, len(out) > 0
}

func values(v any) ([]string, bool) {
	switch v := v.(type) {
	case string:
		return []string{v}, true
	case json.Number:
		return []string{v.String()}, true
	case float64:
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}, true
	case []any:
		out := make([]string, 0, len(v))
		for _, e := range v {
			if s, ok := e.(string); ok {
				out = append(out, s)
			}
		}
		return out, len(out) > 0
	default:
		return nil, false
	}
}
