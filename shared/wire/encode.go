// Package wire is the one JSON encoder for everything that is signed and the
// one strict parser for everything that comes in. What Append writes is exactly
// what JavaScript's JSON.stringify(JSON.parse(text)) gives back, so a receiver
// that re-serialises a body before it verifies the signature succeeds.
package wire

import (
	"encoding/json"
	"slices"
	"strconv"

	"github.com/memhooks/memhooks/shared/fault"
)

// maxWritten is how deep a value may nest when it is written. It is twice what
// Parse takes, so that parsed values fit into envelopes; a map that holds
// itself ends here.
const maxWritten = 2 * maxNesting

// maxExact is 2^53: up to here float64 holds every integer.
const maxExact = 1 << 53

// Member is one key of an Object with its value, of a kind that Append takes.
type Member struct {
	Key   string
	Value any
}

// Object is a JSON object whose members are written in this order, except that
// keys which JavaScript treats as array indices (decimal 0 to 4294967294
// without leading zeros) come first, ascending, as they would after JSON.parse.
// A nil Object is written as {}.
type Object []Member

// Append appends v as JSON to dst. v is nil, bool, string, int, int64, uint64,
// float64, json.Number, []any, []string, map[string]any, Object or []Object,
// nested at most 64 deep; nil slices and maps are written empty. Map keys are
// in byte order, array indices first. Every number becomes the nearest float64
// and is printed as JavaScript prints it: beyond 2^53 digits are lost, -0 is 0.
//
// It refuses, with fault.InvalidField, what JSON can't hold or JavaScript would
// change: invalid UTF-8, NaN, infinities, a json.Number that is no JSON number
// of at most 400 characters within float64's range, the same key twice in an
// Object; with fault.Internal any other type. On error dst comes back at its
// old length. It allocates only to grow dst, to reorder an Object, and for
// objects of more than 24 members.
func Append(dst []byte, v any) ([]byte, error) {
	return encode(dst, v, writer{})
}

// AppendExact is Append, except that integers and json.Number literals are
// written digit by digit as they are, also where float64 can't hold them:
// API answers keep what the caller stored, events carry what JavaScript reads.
func AppendExact(dst []byte, v any) ([]byte, error) {
	return encode(dst, v, writer{exact: true})
}

func encode(dst []byte, v any, w writer) ([]byte, error) {
	out, err := w.value(dst, v, 0)
	if err != nil {
		return dst, err
	}
	return out, nil
}

// writer appends values; exact keeps digits that float64 would lose.
type writer struct{ exact bool }

func (w writer) value(dst []byte, v any, depth int) ([]byte, error) {
	switch v := v.(type) {
	case nil:
		return append(dst, "null"...), nil
	case bool:
		return strconv.AppendBool(dst, v), nil
	case string:
		return appendString(dst, v)
	case int:
		return w.integer(dst, int64(v))
	case int64:
		return w.integer(dst, v)
	case uint64:
		if w.exact || v <= maxExact {
			return strconv.AppendUint(dst, v, 10), nil
		}
		return appendFloat(dst, float64(v))
	case float64:
		return appendFloat(dst, v)
	case json.Number:
		return w.literal(dst, string(v))
	}
	if depth == maxWritten {
		return nil, fault.New(fault.InvalidField, "a value nests deeper than %d levels; flatten it", maxWritten)
	}
	switch v := v.(type) {
	case []any:
		return list(dst, v, func(dst []byte, e any) ([]byte, error) { return w.value(dst, e, depth+1) })
	case []string:
		return list(dst, v, appendString)
	case []Object:
		return list(dst, v, func(dst []byte, o Object) ([]byte, error) { return w.object(dst, o, depth+1) })
	case map[string]any:
		return w.mapping(dst, v, depth)
	case Object:
		return w.object(dst, v, depth)
	}
	return nil, fault.New(fault.Internal, "wire can't write a %T; convert it to a kind that Append lists", v)
}

func list[E any](dst []byte, elements []E, write func([]byte, E) ([]byte, error)) ([]byte, error) {
	dst = append(dst, '[')
	var err error
	for i, e := range elements {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst, err = write(dst, e); err != nil {
			return nil, err
		}
	}
	return append(dst, ']'), nil
}

func (w writer) mapping(dst []byte, m map[string]any, depth int) ([]byte, error) {
	var room [24]string
	keys := room[:0]
	for key := range m {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, compareKeys)
	dst = append(dst, '{')
	var err error
	for i, key := range keys {
		if dst, err = w.member(dst, i, key, m[key], depth); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (w writer) object(dst []byte, o Object, depth int) ([]byte, error) {
	if depth == maxWritten {
		return nil, fault.New(fault.InvalidField, "a value nests deeper than %d levels; flatten it", maxWritten)
	}
	if i := repeated(o); i >= 0 {
		return nil, fault.New(fault.InvalidField, "member %d of an object has the key of an earlier one; keep one of them", i+1)
	}
	if !slices.IsSortedFunc(o, compareMembers) {
		o = slices.Clone(o)
		slices.SortStableFunc(o, compareMembers)
	}
	dst = append(dst, '{')
	var err error
	for i := range o {
		if dst, err = w.member(dst, i, o[i].Key, o[i].Value, depth); err != nil {
			return nil, err
		}
	}
	return append(dst, '}'), nil
}

func (w writer) member(dst []byte, i int, key string, v any, depth int) ([]byte, error) {
	if i > 0 {
		dst = append(dst, ',')
	}
	dst, err := appendString(dst, key)
	if err != nil {
		return nil, err
	}
	return w.value(append(dst, ':'), v, depth+1)
}

func (w writer) integer(dst []byte, n int64) ([]byte, error) {
	if w.exact || -maxExact <= n && n <= maxExact {
		return strconv.AppendInt(dst, n, 10), nil
	}
	return appendFloat(dst, float64(n))
}

func (w writer) literal(dst []byte, s string) ([]byte, error) {
	n, whole := scanNumber(s)
	if n == 0 || n != len(s) || n > maxNumber {
		return nil, fault.New(fault.InvalidField, "a number is not written as JSON writes numbers, in at most %d characters; mend the literal", maxNumber)
	}
	if whole && n <= shortNumber && s != "-0" {
		return append(dst, s...), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return nil, errRange()
	}
	if w.exact {
		return append(dst, s...), nil
	}
	return appendFloat(dst, f)
}
