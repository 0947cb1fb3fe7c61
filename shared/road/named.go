package road

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

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
	return fmt.Errorf("%s=%q: %s", name, shown(name, vars), want)
}

// shown is a setting's value, unless it is a secret one: a raw key may also
// stand by mistake where its digest belongs.
func shown(name string, vars map[string]string) string {
	if strings.HasSuffix(name, "_KEY") || strings.HasSuffix(name, "_KEY_SHA256") {
		return Hidden("").String()
	}
	return vars[name]
}
