package grain

import (
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/fault"
)

// maxDepth is how deep objects and arrays may nest.
const maxDepth = 128

// byteOrderMark may not begin a string.
const byteOrderMark = "\ufeff"

// cleaner copies a JSON tree into its normal form.
type cleaner struct {
	at    string // the top-level field, for messages; empty at the top
	depth int
}

// refuse makes the error that names the field.
func (c cleaner) refuse(format string, args ...any) error {
	if c.at == "" {
		return fault.New(fault.InvalidField, "the grain "+format, args...)
	}
	return fault.New(fault.InvalidField, "field %.64q "+format, append([]any{c.at}, args...)...)
}

// value copies any value; known is what is known of the objects in it.
func (c cleaner) value(v any, known *schema) (any, error) {
	switch v := v.(type) {
	case nil, bool:
		return v, nil
	case string:
		return c.text(v)
	case json.Number:
		var room [9]byte
		if _, err := appendNumber(room[:0], string(v), false); err != nil {
			return nil, c.refuse("holds a number that can't be kept: %s", err)
		}
		return v, nil
	case []any:
		return c.array(v, known)
	case map[string]any:
		return c.object(v, known)
	}
	return nil, c.refuse("holds a Go %T: give JSON values, numbers as json.Number", v)
}

// text returns s in NFC.
func (c cleaner) text(s string) (string, error) {
	if strings.HasPrefix(s, byteOrderMark) {
		return "", c.refuse("has text that begins with a byte-order mark (U+FEFF): remove it")
	}
	if !utf8.ValidString(s) {
		return "", c.refuse("has text that is not valid UTF-8: send UTF-8")
	}
	return nfc(s), nil
}

// array copies a with its order and its nulls, whose places count.
func (c cleaner) array(a []any, known *schema) (any, error) {
	if c.depth++; c.depth > maxDepth {
		return nil, c.refuse("nests deeper than %d levels: flatten it", maxDepth)
	}
	out := make([]any, len(a))
	for i, v := range a {
		var err error
		if out[i], err = c.value(v, known); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// object copies m without its null entries, and holds the fields that are known
// to their kinds.
func (c cleaner) object(m map[string]any, known *schema) (map[string]any, error) {
	if c.depth++; c.depth > maxDepth {
		return nil, c.refuse("nests deeper than %d levels: flatten it", maxDepth)
	}
	out := make(map[string]any, len(m)+4)
	for k, v := range m {
		if v == nil {
			continue
		}
		name, err := c.text(k)
		if err != nil {
			return nil, err
		}
		if long, ok := known.reserved(name); ok {
			return nil, c.refuse("has the name %q, which is the short form of %q: use the long one", name, long)
		}
		if _, twice := out[name]; twice {
			return nil, c.refuse("has the name %.64q twice, written in two ways: give it once", name)
		}
		if v, err = c.entry(name, v, known.find(name)); err != nil {
			return nil, err
		}
		if v != nil {
			out[name] = v
		}
	}
	return out, nil
}

// entry copies the value of one entry; nil means it is left out.
func (c cleaner) entry(name string, v any, f *field) (any, error) {
	if c.at == "" {
		c.at = name
	}
	if f == nil {
		return c.value(v, nil)
	}
	if f.kind == outside {
		return nil, nil
	}
	v, err := c.value(v, f.items)
	if err != nil {
		return nil, err
	}
	switch wants := f.kind.refuses(v); {
	case wants == "":
	case c.at == name:
		return nil, c.refuse("must be %s", wants)
	default:
		return nil, c.refuse("must have %s as its %q", wants, name)
	}
	if a, ok := v.([]any); ok && f.noEmpty && len(a) == 0 {
		return nil, nil
	}
	return v, nil
}
