package grain

import (
	"encoding/json"
	"strconv"
)

// refuses returns what the kind wants where v is not that, else "".
func (k kind) refuses(v any) (wants string) {
	ok := true
	switch k {
	case text:
		_, ok = v.(string)
	case texts:
		ok = every[string](v)
	case truth:
		_, ok = v.(bool)
	case number, float:
		_, ok = v.(json.Number)
	case whole:
		n, _ := v.(json.Number)
		_, err := strconv.ParseInt(string(n), 10, 64)
		ok = err == nil
	case unit:
		n, _ := v.(json.Number)
		f, err := strconv.ParseFloat(string(n), 64)
		ok = err == nil && f >= 0 && f <= 1
	case object:
		_, ok = v.(map[string]any)
	case list:
		_, ok = v.([]any)
	case objects:
		ok = every[map[string]any](v)
	}
	if ok {
		return ""
	}
	return kindNames[k]
}

// kindNames says what each kind wants.
var kindNames = [...]string{
	text: "a string", texts: "an array of strings", truth: "true or false", number: "a number",
	whole: "an integer of 64 bits", float: "a number", unit: "a number from 0 to 1",
	object: "an object", list: "an array", objects: "an array of objects",
}

// every reports whether v is an array of T only.
func every[T any](v any) bool {
	a, ok := v.([]any)
	for _, e := range a {
		if _, is := e.(T); !is {
			return false
		}
	}
	return ok
}
