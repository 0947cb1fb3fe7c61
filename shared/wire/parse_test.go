package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/wire"
)

func TestParseKeepsWhatWasWritten(t *testing.T) {
	for in, want := range map[string]any{
		" null\r\n\t":                     nil,
		`true`:                            true,
		`false`:                           false,
		`""`:                              "",
		`"a\u0000\"\\\/\b\f\n\r\t\u00E9"`: "a\x00\"\\/\b\f\n\r\té",
		`"\ud83d\uDE00"`:                  "\U0001F600",
		"\"\U0001F600\u2028\x7f\"":        "\U0001F600\u2028\x7f",
		`"\uFFFD"`:                        "\uFFFD",
		`-0`:                              json.Number("-0"),
		`9007199254740993`:                json.Number("9007199254740993"),
		`1.50e+02`:                        json.Number("1.50e+02"),
		`1e-400`:                          json.Number("1e-400"),
		`[]`:                              []any{},
		`[ 1 , [ { } ] ]`:                 []any{json.Number("1"), []any{map[string]any{}}},
		`{"__proto__":{"a":1}, "":[null]}`: map[string]any{
			"__proto__": map[string]any{"a": json.Number("1")}, "": []any{nil}},
		strings.Repeat("9", 308): json.Number(strings.Repeat("9", 308)),
	} {
		got, err := wire.Parse([]byte(in))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("Parse(%s) = %#v, %v; want %#v", in, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, at := range map[string]int{
		"":                                0,
		" \n":                             2,
		"\xef\xbb\xbf{}":                  0,
		"\"a\xff\"":                       2,
		"\"\xed\xa0\x80\"":                1,
		"[1]\xc3":                         3,
		`{} {}`:                           3,
		"1\x00":                           1,
		`"\ud800"`:                        1,
		`"ab\udc00\ud800"`:                3,
		`"\ud800\u0041"`:                  1,
		`"\ud800\ud800"`:                  1,
		`"\ud83d`:                         1,
		`"\x41"`:                          1,
		`"\u12g4"`:                        1,
		`"\u+123"`:                        1,
		`"\`:                              1,
		"\"a\nb\"":                        2,
		"\"\\n\x1f\"":                     3,
		`"open`:                           5,
		`{"a":1,"a":2}`:                   7,
		`{"a":1,"\u0061":2}`:              7,
		`{"a" 1}`:                         5,
		`{"a":}`:                          5,
		`{"a":1,}`:                        7,
		`{a:1}`:                           1,
		`{"a":1]`:                         6,
		`{"a":1`:                          6,
		`{`:                               1,
		`[1,]`:                            3,
		`[1 2]`:                           3,
		`[`:                               1,
		`[}`:                              1,
		`nul`:                             0,
		`True`:                            0,
		`NaN`:                             0,
		`-`:                               0,
		`+1`:                              0,
		`1.`:                              0,
		`1e`:                              0,
		`01`:                              1,
		`'a'`:                             0,
		`[1e309]`:                         1,
		"0." + strings.Repeat("1", 399):   0,
		strings.Repeat("[", 33):           32,
		strings.Repeat(`{"a":`, 33) + `1`: 160,
	} {
		v, err := wire.Parse([]byte(in))
		if fault.KindOf(err) != fault.InvalidJSON || v != nil {
			t.Errorf("Parse(%.40q) = %v, %v; want a refusal as invalid JSON", in, v, err)
			continue
		}
		if place := fmt.Sprintf("at byte %d: ", at); !strings.Contains(err.Error(), place) || !strings.Contains(err.Error(), "; ") {
			t.Errorf("Parse(%.40q): %q lacks %q or a next step", in, err, place)
		}
	}
}

func TestParseHoldsItsLimits(t *testing.T) {
	object := func(members int) string {
		var b strings.Builder
		for i := range members {
			fmt.Fprintf(&b, `,"k%d":0`, i)
		}
		return "[{" + b.String()[1:] + "}]"
	}
	for name, c := range map[string]struct{ taken, refused string }{
		"nesting":           {strings.Repeat("[", 32) + strings.Repeat("]", 32), strings.Repeat("[", 33) + strings.Repeat("]", 33)},
		"nesting of both":   {strings.Repeat(`{"a":[`, 16) + strings.Repeat("]}", 16), strings.Repeat(`{"a":[`, 16) + "[]" + strings.Repeat("]}", 16)},
		"members":           {object(1000), object(1001)},
		"digits":            {"0." + strings.Repeat("1", 398), "0." + strings.Repeat("1", 399)},
		"size":              {"1.7976931348623157e308", "1.7976931348623159e308"},
		"size without an e": {strings.Repeat("9", 308), strings.Repeat("9", 309)},
	} {
		if _, err := wire.Parse([]byte(c.taken)); err != nil {
			t.Errorf("%s: the limit itself is refused: %v", name, err)
		}
		if _, err := wire.Parse([]byte(c.refused)); fault.KindOf(err) != fault.InvalidJSON {
			t.Errorf("%s: one more gave %v", name, err)
		}
	}
}

func TestParseRepeatsNoContentInErrors(t *testing.T) {
	const sentinel = "sentinel0815"
	for _, in := range []string{`{"` + sentinel + `":1,"` + sentinel + `":2}`, `["` + sentinel, sentinel, `{"a":"` + sentinel + `" x}`} {
		if _, err := wire.Parse([]byte(in)); err == nil || strings.Contains(err.Error(), sentinel) {
			t.Errorf("Parse(%s): %v", in, err)
		}
	}
}

func TestParseKeepsNothingOfItsInput(t *testing.T) {
	in := []byte(`{"key":"value"}`)
	got, err := wire.Parse(in)
	if err != nil {
		t.Fatal(err)
	}
	clear(in)
	if want := (map[string]any{"key": "value"}); !reflect.DeepEqual(got, want) {
		t.Errorf("after the caller reused its buffer: %v", got)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := wire.Parse(in)
		if err != nil {
			if e := new(fault.Error); !errors.As(err, &e) || e.Kind != fault.InvalidJSON {
				t.Fatalf("Parse(%q): %v is not InvalidJSON", in, err)
			}
			return
		}
		if !json.Valid(in) {
			t.Fatalf("Parse took %q, which the standard library refuses", in)
		}
		text, err := wire.AppendExact(nil, v)
		if err != nil {
			t.Fatalf("what Parse took of %q can't be written: %v", in, err)
		}
		again, err := wire.Parse(text)
		if err != nil || !reflect.DeepEqual(v, again) {
			t.Fatalf("%q became %s, read as %v, %v", in, text, again, err)
		}
	})
}

func FuzzFixedPoint(f *testing.F) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		v, err := wire.Parse(in)
		if err != nil {
			return
		}
		once, err := wire.Append(nil, v)
		if err != nil {
			t.Fatalf("what Parse took of %q can't be written: %v", in, err)
		}
		v, err = wire.Parse(once)
		if err != nil {
			t.Fatalf("Append wrote %s, which Parse refuses: %v", once, err)
		}
		for _, encode := range []func([]byte, any) ([]byte, error){wire.Append, wire.AppendExact} {
			if twice, err := encode(nil, v); err != nil || string(twice) != string(once) {
				t.Fatalf("%s became %s, %v", once, twice, err)
			}
		}
	})
}

var seeds = []string{
	``, `null`, `-0`, `1e21`, `1e-7`, `123456789012345678901234567890`, `1.7976931348623157e308`, `5e-324`, `1E400`, `0.1e1`,
	`"\ud83d\ude00\u0000\u2028\/"`, `"\ud800"`, "\"\xff\"", `{"10":1,"9":2,"b":3,"a":4,"__proto__":5,"01":6,"4294967295":7}`,
	`{"a":1,"a":2}`, `[[[[]]],{"":[true,false,null]}] `, `{"a":{"b":[1,2,{"c":"d\n"}]}}`,
}
