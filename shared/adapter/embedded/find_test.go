package embedded

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/memory/store"
)

// flood is a store of 60 grains, named by their numbers: "all" stands in each of
// them, "even" and "odd" in each second, "rare" in 3, "seldom" in 4 and 8.
func flood(t *testing.T) *bed {
	s := open(t)
	docs := make([]store.Document, 60)
	for i := range docs {
		name := fmt.Sprint(i)
		s.add(name)
		terms := []string{"all", [...]string{"even", "odd"}[i%2]}
		switch i {
		case 3:
			terms = append(terms, "rare")
		case 4, 8:
			terms = append(terms, "seldom")
		}
		docs[i] = store.Document{Memory: mem1, Hash: hashOf(name), Terms: terms}
	}
	s.must(index{s.db}.Put(bg, docs))
	s.rankable = 10
	return s
}

// names finds, and says by which names; a last "+" stands for more.
func (s *bed) names(anyOf, must string, limit int) []string {
	s.tb.Helper()
	f, err := index{s.db}.Find(bg, mem1, strings.Fields(anyOf), strings.Fields(must), limit)
	s.must(err)
	var names []string
	for _, g := range f.Grains {
		names = append(names, string(g.Box[len("box of "):]))
	}
	if f.Cut {
		names = append(names, "+")
	}
	return names
}

func TestAFloodIsFoundInOrder(t *testing.T) {
	s := flood(t)
	for _, c := range []struct{ why, anyOf, must, want string }{
		{"the newest of what all hold", "all", "", "59 58 57 56 +"},
		{"what holds all terms before what holds one", "all odd", "", "59 57 55 53 +"},
		{"what holds a rare term among them", "all rare", "", "3 59 58 57 +"},
		{"a rare term that stands with no other one", "odd seldom all", "", "4 8 59 57 +"},
		{"several rare terms", "even rare seldom", "", "3 4 8 58 +"},
		{"terms that never stand together, then each, the rarer first", "even odd", "", "58 56 54 52 +"},
		{"a term that nothing holds", "all odd none", "", "59 57 55 53 +"},
		{"only what must be", "", "odd", "59 57 55 53 +"},
		{"what must be narrows what holds all terms", "all", "even", "58 56 54 52 +"},
		{"what must be narrows rare terms and others", "all rare seldom", "odd", "3 59 57 55 +"},
		{"a must that few hold", "all even", "seldom", "4 8"},
		{"a must that nothing holds", "all even", "none", ""},
	} {
		if got := strings.Join(s.names(c.anyOf, c.must, 4), " "); got != c.want {
			t.Errorf("%s: found %q, want %q", c.why, got, c.want)
		}
	}
}

func TestWhatIsFoundDoesNotHangOnWhatIsRanked(t *testing.T) {
	s := flood(t)
	for _, anyOf := range []string{"", "all", "rare", "seldom rare", "even rare", "even odd", "odd seldom none", "all even odd rare seldom"} {
		for _, must := range []string{"", "all", "odd", "seldom", "even all", "none"} {
			s.rankable = 1000
			want := s.names(anyOf, must, 100)
			slices.Sort(want)
			for _, s.rankable = range []int{0, 1, 2, 10, 40} {
				got := s.names(anyOf, must, 100)
				slices.Sort(got)
				if !slices.Equal(got, want) {
					t.Errorf("any of %q, all of %q, %d ranked: found %v, want %v", anyOf, must, s.rankable, got, want)
				}
				for limit := max(1, len(want)-2); limit <= len(want)+1; limit++ {
					some := s.names(anyOf, must, limit)
					if cut := slices.Contains(some, "+"); cut != (limit < len(want)) {
						t.Errorf("any of %q, all of %q, %d ranked: %d of %d found, cut: %v", anyOf, must, s.rankable, limit, len(want), cut)
					}
				}
			}
		}
	}
}
