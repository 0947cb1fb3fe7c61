package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/wire"
)

// tangled is written out of order, as no map can be.
var tangled = wire.Object{{"z", 1}, {"10", 2}, {"__proto__", 3}, {"9", 4}, {"4294967295", 5}, {"4294967294", 6}, {"01", 7}, {"0", 8}, {"-1", 9}}

func TestAppendWritesWhatJavaScriptWouldWrite(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{nil, `null`},
		{true, `true`},
		{"", `""`},
		{"<a&b>\u2028\u2029é\U0001F600 \"\\\x00\x1f\x7f/\b\t\n\f\r", "\"<a&b>\u2028\u2029é\U0001F600 \\\"\\\\\\u0000\\u001f\x7f/\\b\\t\\n\\f\\r\""},
		{-1, `-1`},
		{int64(math.MaxInt64), `9223372036854776000`},
		{int64(math.MinInt64), `-9223372036854776000`},
		{uint64(math.MaxUint64), `18446744073709552000`},
		{int64(1 << 53), `9007199254740992`},
		{int64(1<<53 + 1), `9007199254740992`},
		{0.1, `0.1`},
		{math.Copysign(0, -1), `0`},
		{1e21, `1e+21`},
		{999999999999999900000.0, `999999999999999900000`},
		{1e-6, `0.000001`},
		{-1.5e-7, `-1.5e-7`},
		{5e-324, `5e-324`},
		{math.MaxFloat64, `1.7976931348623157e+308`},
		{json.Number("1.50"), `1.5`},
		{json.Number("-0"), `0`},
		{json.Number("1E2"), `100`},
		{json.Number("1e-400"), `0`},
		{json.Number("9007199254740993"), `9007199254740992`},
		{json.Number("123456789012345"), `123456789012345`},
		{[]any(nil), `[]`},
		{[]any{1, "a", nil, []any{}}, `[1,"a",null,[]]`},
		{[]string{"b", "a"}, `["b","a"]`},
		{map[string]any{"b": 1, "a": map[string]any{}, "10": 2, "9": 3, "010": 4}, `{"9":3,"10":2,"010":4,"a":{},"b":1}`},
		{wire.Object(nil), `{}`},
		{tangled, `{"0":8,"9":4,"10":2,"4294967294":6,"z":1,"__proto__":3,"4294967295":5,"01":7,"-1":9}`},
		{[]wire.Object{{{"b", 1}, {"a", 2}}, {}}, `[{"b":1,"a":2},{}]`},
	} {
		got, err := wire.Append([]byte("> "), c.v)
		if err != nil || string(got) != "> "+c.want {
			t.Errorf("Append(%#v) = %s, %v; want %s", c.v, got, err, c.want)
		}
	}
	if tangled[0].Key != "z" || tangled[8].Key != "-1" {
		t.Error("Append reordered the caller's Object")
	}
}

func TestAppendExactKeepsDigits(t *testing.T) {
	for _, c := range []struct {
		v    any
		want string
	}{
		{json.Number("9007199254740993"), `9007199254740993`},
		{json.Number("1.50"), `1.50`},
		{json.Number("-0"), `-0`},
		{json.Number("0.1000000000000000000000001"), `0.1000000000000000000000001`},
		{json.Number("1E2"), `1E2`},
		{int64(math.MinInt64), `-9223372036854775808`},
		{uint64(math.MaxUint64), `18446744073709551615`},
		{1e21, `1e+21`},
		{map[string]any{"b": []any{json.Number("12345678901234567890")}, "1": 2}, `{"1":2,"b":[12345678901234567890]}`},
	} {
		got, err := wire.AppendExact(nil, c.v)
		if err != nil || string(got) != c.want {
			t.Errorf("AppendExact(%#v) = %s, %v; want %s", c.v, got, err, c.want)
		}
	}
}

