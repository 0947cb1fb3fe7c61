package diagnosis

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/wire"
)

// rewritten are the bodies of which body may be another spelling: the form
// that is signed, which JSON.stringify gives, with its keys as they stand and
// with them in the order of each event's fields.
func rewritten(body []byte) []form {
	v, err := inOrder(body)
	if err != nil {
		return nil
	}
	var forms []form
	if again, err := wire.Append(nil, v); err == nil {
		forms = add(forms, again, "the body was written anew as JSON: its spaces, escapes or numbers are others")
	}
	for _, t := range events.Catalog {
		for _, fields := range [][]events.Field{t.AreevFields, t.REMFields} {
			if again, err := wire.Append(nil, sorted(v, orderOf(fields))); err == nil {
				forms = add(forms, again, "the body was written anew as JSON with its keys in another order")
			}
		}
	}
	return forms
}

// envelope is the keys that frame a body in any dialect, before those of its
// event.
var envelope = []string{"id", "event", "type", "timestamp", "data"}

func orderOf(fields []events.Field) []string {
	order := slices.Clone(envelope)
	for _, f := range fields {
		order = append(order, f.Name)
	}
	return append(order, "redacted")
}

// sorted puts the keys of an event, and of what it frames, into an order; the
// keys of what the caller stored are in the order of their bytes.
func sorted(v any, order []string) any {
	o, ok := v.(wire.Object)
	if !ok {
		return v
	}
	o = slices.Clone(o)
	place := func(m wire.Member) int {
		if i := slices.Index(order, m.Key); i >= 0 {
			return i
		}
		return len(order)
	}
	slices.SortStableFunc(o, func(a, b wire.Member) int { return place(a) - place(b) })
	for i := range o {
		if o[i].Key == "data" {
			o[i].Value = sorted(o[i].Value, order)
		}
	}
	return o
}

// errNoJSON is what reading a body ends with that is no JSON.
var errNoJSON = errors.New("the body is no JSON")

// inOrder reads JSON with its keys in their order. What json.Valid refuses is
// not gone into: it bounds how deep values stand in each other, and a decoder's
// tokens do not.
func inOrder(body []byte) (any, error) {
	if !json.Valid(body) {
		return nil, errNoJSON
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	return value(decoder)
}

func value(d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('{'):
		return object(d)
	case json.Delim('['):
		list := []any{}
		for d.More() {
			v, err := value(d)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err = d.Token()
		return list, err
	}
	return token, nil
}

func object(d *json.Decoder) (any, error) {
	o := wire.Object{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := value(d)
		if err != nil {
			return nil, err
		}
		name, _ := key.(string)
		o = append(o, wire.Member{Key: name, Value: v})
	}
	_, err := d.Token()
	return o, err
}

// textOf is a string of an object, "" where it has none of that name.
func textOf(v any, name string) string {
	o, _ := v.(wire.Object)
	for _, m := range o {
		if m.Key == name {
			text, _ := m.Value.(string)
			return text
		}
	}
	return ""
}
