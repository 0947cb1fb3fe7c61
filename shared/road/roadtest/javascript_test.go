package roadtest

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/wire"
	"github.com/memhooks/memhooks/shared/wire/wiretest"
)

// pairs are texts, and what JavaScript makes of them.
var pairs = []struct{ text, made string }{
	{`{}`, `{}`},
	{`[]`, `[]`},
	{`{"a":[1,"b",null,true,false,{}]}`, `{"a":[1,"b",null,true,false,{}]}`},
	{` {"a": 1}`, `{"a":1}`},
	{"[1,\n2]", `[1,2]`},
	{"{} ", `{}`},
	{`1e21`, `1e+21`},
	{`1E21`, `1e+21`},
	{`1e+21`, `1e+21`},
	{`999999999999999868928`, `999999999999999900000`},
	{`1000000000000000000000`, `1e+21`},
	{`0.1`, `0.1`},
	{`0.10`, `0.1`},
	{`1.0`, `1`},
	{`-0`, `0`},
	{`-0.0`, `0`},
	{`-1`, `-1`},
	{`1e-7`, `1e-7`},
	{`1e-6`, `0.000001`},
	{`0.0000001`, `1e-7`},
	{`0.000001`, `0.000001`},
	{`1.25e-7`, `1.25e-7`},
	{`123.456`, `123.456`},
	{`9007199254740993`, `9007199254740992`},
	{`9007199254740992`, `9007199254740992`},
	{`5e-324`, `5e-324`},
	{`1.7976931348623157e+308`, `1.7976931348623157e+308`},
	{`1e-400`, `0`},
	{`1e400`, `null`},
	{`"/"`, `"/"`},
	{`"\/"`, `"/"`},
	{`"\u0041"`, `"A"`},
	{`"\u0000\u001f"`, `"\u0000\u001f"`},
	{`"\u001F"`, `"\u001f"`},
	{`"\u000a"`, `"\n"`},
	{`"\"\\\b\f\n\r\t"`, `"\"\\\b\f\n\r\t"`},
	{`"\u007f"`, "\"\x7f\""},
	{"\"\x7f\"", "\"\x7f\""},
	{"\"<a>&\u2028\u2029\u00e9\U0001F600\"", "\"<a>&\u2028\u2029\u00e9\U0001F600\""},
	{`"\u003c\u2028"`, "\"<\u2028\""},
	{`"\ud83d\ude00"`, "\"\U0001F600\""},
	{`"\ud83d"`, `"\ud83d"`},
	{`"\uD83D"`, `"\ud83d"`},
	{`"\ude00\ud83d"`, `"\ude00\ud83d"`},
	{`"\ud83dx\ude00"`, `"\ud83dx\ude00"`},
	{`"\ud83d\ud83d\ude00"`, "\"\\ud83d\U0001F600\""},
	{`{"a":1,"a":2}`, `{"a":2}`},
	{`{"b":1,"a":2}`, `{"b":1,"a":2}`},
	{`{"a":1,"1":2}`, `{"1":2,"a":1}`},
	{`{"10":1,"9":2}`, `{"9":2,"10":1}`},
	{`{"9":1,"10":2,"4294967294":3,"a":4}`, `{"9":1,"10":2,"4294967294":3,"a":4}`},
	{`{"4294967295":1,"4294967294":2}`, `{"4294967294":2,"4294967295":1}`},
	{`{"a":1,"01":2,"-1":3,"1.5":4,"+1":5,"":6}`, `{"a":1,"01":2,"-1":3,"1.5":4,"+1":5,"":6}`},
	{`{"__proto__":{"0":1},"a":2}`, `{"__proto__":{"0":1},"a":2}`},
}

func TestAFixedPointIsWhatJavaScriptLeavesAsItIs(t *testing.T) {
	for _, p := range pairs {
		if err := fixedPoint([]byte(p.text)); (err == nil) != (p.text == p.made) {
			t.Errorf("%s becomes %s, and is judged: %v", p.text, p.made, err)
		}
		if err := fixedPoint([]byte(p.made)); err != nil {
			t.Errorf("%s, which JavaScript made: %v", p.made, err)
		}
	}
}

