package chunk_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
	"unsafe"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/chunk"
)

func TestSplit(t *testing.T) {
	for _, c := range []struct {
		name          string
		text          string
		size, overlap int
		want          []string
	}{
		{"nothing", "", 10, 0, nil},
		{"space alone", " \n\t\u00a0\u3000", 1, 0, nil},
		{"shorter than a chunk", " one two \n", 100, 10, []string{"one two"}},
		{"as long as a chunk", "0123456789", 10, 5, []string{"0123456789"}},
		{"words", "one two three four", 9, 0, []string{"one two", "three", "four"}},
		{"a word that ends where the chunk does", "one two three", 7, 0, []string{"one two", "three"}},
		{"overlap begins at a word", "one two three four five", 13, 6, []string{"one two three", "three four", "four five"}},
		{"overlap too small for a word", "alpha bravo charlie", 11, 3, []string{"alpha bravo", "charlie"}},
		{"a word longer than a chunk", "abcdefghij kl", 4, 0, []string{"abcd", "efgh", "ij", "kl"}},
		{"a word longer than a chunk overlaps", "abcdefghij", 4, 2, []string{"abcd", "cdef", "efgh", "ghij"}},
		{"a sentence before a word", "It rains. We stay in bed.", 14, 0, []string{"It rains.", "We stay in", "bed."}},
		{"a sentence in quotes", `He said "go." She went off.`, 20, 0, []string{`He said "go."`, "She went off."}},
		{"no sentence in a number", "It is 3.5 and more.", 12, 0, []string{"It is 3.5", "and more."}},
		{"a paragraph before a sentence", "One here.\n\nTwo. Three is long.", 18, 0, []string{"One here.", "Two. Three is", "long."}},
		{"a line before a word", "- milk and\n- bread and butter", 16, 0, []string{"- milk and", "- bread and", "butter"}},
		{"a heading begins a chunk", "Text comes to an end.\n## Next\nMore text.", 35, 0, []string{"Text comes to an end.", "## Next\nMore text."}},
		{"a heading stays with what it heads", "First words.\n\n# Title\n\nThe body follows here.", 25, 0, []string{"First words.", "# Title\n\nThe body follows", "here."}},
		{"no heading without a space", "Tags and so on\n#tag more of it", 18, 0, []string{"Tags and so on", "#tag more of it"}},
		{"windows line ends", "One line here.\r\n\r\nTwo lines are here.", 20, 0, []string{"One line here.", "Two lines are here."}},
		{"text without spaces", "今日は雨です。家にいます。本を読みます。", 10, 0, []string{"今日は雨です。", "家にいます。", "本を読みます。"}},
		{"text without spaces overlaps", "今日は雨です。家にいます。", 10, 3, []string{"今日は雨です。", "です。家にいます。"}},
		{"a quoted sentence without spaces", "「雨です。」家にいます。", 9, 0, []string{"「雨です。」", "家にいます。"}},
		{"a row of spaces longer than a chunk", "a" + strings.Repeat(" ", 50) + "b", 3, 2, []string{"a", "b"}},
		{"bytes that are not UTF-8", "\xff\xfe\xfd", 2, 0, []string{"\xff\xfe", "\xfd"}},
		{"the largest size", "one two", math.MaxInt, math.MaxInt - 1, []string{"one two"}},
	} {
		got, err := chunk.Split(c.text, c.size, c.overlap)
		if err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: Split(%q, %d, %d) = %q, %v; want %q", c.name, c.text, c.size, c.overlap, got, err, c.want)
		}
	}
}

func TestClustersStayWhole(t *testing.T) {
	for name, cluster := range map[string]string{
		"accent":     "e\u0301",
		"family":     "👩\u200d👩\u200d👧",
		"skin":       "👋🏽",
		"flag":       "🇩🇪",
		"keycap":     "1\ufe0f\u20e3",
		"jamo":       "\u1112\u1161\u11ab",
		"syllable":   "\uac00\u11a8",
		"england":    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
		"heart":      "❤\ufe0f\u200d🔥",
		"vowel sign": "कि",
	} {
		runes := utf8.RuneCountInString(cluster)
		for size := runes; size < 3*runes; size++ {
			chunks, err := chunk.Split(strings.Repeat(cluster, 10), size, runes-1)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range chunks {
				if strings.ReplaceAll(c, cluster, "") != "" {
					t.Errorf("%s: chunks of %d characters cut a cluster: %q", name, size, chunks)
					break
				}
			}
		}
	}
}

