package grain

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// TestComposeAgrees promises that the composition here is that of x/text, for
// every code point and for random text without what x/text gets wrong.
func TestComposeAgrees(t *testing.T) {
	check := func(s string) {
		if got, want := compose(decompose(s)), norm.NFC.String(s); got != want && !hasNewer(s) {
			t.Fatalf("%+q: got %+q, want %+q", s, got, want)
		}
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			check(string(r))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 50_000 {
		check(randomText(random, 1+random.IntN(20)))
	}
}

// randomText is rich in what composes: Latin, Vietnamese, Hangul, Indic, marks.
func randomText(random *rand.Rand, length int) string {
	ranges := [][2]rune{
		{'A', 'z'}, {0xC0, 0x17F}, {0x300, 0x34F}, {0x300, 0x34F}, {0x5B0, 0x5C7}, {0x9BE, 0x9D7}, {0xB3E, 0xB57}, {0xDCA, 0xDDF},
		{0x1100, 0x1112}, {0x1161, 0x1175}, {0x11A7, 0x11C2}, {0xAC00, 0xD7A3}, {0x1E00, 0x1FFF}, {0x2126, 0x212B},
		{0x3040, 0x309A}, {0xF900, 0xFAFF}, {0xFB1D, 0xFB4E}, {0x11099, 0x110BA}, {0x1D15E, 0x1D1C0}, {0x1F300, 0x1F600}, {0x2F800, 0x2FA1D},
	}
	var b strings.Builder
	for range length {
		from := ranges[random.IntN(len(ranges))]
		b.WriteRune(from[0] + random.Int32N(from[1]-from[0]+1))
	}
	return b.String()
}

// TestNFC promises plain NFC where x/text departs from it.
func TestNFC(t *testing.T) {
	for _, c := range []struct{ what, in, want string }{
		{"long runs", "a" + strings.Repeat("\u0300", 40) + "\u0323", "\u1ea1" + strings.Repeat("\u0300", 40)},
		{"joiner kept", "a\u034f\u0300", "a\u034f\u0300"},
		{"excluded composite", "\u0958", "\u0915\u093c"},
		{"singleton", "\u212b", "\u00c5"},
		{"Hangul", "\u1112\u1161\u11ab", "\ud55c"},
		{"no tail", "\uac00\u11a7", "\uac00\u11a7"},
		{"compatibility kept", "\ufb01\u00b2", "\ufb01\u00b2"},
		{"Todhri", "\U000105d2\u0307", "\U000105c9"},
		{"Tulu-Tigalari", "\U000113c2\U000113b8", "\U000113c7"},
		{"Gurung Khema", "\U0001611e\U0001611e\U0001611f", "\U00016126"},
		{"Kirat Rai", "\U00016d63\U00016d67\U00016d67", "\U00016d6a"},
		{"Kirat Rai, partly", "\U00016d69\U00016d67", "\U00016d6a"},
		{"Ol Onal", "a\U0001e5ef\u0301", "\u00e1\U0001e5ef"},
		{"marks in order", "a\u0897\u0323", "\u1ea1\u0897"},
		{"a mark alone", "\u0301a", "\u0301a"},
		{"empty", "", ""},
	} {
		if got := nfc(c.in); got != c.want {
			t.Errorf("%s: %+q gives %+q, want %+q", c.what, c.in, got, c.want)
		}
		if got := nfc(c.want); got != c.want {
			t.Errorf("%s: not stable: %+q", c.what, got)
		}
	}
	for _, c := range newerComposites {
		if got := nfc(string(c.first) + string(c.second)); got != string(c.whole) {
			t.Errorf("%x + %x gives %+q, want %x", c.first, c.second, got, c.whole)
		}
		if !hasNewer(string(c.whole)) || !hasNewer(string(c.first)) {
			t.Errorf("%x is not seen as newer", c.whole)
		}
	}
	for _, m := range newerMarks {
		if !hasNewer(string(m.first)) || !hasNewer(string(m.last)) {
			t.Errorf("%x is not seen as newer", m.first)
		}
	}
}

// FuzzNFC promises a stable, valid result that is canonically equivalent.
func FuzzNFC(f *testing.F) {
	for _, s := range []string{"", "a\u0301", "\u1112\u1161\u11ab", "a" + strings.Repeat("\u0300\u0323", 40), "\U00016d63\U00016d67\U00016d67"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			t.Skip("text is checked before it is composed")
		}
		got := nfc(s)
		if again := nfc(got); again != got {
			t.Errorf("%+q gives %+q, then %+q", s, got, again)
		}
		if plain := compose(decompose(s)); plain != got {
			t.Errorf("%+q gives %+q by the short way, %+q by the long one", s, got, plain)
		}
		if !slices.Equal(decompose(s), decompose(got)) {
			t.Errorf("%+q gives %+q, which is not equivalent", s, got)
		}
	})
}