func TestWhatIsNoJSONIsNoFixedPoint(t *testing.T) {
	for _, text := range []string{
		"", "nul", "{", "[1", "[1,]", "[,1]", "[1 2]", `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1,}`, `"a`, `"\`, `"\x"`, `"\u12"`, `"\u+123"`,
		"\"\x01\"", "\"\xff\"", "\"\xed\xa0\x80\"", "+1", "-", ".5", "1.", "01", "1e", "--1", "Infinity", "NaN", "0x10", "1_0", "{}{}", "\ufeff{}",
	} {
		if fixedPoint([]byte(text)) == nil {
			t.Errorf("%q is judged a fixed point", text)
		}
	}
}

// TestNodeJudgesAlike gives Node texts as they come: it changes those, and
// those alone, that are judged no fixed points.
func TestNodeJudgesAlike(t *testing.T) {
	given := make([]string, 0, 20000)
	for _, p := range pairs {
		if !strings.Contains(p.text, "\n") {
			given = append(given, p.text)
		}
	}
	for r := rand.New(rand.NewPCG(1, 2)); len(given) < cap(given); {
		given = append(given, drawn(r, 3))
	}
	made, same := wiretest.Restringify(t, "go test ./shared/road/roadtest -run TestNodeJudgesAlike", given), 0
	for i, text := range given {
		if err := fixedPoint([]byte(text)); (err == nil) != (text == made[i]) {
			t.Fatalf("node made %s\nof %s\nwhich is judged: %v", made[i], text, err)
		}
		if err := fixedPoint([]byte(made[i])); err != nil {
			t.Fatalf("%s, which node made: %v", made[i], err)
		}
		if text == made[i] {
			same++
		}
	}
	if same < len(given)/10 || same > len(given)*9/10 {
		t.Errorf("%d of %d texts are fixed points: too few of one kind", same, len(given))
	}
}

// drawn is JSON as anybody might have written it.
func drawn(r *rand.Rand, depth int) string {
	kinds := 6
	if depth == 0 {
		kinds = 4
	}
	switch r.IntN(kinds) {
	case 0:
		return numeral(float64(r.IntN(2000)-1000) / [...]float64{1, 2, 1000, 1e9, 1e-20}[r.IntN(5)])
	case 1:
		return fmt.Sprintf([...]string{"%d", "-%d", "%d.5", "0.%d", "%de-8", "%de19", "%d.0", "%dE2"}[r.IntN(8)], r.Uint32N(1<<r.IntN(32)))
	case 2:
		return spelled(r)
	case 3:
		return [...]string{"null", "true", "false"}[r.IntN(3)]
	case 4:
		return "[" + several(r, func() string { return drawn(r, depth-1) }) + "]"
	}
	return "{" + several(r, func() string {
		key := spelled(r)
		if r.IntN(2) == 0 {
			key = fmt.Sprintf(`"%d"`, r.Uint64N(1<<r.IntN(34)))
		}
		return key + ":" + drawn(r, depth-1)
	}) + "}"
}

func several(r *rand.Rand, one func() string) string {
	var all []string
	for range r.IntN(4) {
		all = append(all, one())
	}
	return strings.Join(all, [...]string{",", ",", ",", ",", ", "}[r.IntN(5)])
}

// pieces are what strings are made of, half of them as JavaScript writes them.
var pieces = [...]string{
	"a", "b", "<", "/", "\u00e9", "\u2028", "\U0001F600", `\"`, `\\`, `\n`, `\u0000`, `\u001f`, `\ud800`, `\udc00`,
	`\/`, `\u0041`, `\u000A`, `\u001F`, `\uD83D`, `\ud83d\ude00`, `\u007f`, `\u2028`,
}

func spelled(r *rand.Rand) string {
	text := `"`
	for range r.IntN(4) {
		n := len(pieces)
		if r.IntN(3) > 0 {
			n = 14
		}
		text += pieces[r.IntN(n)]
	}
	return text + `"`
}

// TestAwkwardFieldsAreTaken: the door takes all of them, and most are written
// otherwise than they came.
func TestAwkwardFieldsAreTaken(t *testing.T) {
	same := 0
	for _, text := range awkward {
		if v, err := wire.Parse([]byte(text)); err != nil || v == nil {
			t.Errorf("%s is refused: %v", text, err)
		}
		if fixedPoint([]byte(text)) == nil {
			same++
		}
	}
	if same > 2 {
		t.Errorf("%d of %d awkward fields are written as JavaScript writes them", same, len(awkward))
	}
}
