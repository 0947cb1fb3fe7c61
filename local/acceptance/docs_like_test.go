package acceptance_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// like says how what was got differs from what a page shows, "" where it does
// not. In what is shown, … in a string stands for anything, a key "…" for any
// further keys, an element "…" for any further elements; a number that is a
// time or a duration (…_ms, …_at) stands for any.
func like(shown, got string) string {
	var want, have any
	if err := json.Unmarshal([]byte(shown), &want); err != nil {
		return "what is shown is no JSON: " + err.Error()
	}
	if err := json.Unmarshal([]byte(got), &have); err != nil {
		return "what was got is no JSON: " + err.Error()
	}
	return differs("", want, have)
}

func differs(at string, want, have any) string {
	switch w := want.(type) {
	case object:
		return objectDiffers(at, w, have)
	case list:
		return listDiffers(at, w, have)
	case string:
		h, ok := have.(string)
		if ok && pattern(w).MatchString(h) || w == "…" {
			return ""
		}
	case float64:
		if _, ok := have.(float64); ok && (strings.HasSuffix(at, "_ms") || strings.HasSuffix(at, "_at")) {
			return ""
		}
	}
	if want != have {
		return fmt.Sprintf("%s is %v, shown is %v", at, have, want)
	}
	return ""
}

func objectDiffers(at string, want object, have any) string {
	h, ok := have.(object)
	if !ok {
		return fmt.Sprintf("%s is %v, shown is an object", at, have)
	}
	for key, w := range want {
		value, there := h[key]
		switch {
		case key == "…":
		case !there:
			return at + "." + key + " is shown, and was not got"
		default:
			if why := differs(at+"."+key, w, value); why != "" {
				return why
			}
		}
	}
	for key := range h {
		if _, shown := want[key]; !shown && want["…"] == nil {
			return at + "." + key + " was got, and is not shown"
		}
	}
	return ""
}

func listDiffers(at string, want list, have any) string {
	h, ok := have.(list)
	more := len(want) > 0 && want[len(want)-1] == "…"
	if more {
		want = want[:len(want)-1]
	}
	if !ok || len(h) < len(want) || !more && len(h) > len(want) {
		return fmt.Sprintf("%s is %v, shown is an array of %d", at, have, len(want))
	}
	for i, w := range want {
		if why := differs(fmt.Sprintf("%s[%d]", at, i), w, h[i]); why != "" {
			return why
		}
	}
	return ""
}

func pattern(shown string) *regexp.Regexp {
	return regexp.MustCompile(`(?s)^` + strings.ReplaceAll(regexp.QuoteMeta(shown), "…", ".*") + `$`)
}

func TestLike(t *testing.T) {
	for _, c := range []struct {
		shown, got string
		alike      bool
	}{
		{`{"id":"evt_…","n":1}`, `{"n":1,"id":"evt_1"}`, true},
		{`{"id":"evt_…"}`, `{"id":"mem_1"}`, false},
		{`{"id":"a"}`, `{"id":"a","n":1}`, false},
		{`{"id":"a","…":"…"}`, `{"id":"a","n":1}`, true},
		{`{"id":"a","n":1}`, `{"id":"a"}`, false},
		{`{"n":1}`, `{"n":2}`, false},
		{`{"took_ms":1,"x":"…"}`, `{"took_ms":2,"x":[1]}`, true},
		{`{"a":["…"]}`, `{"a":[1,2]}`, true},
		{`{"a":[1,"…"]}`, `{"a":[2]}`, false},
		{`{"a":[1]}`, `{"a":[1,2]}`, false},
		{`{"a":{"b":true}}`, `{"a":{"b":false}}`, false},
		{`{"a":null}`, `{"a":null}`, true},
		{`{`, `{}`, false},
		{`{}`, `no`, false},
	} {
		if why := like(c.shown, c.got); (why == "") != c.alike {
			t.Errorf("%s and %s: %q", c.shown, c.got, why)
		}
	}
}
