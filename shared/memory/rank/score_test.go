package rank_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/memhooks/memhooks/shared/memory/rank"
)

// corpus counts the texts given as fields of words.
func corpus(texts ...string) rank.Corpus {
	c := rank.Corpus{Docs: len(texts), Frequency: map[string]int{}}
	for _, text := range texts {
		terms := strings.Fields(text)
		c.AverageLength += float64(len(terms)) / float64(len(texts))
		slices.Sort(terms)
		for _, term := range slices.Compact(terms) {
			c.Frequency[term]++
		}
	}
	return c
}

var texts = []string{
	"alice drinks coffee",
	"bob drinks tea",
	"the coffee in the morning is the best of the day",
	"coffee coffee coffee",
	"carol plays chess with the bob of the day",
}

func score(query, text string) float64 {
	return rank.Score(strings.Fields(query), strings.Fields(text), corpus(texts...))
}

func TestScoreOrder(t *testing.T) {
	for _, c := range []struct{ why, query, better, worse string }{
		{"all words before a part", "alice coffee", "alice drinks coffee", "coffee coffee coffee"},
		{"all words once in a long text before a part many times", "the coffee", "coffee the" + strings.Repeat(" more", 500), strings.Repeat("coffee ", 50)},
		{"a rare word before a frequent one", "chess coffee", "carol plays chess", "alice drinks coffee"},
		{"more of the words before fewer", "alice coffee tea", "alice drinks coffee", "bob drinks tea"},
		{"a short text before a long one", "coffee", "alice drinks coffee", "the coffee in the morning is the best of the day"},
		{"many times before once", "coffee", "coffee coffee coffee", "alice drinks coffee"},
		{"a part before nothing", "coffee chess", "alice drinks coffee", "bob drinks tea"},
	} {
		if better, worse := score(c.query, c.better), score(c.query, c.worse); better <= worse {
			t.Errorf("%s: %q scores %v for %q, %v for %q", c.why, c.query, better, c.better, worse, c.worse)
		}
	}
}

func TestScoreEdges(t *testing.T) {
	c := corpus(texts...)
	for name, got := range map[string]float64{
		"no query":      rank.Score(nil, []string{"coffee"}, c),
		"no text":       rank.Score([]string{"coffee"}, nil, c),
		"no match":      score("tea", "alice drinks coffee"),
		"nothing known": rank.Score([]string{"a"}, []string{"b"}, rank.Corpus{}),
	} {
		if got != 0 {
			t.Errorf("%s scores %v, want 0", name, got)
		}
	}
	odd := rank.Corpus{Docs: -1, Frequency: map[string]int{"a": -5, "b": 99}, AverageLength: math.NaN()}
	if got := rank.Score([]string{"a", "b"}, []string{"a", "b"}, odd); !(got >= 0.8 && got <= 1) {
		t.Errorf("with a corpus that makes no sense: %v", got)
	}
	if once, twice := score("coffee alice", texts[0]), score("coffee coffee alice coffee", texts[0]); once != twice {
		t.Errorf("repeats in the query change the score from %v to %v", once, twice)
	}
	opaque := rank.Corpus{Docs: 5, Frequency: map[string]int{"\x00\xff": 3}, AverageLength: c.AverageLength}
	if got, want := rank.Score([]string{"\x00\xff"}, []string{"\x00\xff", "\x01", "\x02"}, opaque), score("coffee", texts[0]); got != want {
		t.Errorf("opaque terms score %v, plain ones %v", got, want)
	}
}

func TestScorePromises(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom(strings.Fields("a b c d e f g h"))
		query := rapid.SliceOfN(word, 1, 6).Draw(t, "query")
		doc := rapid.SliceOfN(word, 0, 40).Draw(t, "doc")
		c := rank.Corpus{
			Docs:          rapid.IntRange(0, 1_000_000).Draw(t, "docs"),
			Frequency:     rapid.MapOf(word, rapid.IntRange(0, 1_000_000)).Draw(t, "frequency"),
			AverageLength: rapid.Float64Range(0, 1e6).Draw(t, "average"),
		}
		matched, all := false, true
		for _, term := range query {
			in := slices.Contains(doc, term)
			matched, all = matched || in, all && in
		}
		got := rank.Score(query, doc, c)
		switch {
		case all && !(got >= 0.8 && got <= 1):
			t.Fatalf("all terms match and it scores %v", got)
		case matched && !all && !(got > 0 && got < 0.8):
			t.Fatalf("a part matches and it scores %v", got)
		case !matched && got != 0:
			t.Fatalf("nothing matches and it scores %v", got)
		case got != rank.Score(query, doc, c):
			t.Fatal("the score differs from call to call")
		}
		if more := rank.Score(query, append(slices.Clone(doc), query...), c); !(more >= 0.8) {
			t.Fatalf("a text that ends in the query scores %v", more)
		}
	})
}

func BenchmarkScore(b *testing.B) {
	doc := rank.Terms(strings.Repeat(prose, 5))
	c := rank.Corpus{Docs: 5000, Frequency: map[string]int{"coffee": 40, "sugar": 7}, AverageLength: 60}
	for name, query := range map[string]string{
		"two":  "coffee sugar",
		"none": "tea milk",
		"many": strings.Repeat(prose, 2) + "and some that are not in there at all",
	} {
		terms := rank.Terms(query)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				rank.Score(terms, doc, c)
			}
		})
	}
}
