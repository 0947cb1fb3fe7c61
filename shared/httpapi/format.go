package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/wire"
)

const jsonType = "application/json"

// jsonFormat is how bodies are read and written: strictly, numbers exactly.
var jsonFormat = huma.Format{Marshal: writeJSON, Unmarshal: readJSON}

// writeJSON writes numbers as they are stored and text as it is.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// readJSON is called twice for each body: first for a tree that is held
// against the schema, which is where the strict parser stands, then for the
// input itself, whose open parts get their numbers as json.Number.
func readJSON(data []byte, v any) error {
	if tree, ok := v.(*any); ok {
		parsed, err := wire.Parse(data)
		*tree = measurable(parsed)
		return err
	}
	return decode(data, v)
}

// decode reads what the strict parser took. Where an integer is wanted, a whole
// number is one however it is written.
func decode(data []byte, v any) error {
	for {
		dec := json.NewDecoder(bytes.NewReader(data))
		dec.UseNumber()
		err := dec.Decode(v)
		var mismatch *json.UnmarshalTypeError
		if !errors.As(err, &mismatch) {
			return err
		}
		plain, ok := plainInteger(data, mismatch)
		if !ok {
			return fmt.Errorf("%s must be %s", mismatch.Field, wanted(mismatch.Type))
		}
		data = plain
	}
}

// plainInteger writes the whole number that a decoder stumbled over, such as
// 1.0 or 1e3, without fraction or exponent; false where it is none, or not exact.
func plainInteger(data []byte, m *json.UnmarshalTypeError) ([]byte, bool) {
	written, isNumber := strings.CutPrefix(m.Value, "number ")
	end := int(m.Offset)
	if !isNumber || m.Type.Kind() != reflect.Int && m.Type.Kind() != reflect.Int64 || !bytes.HasSuffix(data[:min(end, len(data))], []byte(written)) {
		return nil, false
	}
	const exact = 1 << 53 // from here on not every integer is a number of 64 bits
	f, err := strconv.ParseFloat(written, 64)
	plain := strconv.FormatInt(int64(f), 10)
	if err != nil || math.Abs(f) >= exact || f != math.Trunc(f) || plain == written {
		return nil, false
	}
	return slices.Concat(data[:end-len(written)], []byte(plain), data[end:]), true
}

func wanted(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		return "an integer of 64 bits"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a string"
	case reflect.Slice:
		return "an array"
	default:
		return "an object"
	}
}

// measurable replaces numbers by what the schema's bounds can be held against.
// It changes v.
func measurable(v any) any {
	switch v := v.(type) {
	case json.Number:
		f, _ := strconv.ParseFloat(string(v), 64) // the parser refused what overflows
		return f
	case []any:
		for i := range v {
			v[i] = measurable(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = measurable(v[k])
		}
	}
	return v
}

// optional is a field of a PATCH that may be absent, null or a value.
type optional[T any] struct {
	Given bool
	Value *T // nil where null was given
}

// UnmarshalJSON is called only where the field is given.
func (o *optional[T]) UnmarshalJSON(data []byte) error {
	o.Given = true
	return decode(data, &o.Value)
}

// Schema describes what may be given.
func (optional[T]) Schema(r huma.Registry) *huma.Schema {
	s := *r.Schema(reflect.TypeFor[T](), true, "")
	s.Nullable = s.Type != ""
	return &s
}

// wantsNone refuses a body where the operation takes none; an empty object is
// no body.
func (e endpoint) wantsNone(body []byte) error {
	if e.operation == nil || e.operation.RequestBody != nil || e.Method == http.MethodDelete {
		return nil
	}
	parsed, err := wire.Parse(body)
	if err != nil {
		return err
	}
	if object, ok := parsed.(map[string]any); !ok || len(object) > 0 {
		return fault.New(fault.InvalidField, "this call takes no body: send none, or {}")
	}
	return nil
}

// clears refuses a null in a PATCH for a field that it does not clear: what is
// not given stays, and null could be meant as either.
func (e endpoint) clears(body []byte) error {
	if e.Method != http.MethodPatch || e.body == nil {
		return nil
	}
	parsed, err := wire.Parse(body)
	if err != nil {
		return err
	}
	object, _ := parsed.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if field := e.body.Properties[name]; object[name] == nil && field != nil && !field.Nullable {
			return fault.New(fault.InvalidField, "%s can't be null: send its new value, or leave it out and it stays as it is", name)
		}
	}
	return nil
}
