package rank_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/memhooks/memhooks/shared/memory/rank"
)

func TestTerms(t *testing.T) {
	for _, c := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{" \t!?… 🍕", nil},
		{"Alice likes Coffee", []string{"alice", "like", "coffee"}},
		{"the cat, the dog; the end.", []string{"the", "cat", "the", "dog", "the", "end"}},
		{"snake_case-and/paths.txt", []string{"snake", "case", "and", "path", "txt"}},
		{"it's 3.14 or 1e9", []string{"it", "s", "3", "14", "or", "1e9"}},
		{"ＦＵＬＬ ｗｉｄｔｈ ½ x²", []string{"full", "width", "1", "2", "x2"}},
		{"STRASSE Straße", []string{"strasse", "strasse"}},
		{"ΣΊΣΥΦΟΣ σίσυφος", []string{"σίσυφοσ", "σίσυφοσ"}},
		{"caf\u00e9 cafe\u0301", []string{"café", "café"}},
		{"soft\u00adware می\u200cخواهم", []string{"software", "میخواهم"}},
		{"हिन्दी में", []string{"हिन्दी", "में"}},
		{"\u0301a", []string{"a"}},
		{"東京", []string{"東", "東京", "京"}},
		{"猫", []string{"猫"}},
		{"Go言語で、書く", []string{"go", "言", "言語", "語", "語で", "で", "書", "書く", "く"}},
		{"コーヒー ｺｰﾋｰ", []string{"コ", "コー", "ー", "ーヒ", "ヒ", "ヒー", "ー", "コ", "コー", "ー", "ーヒ", "ヒ", "ヒー", "ー"}},
		{"커피", []string{"커", "커피", "피"}},
		{"ไทย", []string{"ไ", "ไท", "ท", "ทย", "ย"}},
		{"\xff\xfeab\xffcd", []string{"ab", "cd"}},
	} {
		if got := rank.Terms(c.text); !slices.Equal(got, c.want) {
			t.Errorf("Terms(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestPluralsMeetTheirSingular(t *testing.T) {
	for plural, singular := range map[string]string{
		"dogs": "dog", "preferences": "preference", "memories": "memory", "houses": "house", "days": "day", "ties": "tie", "shoes": "shoe",
	} {
		if p, s := rank.Terms(plural), rank.Terms(singular); !slices.Equal(p, s) {
			t.Errorf("%s gives %q, %s gives %q", plural, p, singular, s)
		}
	}
	for _, word := range []string{"is", "gas", "bus", "status", "class", "1980s", "größ", "s", "ss"} {
		if got := rank.Terms(word); len(got) != 1 || got[0] == strings.TrimSuffix(word, "s") {
			t.Errorf("Terms(%q) = %q, want it whole", word, got)
		}
	}
}

func TestLongTermsAreCutBetweenCharacters(t *testing.T) {
	if got := rank.Terms(strings.Repeat("x", 65)); !slices.Equal(got, []string{strings.Repeat("x", 64)}) {
		t.Errorf("65 letters give %q", got)
	}
	if got := rank.Terms("x" + strings.Repeat("é", 40)); !slices.Equal(got, []string{"x" + strings.Repeat("é", 31)}) {
		t.Errorf("a letter of 1 byte and 40 of 2 give %q", got)
	}
}

func FuzzTerms(f *testing.F) {
	for _, seed := range []string{
		"Alice likes coffee, classes & 1980s ponies.", "東京タワーと猫", "ﬁancée STRASSE İstanbul ǅ ΐ", "हिन्दी ไทย ພາສາ 한국어",
		"a\u0301\u0345\u00ad\u200d \u00a8 ｶﾞ ㍿ ﷺ ½", strings.Repeat("s", 70) + " " + strings.Repeat("ß", 40), "\xff\xc0a", "\xf4\xf4\xf4\xf4\xf4ǅ",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		terms := rank.Terms(text)
		set := make(map[string]bool, len(terms))
		for _, term := range terms {
			if term == "" || len(term) > 64 || !utf8.ValidString(term) {
				t.Fatalf("Terms(%q) has the term %q", text, term)
			}
			set[term] = true
		}
		for _, word := range strings.Fields(text) {
			for _, term := range rank.Terms(word) {
				if !set[term] {
					t.Fatalf("Terms(%q) = %q lacks %q of its word %q", text, terms, term, word)
				}
			}
		}
		if !slices.Equal(rank.Terms(text), terms) {
			t.Fatalf("Terms(%q) differs from call to call", text)
		}
		if len(terms) == 0 {
			return
		}
		c := rank.Corpus{Docs: 1, Frequency: map[string]int{}, AverageLength: float64(len(terms))}
		if score := rank.Score(terms, terms, c); !(score >= 0.8 && score <= 1) {
			t.Fatalf("%q against itself scores %v", text, score)
		}
	})
}

const prose = "Alice prefers her coffee without sugar, most of all in the mornings before she reads the news of the day. "

func BenchmarkTerms(b *testing.B) {
	for name, text := range map[string]string{
		"ascii":  strings.Repeat(prose, 5),
		"latin":  strings.Repeat("Zoë trägt über die Straße größere Möbel in das Café. ", 10),
		"dense":  strings.Repeat("今日は雨です。コーヒーを飲みます。", 10),
		"lookup": "coffee preferences",
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				rank.Terms(text)
			}
		})
	}
}