func TestSizesAreChecked(t *testing.T) {
	for _, c := range []struct{ size, overlap int }{{0, 0}, {-1, 0}, {10, -1}, {10, 10}, {10, 11}, {math.MinInt, math.MinInt}} {
		if _, err := chunk.Split("text", c.size, c.overlap); fault.KindOf(err) != fault.InvalidField {
			t.Errorf("Split(_, %d, %d): %v, want a fault.InvalidField", c.size, c.overlap, err)
		}
	}
}

// check returns what a list of chunks breaks of Split's promises, "" for nothing.
func check(text string, chunks []string, size, overlap int) string {
	covered := 0 // text[:covered] is in the chunks so far, or space
	for i, c := range chunks {
		from := int(uintptr(unsafe.Pointer(unsafe.StringData(c))) - uintptr(unsafe.Pointer(unsafe.StringData(text))))
		to := from + len(c)
		switch {
		case c == "" || strings.TrimSpace(c) != c:
			return "a chunk is empty or not trimmed"
		case from < 0 || to > len(text) || text[from:to] != c:
			return "a chunk does not share the text's memory"
		case utf8.RuneCountInString(c) > size:
			return "a chunk is too long"
		case utf8.ValidString(text) && !utf8.ValidString(c):
			return "a character is cut"
		case from > covered && strings.TrimSpace(text[covered:from]) != "":
			return "something is left out"
		case to <= covered:
			return "a chunk brings nothing new"
		case from < covered && utf8.RuneCountInString(text[from:covered]) > overlap:
			return "an overlap is too long"
		case i == 0 && strings.TrimSpace(text[:from]) != "":
			return "the beginning is left out"
		}
		covered = to
	}
	if strings.ContainsFunc(text[covered:], func(r rune) bool { return !unicode.IsSpace(r) }) {
		return "the end is left out"
	}
	return ""
}

func FuzzSplit(f *testing.F) {
	f.Add("One here.\n\n# Two\n\nThree, and 'four'. Five!\r\n- six\n- seven", 12, 5)
	f.Add("今日は雨です。家に\u3000います。🇩🇪🇫🇷👩\u200d👧e\u0301", 3, 2)
	f.Add("a          b\xff\xfe   c", 2, 1)
	f.Add(strings.Repeat("word ", 40), 17, 16)
	f.Add("\u0301\u200d\u200d", 1, 0)
	f.Fuzz(func(t *testing.T, text string, size, overlap int) {
		chunks, err := chunk.Split(text, size, overlap)
		if bad := size < 1 || overlap < 0 || overlap >= size; bad || err != nil {
			if !bad || fault.KindOf(err) != fault.InvalidField {
				t.Fatalf("Split(_, %d, %d): %v", size, overlap, err)
			}
			return
		}
		if broken := check(text, chunks, size, overlap); broken != "" {
			t.Fatalf("Split(%q, %d, %d) = %q: %s", text, size, overlap, chunks, broken)
		}
	})
}

func BenchmarkSplit(b *testing.B) {
	text := strings.Repeat("The quick brown fox jumps over the lazy dog. It never ends.\nA line more.\n\n", 14000)
	b.SetBytes(int64(len(text)))
	for b.Loop() {
		if _, err := chunk.Split(text, 1000, 100); err != nil {
			b.Fatal(err)
		}
	}
}

// What ends like a sentence has a few closing marks; a long row of them is
// something else, and is not looked through.
func TestASentenceHasFewClosingMarks(t *testing.T) {
	for marks, want := range map[int]string{7: "One.", 8: "One. Two"} {
		text := "One." + strings.Repeat(")", marks) + " Two " + strings.Repeat("x", 8) + " more and more"
		chunks, err := chunk.Split(text, 8+marks, 0)
		if err != nil || !strings.HasPrefix(strings.ReplaceAll(chunks[0], ")", ""), want) || strings.Contains(chunks[0], "Two") != (marks == 8) {
			t.Errorf("%d marks: %q, %v", marks, chunks, err)
		}
	}
}