func TestAppendRefuses(t *testing.T) {
	loop := map[string]any{}
	loop["again"] = loop
	wide := make(wire.Object, 40)
	for i := range wide {
		wide[i] = wire.Member{Key: fmt.Sprint("k", i%39)}
	}
	for name, c := range map[string]struct {
		v    any
		kind fault.Kind
	}{
		"invalid UTF-8":              {"a\xff", fault.InvalidField},
		"a surrogate in UTF-8":       {"\xed\xa0\x80", fault.InvalidField},
		"an invalid key":             {map[string]any{"\xff": 1}, fault.InvalidField},
		"an invalid string in list":  {[]string{"ok", "\xff"}, fault.InvalidField},
		"NaN":                        {math.NaN(), fault.InvalidField},
		"infinity":                   {[]any{math.Inf(-1)}, fault.InvalidField},
		"overflow":                   {json.Number("1e309"), fault.InvalidField},
		"an empty number":            {json.Number(""), fault.InvalidField},
		"hex":                        {json.Number("0x10"), fault.InvalidField},
		"a leading zero":             {json.Number("01"), fault.InvalidField},
		"a number with a tail":       {json.Number("1 "), fault.InvalidField},
		"NaN as a literal":           {json.Number("NaN"), fault.InvalidField},
		"401 digits":                 {json.Number("0." + strings.Repeat("1", 399)), fault.InvalidField},
		"the same key twice":         {wire.Object{{"a", 1}, {"b", 2}, {"a", 3}}, fault.InvalidField},
		"the same key among many":    {wide, fault.InvalidField},
		"a map that holds itself":    {loop, fault.InvalidField},
		"objects nested 65 deep":     {nested(65, 1), fault.InvalidField},
		"a list of objects too deep": {nested(63, []wire.Object{{}}), fault.InvalidField},
		"a type that is not listed":  {map[string]any{"a": struct{}{}}, fault.Internal},
		"another type of a list":     {[]int{1}, fault.Internal},
		"another type in an Object":  {wire.Object{{"a", int8(1)}}, fault.Internal},
		"another type, nested lists": {[]any{[]any{float32(1)}}, fault.Internal},
	} {
		for _, encode := range []func([]byte, any) ([]byte, error){wire.Append, wire.AppendExact} {
			got, err := encode([]byte("kept"), c.v)
			if fault.KindOf(err) != c.kind || err == nil {
				t.Errorf("%s: %v, want kind %d", name, err, c.kind)
			}
			if string(got) != "kept" {
				t.Errorf("%s: dst came back as %q", name, got)
			}
			if e := new(fault.Error); errors.As(err, &e) && !strings.Contains(e.Message, "; ") {
				t.Errorf("%s: %q does not say what to do", name, e.Message)
			}
		}
	}
	for _, v := range []any{nested(64, 1), nested(62, []wire.Object{{}})} {
		if _, err := wire.Append(nil, v); err != nil {
			t.Errorf("64 levels: %v", err)
		}
	}
}

// nested returns v inside n lists and objects.
func nested(n int, v any) any {
	for i := range n {
		if i%2 == 0 {
			v = []any{v}
		} else {
			v = wire.Object{{"in", v}}
		}
	}
	return v
}

func TestAppendDoesNotAllocate(t *testing.T) {
	for name, v := range samples() {
		dst := make([]byte, 0, 1<<12)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := wire.Append(dst, v); err != nil {
				t.Fatal(err)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

func samples() map[string]any {
	tags := []string{"architecture", "caching"}
	return map[string]any{
		"event": wire.Object{
			{"id", "evt_01JZX5Q8T9V0W1X2Y3Z4A5B6C7"}, {"event", "memory.created"}, {"timestamp", "2026-04-13T10:30:00Z"},
			{"data", wire.Object{
				{"memory_id", "mem_xyz789"}, {"content", strings.Repeat("We decided to use \"Redis\" for caching. ", 12)},
				{"namespace", "my-project"}, {"tags", tags}, {"created_at", "2026-04-13T10:30:00Z"},
			}},
		},
		"map": map[string]any{
			"event_type": "grain_created", "timestamp_ms": json.Number("1768471200000"), "tags": []any{"a", "b"},
			"fields": map[string]any{"confidence": json.Number("0.9"), "n": 12345678901234567, "note": "é\n"},
		},
	}
}

func ExampleAppend() {
	body, err := wire.Append(nil, wire.Object{
		{Key: "event_type", Value: "grain_created"},
		{Key: "fields", Value: map[string]any{"ratio": json.Number("1.50"), "n": json.Number("9007199254740993")}},
	})
	fmt.Println(string(body), err)
	// Output: {"event_type":"grain_created","fields":{"n":9007199254740992,"ratio":1.5}} <nil>
}
