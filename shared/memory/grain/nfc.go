package grain

import (
	"slices"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// nfc returns s in Unicode's Normalization Form C. x/text has the tables but
// not quite the form: it breaks runs of more than 30 combining marks with
// U+034F, and under today's toolchain its tables end at Unicode 15. Text that
// it finds normal is normal; all other text is composed here.
func nfc(s string) string {
	if ascii(s) || norm.NFC.IsNormalString(s) && !hasNewer(s) {
		return s
	}
	return compose(decompose(s))
}

func ascii(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func hasNewer(s string) bool {
	for _, r := range s {
		if unicode.Is(newer, r) {
			return true
		}
	}
	return false
}

// mark is a code point with its canonical combining class.
type mark struct {
	r     rune
	class uint8
}

// decompose returns s fully decomposed, its marks in canonical order.
func decompose(s string) []mark {
	marks := make([]mark, 0, len(s))
	for _, r := range s {
		marks = appendDecomposed(marks, r)
	}
	for from := 0; from < len(marks); {
		if marks[from].class == 0 {
			from++
			continue
		}
		to := from
		for to < len(marks) && marks[to].class != 0 {
			to++
		}
		slices.SortStableFunc(marks[from:to], func(a, b mark) int { return int(a.class) - int(b.class) })
		from = to
	}
	return marks
}

// The Hangul syllables, which are decomposed by arithmetic.
const (
	hangulFirst, hangulCount         = 0xAC00, 11172
	leadFirst, vowelFirst, tailFirst = 0x1100, 0x1161, 0x11A7
	tailCount, syllablesOfLead       = 28, 588
)

func appendDecomposed(marks []mark, r rune) []mark {
	if r < utf8.RuneSelf {
		return append(marks, mark{r: r})
	}
	if i := r - hangulFirst; i >= 0 && i < hangulCount {
		marks = append(marks,
			mark{r: leadFirst + i/syllablesOfLead},
			mark{r: vowelFirst + i%syllablesOfLead/tailCount})
		if tail := i % tailCount; tail != 0 {
			marks = append(marks, mark{r: tailFirst + tail})
		}
		return marks
	}
	for _, c := range newerComposites {
		if c.whole == r {
			return appendDecomposed(appendDecomposed(marks, c.first), c.second)
		}
	}
	var room [utf8.UTFMax]byte
	p := norm.NFD.Properties(utf8.AppendRune(room[:0], r))
	full := p.Decomposition()
	if len(full) == 0 {
		return append(marks, mark{r, max(p.CCC(), newerClass(r))})
	}
	for len(full) > 0 {
		part := norm.NFD.Properties(full)
		r, size := utf8.DecodeRune(full)
		marks = append(marks, mark{r, part.CCC()})
		full = full[size:]
	}
	return marks
}

// compose joins what composes: each mark with the last starter before it,
// unless a mark of the same or a higher class stands between them.
func compose(marks []mark) string {
	out := marks[:0]
	starter := -1
	for _, m := range marks {
		if starter >= 0 && (starter == len(out)-1 || out[len(out)-1].class < m.class) {
			if whole, ok := pair(out[starter].r, m.r); ok {
				out[starter].r = whole
				continue
			}
		}
		if m.class == 0 {
			starter = len(out)
		}
		out = append(out, m)
	}
	b := make([]byte, 0, len(out)*2)
	for _, m := range out {
		b = utf8.AppendRune(b, m.r)
	}
	return string(b)
}

// pair returns the code point that two compose to.
func pair(first, second rune) (whole rune, ok bool) {
	for _, c := range newerComposites {
		if c.first == first && c.second == second {
			return c.whole, true
		}
	}
	var room, joined [2 * utf8.UTFMax]byte
	both := utf8.AppendRune(utf8.AppendRune(room[:0], first), second)
	b := norm.NFC.Append(joined[:0], both...)
	whole, size := utf8.DecodeRune(b)
	return whole, size == len(b)
}
