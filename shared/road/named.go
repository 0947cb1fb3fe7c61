package road

import (
	"errors"
	"fmt"
	"reflect"

	"github.com/caarlos0/env/v11"
)

// accepted says what a type of setting takes, for those whose own error does
// not.
var accepted = map[string]string{
	"Duration": "a duration such as 10s, 5m or 720h",
	"float64":  "a number",
	"int":      "a whole number",
	"int64":    "a whole number",
}

// named turns a parser's error into one line with the setting's own name. The
// value of a hidden setting is not shown.
func named(err error, vars map[string]string) error {
	var parse env.ParseError
	var all env.AggregateError
	if errors.As(err, &all) {
		for _, e := range all.Errors {
			if errors.As(e, &parse) {
				break
			}
		}
	}
	field, ok := reflect.TypeFor[Settings]().FieldByName(parse.Name)
	if !ok {
		return fmt.Errorf("settings: %w", err)
	}
	name := field.Tag.Get("env")
	want := parse.Err.Error()
	if w, ok := accepted[field.Type.Name()]; ok {
		want = "use " + w
	}
	value := vars[name]
	if field.Type == reflect.TypeFor[Digest]() { // a raw key may stand there by mistake
		value = Hidden(value).String()
	}
	return fmt.Errorf("%s=%q: %s", name, value, want)
}
