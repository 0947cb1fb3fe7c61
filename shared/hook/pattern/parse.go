package pattern

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/text/unicode/norm"

	"github.com/memhooks/memhooks/shared/fault"
)

// MaxConditions is how many conditions a pattern may have: entries of its
// fields' lists, and of the lists of anything-but.
const MaxConditions = 100

// Parse reads a pattern from a decoded JSON tree: an object of fields, each
// with a list that is not empty, of strings (numbers for confidence) and
// objects with one operator: prefix, anything-but, exists; confidence takes
// numeric instead of prefix; MaxConditions in all. Strings are compared in
// Unicode's form NFC, in which grains are stored. nil and the empty object match everything. The
// tree is kept and must not be changed afterwards. What is wrong with a
// pattern is a fault.InvalidField that says what is accepted there.
func Parse(v any) (Pattern, error) {
	if v == nil {
		return Pattern{}, nil
	}
	tree, ok := v.(map[string]any)
	if !ok {
		return Pattern{}, fault.New(fault.InvalidField,
			`filter must be an object of fields with lists, such as {"namespace":["default"]}`)
	}
	for _, name := range slices.Sorted(maps.Keys(tree)) {
		if !slices.ContainsFunc(fields[:], func(f field) bool { return f.name == name }) {
			return Pattern{}, fault.New(fault.InvalidField,
				"filter: unknown field %.64q; use one of %s", name, fieldNames())
		}
	}
	if n := conditionsOf(tree); n > MaxConditions {
		return Pattern{}, fault.New(fault.InvalidField,
			"filter has %d conditions; at most %d are accepted: use prefix, or several hooks", n, MaxConditions)
	}
	p := Pattern{tree: v}
	for _, f := range fields {
		list, named := tree[f.name]
		if !named {
			continue
		}
		conditions, err := f.conditions(list)
		if err != nil {
			return Pattern{}, err
		}
		p.rules = append(p.rules, rule{field: f, conditions: conditions})
	}
	return p, nil
}

// conditionsOf counts what a tree asks for.
func conditionsOf(tree map[string]any) (n int) {
	for _, v := range tree {
		list, _ := v.([]any)
		n += len(list)
		for _, item := range list {
			operator, _ := item.(map[string]any)
			excluded, _ := operator["anything-but"].([]any)
			n += max(len(excluded)-1, 0)
		}
	}
	return n
}

// conditions reads a field's list. Its plain values become one condition.
func (f field) conditions(v any) ([]condition, error) {
	list, ok := v.([]any)
	if !ok || len(list) == 0 {
		return nil, f.invalid("must be a list that is not empty, of %s", f.accepted())
	}
	var conditions []condition
	var plain []any
	for _, item := range list {
		operator, isObject := item.(map[string]any)
		if !isObject {
			plain = append(plain, item)
			continue
		}
		c, err := f.operator(operator)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, c)
	}
	if len(plain) == 0 {
		return conditions, nil
	}
	among, ok := f.among(plain)
	if !ok {
		return nil, f.invalid("takes in its list %s", f.accepted())
	}
	return append(conditions, condition{match: among}), nil
}

// operator reads an object of one operator and its operand.
func (f field) operator(object map[string]any) (condition, error) {
	if len(object) != 1 {
		return condition{}, f.invalid("takes one operator an object, as in %s; write several as several objects", f.accepted())
	}
	for name, operand := range object {
		switch {
		case name == "exists":
			return f.exists(operand)
		case name == "anything-but":
			return f.anythingBut(operand)
		case name == "prefix" && !f.number:
			return f.prefix(operand)
		case name == "numeric" && f.number:
			return f.numeric(operand)
		default:
			return condition{}, f.invalid("has no operator %.64q; use %s", name, f.accepted())
		}
	}
	return condition{}, nil
}

func (f field) exists(operand any) (condition, error) {
	wanted, ok := operand.(bool)
	if !ok {
		return condition{}, f.invalid("exists takes true or false")
	}
	if wanted {
		return condition{match: func(string) bool { return true }}, nil
	}
	return condition{absent: true}, nil
}

func (f field) prefix(operand any) (condition, error) {
	prefix, ok := operand.(string)
	if !ok || prefix == "" {
		return condition{}, f.invalid("prefix takes a string that is not empty")
	}
	prefix = norm.NFC.String(prefix)
	return condition{match: func(value string) bool { return strings.HasPrefix(value, prefix) }}, nil
}

func (f field) anythingBut(operand any) (condition, error) {
	var excluded func(string) bool
	ok := false
	switch operand := operand.(type) {
	case map[string]any:
		if prefix, named := operand["prefix"]; named && len(operand) == 1 && !f.number {
			c, err := f.prefix(prefix)
			excluded, ok = c.match, err == nil
		}
	case []any:
		excluded, ok = f.among(operand)
	default:
		excluded, ok = f.among([]any{operand})
	}
	if !ok {
		return condition{}, f.invalid("anything-but takes %s", f.excludable())
	}
	return condition{match: func(value string) bool { return !excluded(value) }, other: true}, nil
}

// among reads plain values and returns the test of being one of them. False
// where there is none, or one of the wrong kind.
func (f field) among(list []any) (func(string) bool, bool) {
	if f.number {
		return amongNumbers(list)
	}
	values, ok := texts(list)
	if !ok {
		return nil, false
	}
	slices.Sort(values)
	return func(value string) bool {
		_, found := slices.BinarySearch(values, value)
		return found
	}, len(values) > 0
}

// texts reads a list of strings, in the form in which grains are stored; false
// where something else is among them.
func texts(list []any) ([]string, bool) {
	values := make([]string, len(list))
	for i, item := range list {
		value, ok := item.(string)
		if !ok {
			return nil, false
		}
		values[i] = norm.NFC.String(value)
	}
	return values, true
}

func amongNumbers(list []any) (func(string) bool, bool) {
	values := make([]float64, len(list))
	for i, item := range list {
		value, ok := number(item)
		if !ok {
			return nil, false
		}
		values[i] = value
	}
	slices.Sort(values)
	return func(text string) bool {
		value, err := strconv.ParseFloat(text, 64)
		_, found := slices.BinarySearch(values, value)
		return err == nil && found
	}, len(values) > 0
}

// number reads a JSON number; false for anything else and for a number that
// no float64 can hold.
func number(v any) (float64, bool) {
	switch v := v.(type) {
	case json.Number:
		f, err := strconv.ParseFloat(v.String(), 64)
		return f, err == nil && !math.IsNaN(f) && !math.IsInf(f, 0)
	case float64:
		return v, !math.IsNaN(v) && !math.IsInf(v, 0)
	default:
		return 0, false
	}
}

// invalid is a refusal that begins with the field's name.
func (f field) invalid(format string, args ...any) error {
	return fault.New(fault.InvalidField, "filter."+f.name+" "+format, args...)
}

// accepted names what a field's list may hold.
func (f field) accepted() string {
	if f.number {
		return `numbers, {"numeric":[">=",0.5]}, {"anything-but":…} and {"exists":true}`
	}
	return `strings, {"prefix":"…"}, {"anything-but":…} and {"exists":true}`
}

// excludable names what anything-but may be given.
func (f field) excludable() string {
	if f.number {
		return "a number or a list of numbers that is not empty"
	}
	return `a string, a list of strings that is not empty, or {"prefix":"…"} that is not empty`
}

func fieldNames() string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.name
	}
	return strings.Join(names, ", ")
}
