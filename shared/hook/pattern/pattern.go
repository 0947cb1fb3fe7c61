// Package pattern holds a hook's filter: which events it wants, written as an
// EventBridge-style pattern over an event's fields.
//
// A pattern is an object of fields, each with a list of conditions. An event
// matches when every field named matches; a field matches when any condition
// of its list holds for any of its values. That last rule is EventBridge's own
// and reaches into anything-but: {"tags":[{"anything-but":"a"}]} matches the
// tags a and b, because b is something else. The names of an event's type are
// not values of that kind but one value in each dialect's words: anything-but
// excludes it by any of them. A field without a value is absent, and only
// {"exists":false} matches it.
package pattern

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
)

// Pattern is a parsed filter. The zero value matches every event. It is
// immutable and safe for concurrent use.
type Pattern struct {
	tree  any
	rules []rule // in the order of the fields table
}

// rule is what one field has to meet: any of its conditions.
type rule struct {
	field
	conditions []condition
}

// condition is one entry of a field's list.
type condition struct {
	match  func(value string) bool // nil: no value can meet it
	absent bool                    // met by a field without a value
	other  bool                    // met by a value that is something else
}

// field is something of an event that a pattern may constrain.
type field struct {
	name    string
	number  bool // compared as a number
	content bool // what it holds is sealed with the grain
	names   bool // its values are names of one thing
}

// fields are all fields a pattern may name, in the order they are checked.
var fields = [...]field{
	{name: "event_type", names: true},
	{name: "grain_type"},
	{name: "namespace"},
	{name: "user_id"},
	{name: "scope_path"},
	{name: "subject", content: true},
	{name: "relation", content: true},
	{name: "object", content: true},
	{name: "tags", content: true},
	{name: "confidence", content: true, number: true},
}

// Lookup returns a field's values, more than one only for tags, and false (or
// no value) where the field is absent; confidence comes as its decimal text.
type Lookup func(field string) ([]string, bool)

// Match reports whether an event matches. get is called once for each field the
// pattern names, until one fails.
func (p Pattern) Match(get Lookup) bool {
	return p.failing(get, everyRule) == nil
}

// MatchMetadata is Match of an event whose content is not known: what the
// pattern wants of it counts as met.
func (p Pattern) MatchMetadata(get Lookup) bool {
	return p.failing(get, func(r *rule) bool { return !r.content }) == nil
}

// Explain is Match with the reason: the first field that fails and what the
// pattern wants of it, "" where the event matches. The reason quotes only the
// pattern, never the event.
func (p Pattern) Explain(get Lookup) (ok bool, why string) {
	r := p.failing(get, everyRule)
	if r == nil {
		return true, ""
	}
	wanted := quote(p.tree.(map[string]any)[r.name])
	if values, found := get(r.name); !found || len(values) == 0 {
		return false, fmt.Sprintf("%s is absent, which none of %s accepts", r.name, wanted)
	}
	return false, fmt.Sprintf("%s meets none of %s", r.name, wanted)
}

// Names reports whether the pattern constrains a field.
func (p Pattern) Names(field string) bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.name == field })
}

// Only returns the values that a field must have one of, where the pattern says
// so by listing them and nothing else; none where it does not.
func (p Pattern) Only(field string) []string {
	tree, _ := p.tree.(map[string]any)
	list, _ := tree[field].([]any)
	values, _ := texts(list)
	return values
}

// Values returns the plain values that a field is compared with: those that it
// may have, and those of anything-but; none of confidence.
func (p Pattern) Values(field string) (may, not []string) {
	tree, _ := p.tree.(map[string]any)
	list, _ := tree[field].([]any)
	for _, item := range list {
		operator, isObject := item.(map[string]any)
		if !isObject {
			values, _ := texts([]any{item})
			may = append(may, values...)
			continue
		}
		several, isList := operator["anything-but"].([]any)
		if !isList {
			several = []any{operator["anything-but"]}
		}
		values, _ := texts(several)
		not = append(not, values...)
	}
	return may, not
}

// NeedsContent reports whether matching takes what is sealed with a grain:
// its subject, relation, object, tags or confidence.
func (p Pattern) NeedsContent() bool {
	return slices.ContainsFunc(p.rules, func(r rule) bool { return r.content })
}

// JSON returns the tree that Parse was given, nil for the zero value. It is
// shared, so it must not be changed.
func (p Pattern) JSON() any { return p.tree }

// failing returns the first rule that counts and that an event does not meet,
// nil for none.
func (p Pattern) failing(get Lookup, counts func(*rule) bool) *rule {
	for i := range p.rules {
		if !counts(&p.rules[i]) {
			continue
		}
		values, found := get(p.rules[i].name)
		if !found {
			values = nil
		}
		if !p.rules[i].met(values) {
			return &p.rules[i]
		}
	}
	return nil
}

func everyRule(*rule) bool { return true }

func (r *rule) met(values []string) bool {
	for _, c := range r.conditions {
		if c.absent && len(values) == 0 {
			return true
		}
		switch {
		case c.match == nil:
		case r.names && c.other:
			if len(values) > 0 && !slices.ContainsFunc(values, func(v string) bool { return !c.match(v) }) {
				return true
			}
		case slices.ContainsFunc(values, c.match):
			return true
		}
	}
	return false
}

// quote prints a part of a pattern as JSON, cut to what a line can show.
func quote(v any) string {
	const limit = 200 // runes
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return "its list" // no tree that Parse accepted comes here
	}
	text := []rune(string(bytes.TrimSpace(b.Bytes())))
	if len(text) > limit {
		return string(text[:limit]) + "…"
	}
	return string(text)
}
