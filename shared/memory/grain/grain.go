// Package grain knows the ten grain types of the Open Memory Specification:
// what a grain may hold, how input is brought into its one normal form, and the
// content address that anyone else computes for it too.
package grain

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// maxAhead is how far a grain's created_at may lie ahead of the clock.
const maxAhead = 5 * time.Minute

// Grain is one item as it is stored and hashed. New makes it; it is not
// changed afterwards, and it may be rebuilt from its four stored parts.
type Grain struct {
	// Type is the wire name: belief, event, …
	Type string
	// Namespace is normalised; empty means none.
	Namespace string
	// CreatedAt is in milliseconds since 1970, negative before.
	CreatedAt int64
	// Fields holds every other field under its long name, as a JSON tree:
	// strings, bools, json.Number, []any, map[string]any.
	Fields map[string]any
}

// New brings input into the form that is stored and hashed: text in NFC,
// entries that are null and empty tags left out, defaults filled in, the
// store's own bookkeeping (superseded_by and its like) left out. Unknown fields
// are kept. The input is not changed and not shared; numbers must be
// json.Number, so that none passes through float64.
//
// The fields type, namespace and created_at may stand among the others, as they
// do in the specification: type and namespace must then agree with the
// arguments (an empty argument takes the field's namespace), created_at is the
// grain's time. It is now where absent, and at most five minutes ahead of it.
//
// A required field that is absent or empty is fault.MissingField; anything else
// that is not acceptable is fault.InvalidField: an unknown type, a known field
// of another JSON kind, a confidence outside 0 to 1, a number that MessagePack
// has no room for, a leading byte-order mark, invalid UTF-8, the short key of a
// known field, two names that are one in NFC, nesting beyond 128 levels.
func New(typeName, namespace string, fields map[string]any, now time.Time) (Grain, error) {
	t, err := Lookup(typeName)
	if err != nil {
		return Grain{}, err
	}
	kept, err := cleaner{}.object(fields, t.schema)
	if err != nil {
		return Grain{}, err
	}
	g := Grain{Type: t.name, Fields: kept}
	if err := t.agree(kept); err != nil {
		return Grain{}, err
	}
	if g.Namespace, err = takeNamespace(kept, namespace); err != nil {
		return Grain{}, err
	}
	if g.CreatedAt, err = takeCreatedAt(kept, now); err != nil {
		return Grain{}, err
	}
	if err := t.complete(kept); err != nil {
		return Grain{}, err
	}
	return g, nil
}

// agree takes the field type out and checks that it says what t is.
func (t Type) agree(kept map[string]any) error {
	named, ok := kept["type"].(string)
	if delete(kept, "type"); !ok {
		return nil
	}
	if other, err := Lookup(named); err != nil || other.name != t.name {
		return fault.New(fault.InvalidField, "field %q says %.64q but grain_type is %q: leave it out", "type", named, t.name)
	}
	return nil
}

// takeNamespace takes the field namespace out and joins it with the argument.
func takeNamespace(kept map[string]any, argument string) (string, error) {
	namespace, err := cleaner{at: "namespace"}.text(argument)
	if err != nil {
		return "", err
	}
	named, ok := kept["namespace"].(string)
	delete(kept, "namespace")
	switch {
	case !ok || named == namespace:
		return namespace, nil
	case namespace == "":
		return named, nil
	}
	return "", fault.New(fault.InvalidField, "two namespaces are given, %.64q and %.64q: give one", namespace, named)
}

// takeCreatedAt takes the field created_at out.
func takeCreatedAt(kept map[string]any, now time.Time) (int64, error) {
	given, ok := kept["created_at"].(json.Number)
	delete(kept, "created_at")
	if !ok {
		return now.UnixMilli(), nil
	}
	ms, err := strconv.ParseInt(string(given), 10, 64)
	if err != nil {
		return 0, fault.Wrap(fault.InvalidField, err, "field %q must be milliseconds since 1970", "created_at")
	}
	if ms > now.Add(maxAhead).UnixMilli() {
		return 0, fault.New(fault.InvalidField, "field %q is more than five minutes ahead of now: give milliseconds since 1970, or leave it out", "created_at")
	}
	return ms, nil
}

// complete requires, fills in and renames fields as the type's row says.
func (t Type) complete(kept map[string]any) error {
	for _, f := range t.special {
		value, given := kept[f.name]
		if f.as != "" {
			stored, already := kept[f.as]
			switch {
			case !given:
				value, given = stored, already
			case already && stored != value:
				return fault.New(fault.InvalidField, "fields %q and %q are one for grain_type %q and differ: give %q", f.name, f.as, t.name, f.name)
			}
			if given {
				delete(kept, f.name)
				kept[f.as] = value
			}
		}
		if f.must && (!given || value == "") {
			return fault.New(fault.MissingField, "grain_type %q needs a non-empty %q", t.name, f.name)
		}
		if f.absent != nil && !given {
			kept[f.name] = f.absent
		}
	}
	return nil
}
