package wire_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/wire"
	"github.com/memhooks/memhooks/shared/wire/wiretest"
)

// TestNodeAgrees gives Node each value twice: as somebody else might have
// written it, which must come back as Append writes it, and as Append wrote it,
// which must come back unchanged.
func TestNodeAgrees(t *testing.T) {
	var given, want []string
	add := func(naive string, v any) {
		text, err := wire.Append(nil, v)
		if err != nil {
			t.Fatalf("Append(%s): %v", naive, err)
		}
		given = append(given, naive, string(text))
		want = append(want, string(text), string(text))
	}
	g := gen{rand.New(rand.NewPCG(1, 2))}
	for range 6000 {
		add(g.value(4))
	}
	for range 20000 {
		add(g.number())
	}
	for _, s := range seeds {
		if v, err := wire.Parse([]byte(s)); err == nil && !strings.HasPrefix(s, "{") {
			add(s, v)
		}
	}
	for i, made := range wiretest.Restringify(t, "go test ./shared/wire -run TestNodeAgrees", given) {
		if made != want[i] {
			t.Fatalf("node made %s\nof %s\nAppend wrote %s", made, given[i], want[i])
		}
	}
}

// gen makes values, each with a text that a plain encoder might have written:
// members as they come, number literals in any form, more escapes than needed.
type gen struct{ *rand.Rand }

func (g gen) value(depth int) (string, any) {
	switch n := g.IntN(10); {
	case n == 0:
		return "null", nil
	case n == 1:
		b := g.IntN(2) == 0
		return fmt.Sprint(b), b
	case n <= 3:
		return g.number()
	case n <= 5 || depth == 0:
		s := g.str()
		return g.quote(s), s
	case n <= 7:
		list, texts := []any{}, []string{}
		for range g.IntN(6) {
			text, v := g.value(depth - 1)
			list, texts = append(list, v), append(texts, text)
		}
		return "[ " + strings.Join(texts, " , ") + "]", list
	}
	o, texts, seen := wire.Object{}, []string{}, map[string]bool{}
	for range g.IntN(12) {
		key := g.key()
		if seen[key] {
			continue
		}
		seen[key] = true
		text, v := g.value(depth - 1)
		o, texts = append(o, wire.Member{Key: key, Value: v}), append(texts, g.quote(key)+": "+text)
	}
	return "{" + strings.Join(texts, ",\t") + " }", o
}

func (g gen) number() (string, any) {
	switch g.IntN(6) {
	case 0:
		n := int64(g.Uint64()) >> g.IntN(64)
		return strconv.FormatInt(n, 10), n
	case 1:
		n := g.Uint64() >> g.IntN(64)
		return strconv.FormatUint(n, 10), n
	case 2: // every exponent, denormals too
		f := math.Float64frombits(g.Uint64())
		if math.IsNaN(f) || math.IsInf(f, 0) {
			f = math.SmallestNonzeroFloat64
		}
		return strconv.FormatFloat(f, 'e', 25, 64), f
	case 3: // around the places where the form changes
		f := math.Pow(10, float64(g.IntN(60)-30)) * (1 + float64(g.IntN(5)-2)*0x1p-52)
		return strconv.FormatFloat(f, 'g', 17, 64), f
	}
	literal := strconv.Itoa(g.IntN(3) * g.IntN(100000))
	if g.IntN(2) == 0 {
		literal = "-" + literal
	}
	if g.IntN(2) == 0 {
		literal += fmt.Sprintf(".%0*d", 1+g.IntN(25), g.IntN(1000000))
	}
	switch g.IntN(3) {
	case 0:
		literal += fmt.Sprintf("E%+03d", g.IntN(600)-300)
	case 1:
		literal = strconv.Itoa(1+g.IntN(999)) + strings.Repeat("0", g.IntN(24)) + "1"
	}
	return literal, json.Number(literal)
}

func (g gen) str() string {
	var b strings.Builder
	for range g.IntN(12) {
		switch g.IntN(5) {
		case 0:
			b.WriteByte(byte(g.IntN(128)))
		case 1:
			b.WriteRune([]rune("\"\\/<>&'\u2028\u2029\ufeff\ufffd\uffff\u0000\u0080\U0010ffff")[g.IntN(15)])
		case 2:
			b.WriteRune(rune(g.IntN(0x110000))) // a surrogate becomes U+FFFD
		default:
			b.WriteString("memory")
		}
	}
	return b.String()
}

func (g gen) key() string {
	hard := []string{"__proto__", "constructor", "toString", "", "-1", "-0", "00", "1.5", "1e3", " 1", "4294967293", "4294967294", "4294967295", "4294967296", "9007199254740993", "length"}
	switch g.IntN(4) {
	case 0:
		return hard[g.IntN(len(hard))]
	case 1:
		return strconv.Itoa(g.IntN(30))
	case 2:
		return strconv.FormatUint(g.Uint64()>>g.IntN(64), 10)
	}
	return g.str()
}

// quote writes s with escapes for characters at random.
func (g gen) quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '/':
			b.WriteString(`\/`)
		case r < ' ' || r == '"' || r == '\\' || r < 0x10000 && g.IntN(8) == 0:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
