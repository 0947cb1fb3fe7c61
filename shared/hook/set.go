package hook

import (
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook/pattern"
)

// Set is the hooks of one memory, kept by what they ask for, so that a change
// is tried on those that may want it, however many others there are. It is
// never changed, and safe for concurrent use. The zero value is without hooks.
type Set struct {
	hooks []Hook // in the order they were given
	keyed map[string]map[string][]int
	other []int // the hooks that only trying tells
}

// NewSet makes a set of hooks, which must not be changed afterwards.
func NewSet(hooks []Hook) Set {
	s := Set{hooks: hooks, keyed: make(map[string]map[string][]int)}
	for i := range hooks {
		field, values := hooks[i].key()
		if field == "" {
			s.other = append(s.other, i)
			continue
		}
		if s.keyed[field] == nil {
			s.keyed[field] = make(map[string][]int)
		}
		for _, v := range values {
			s.keyed[field][v] = append(s.keyed[field][v], i)
		}
	}
	return s
}

// All returns the hooks in the order they were given, not to be changed.
func (s Set) All() []Hook { return s.hooks }

// Wanting calls f with each hook that wants a change, in the order they were
// given. fields is what Fields made of the change.
func (s Set) Wanting(c *change.Change, fields pattern.Lookup, f func(*Hook)) {
	if memoryWide(c) {
		for i := range s.hooks {
			s.try(i, c, fields, f)
		}
		return
	}
	for _, i := range s.candidates(fields) {
		s.try(i, c, fields, f)
	}
}

func (s Set) try(i int, c *change.Change, fields pattern.Lookup, f func(*Hook)) {
	if h := &s.hooks[i]; h.Wants(c, fields) {
		f(h)
	}
}

// candidates are the hooks that ask for a value which the change has, and those
// that have to be tried.
func (s Set) candidates(fields pattern.Lookup) []int {
	found, lists := s.other, 1
	for field, hooks := range s.keyed {
		values, _ := fields(field)
		for _, v := range values {
			if list := hooks[v]; len(list) > 0 {
				found, lists = append(slices.Clip(found), list...), lists+1
			}
		}
	}
	if lists == 1 {
		return found
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// keys are the fields that a hook may be kept by, the most telling first.
var keys = [...]string{"user_id", "scope_path", "namespace", "grain_type", "event_type"}

// key returns a field and its values of which one stands in every change that
// the hook sees, those of a whole memory apart; "" where there is none.
func (h *Hook) key() (field string, values []string) {
	for _, field := range keys {
		if values := h.Pattern.Only(field); len(values) > 0 {
			return field, values
		}
		if field == "namespace" && h.Namespace != nil && *h.Namespace != "" {
			return field, []string{*h.Namespace}
		}
	}
	return "", nil
}
