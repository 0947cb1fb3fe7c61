package embedded

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// rankable is how many documents a search ranks at most: FTS5 has to read the
// postings of all that may fit for that, and of the newest ones only their own.
const rankable = 10_000

// Find is the port's. Where more documents may fit than are ranked, it finds in
// this order, until it has enough: what holds all terms, the newest first; what
// holds one of the rarest terms, as many as can be ranked; what holds all others,
// and then what holds each of them, rarer ones first, always the newest first.
func (s index) Find(ctx context.Context, m change.Memory, anyOf, must []string, limit int) (store.Found, error) {
	found := store.Found{Frequency: make(map[string]int, len(anyOf))}
	var n int64
	there, err := s.d.row("SELECT m.n, coalesce(d.count, 0) FROM memory m LEFT JOIN docs d ON d.memory=m.n WHERE m.tenant=? AND m.id=?",
		named(m), &n, &found.Docs)
	if err != nil || !there {
		return found, err
	}
	frequency, err := s.count(ctx, n, slices.Concat(anyOf, must))
	if err != nil {
		return found, err
	}
	for _, term := range anyOf {
		found.Frequency[term] = frequency[term]
	}
	if limit <= 0 || len(anyOf)+len(must) == 0 {
		return found, nil
	}
	seen := make(map[int64]bool)
	for _, of := range s.tiers(n, anyOf, must, frequency) {
		if err := s.take(ctx, of, limit, seen, &found); err != nil || found.Cut {
			return found, err
		}
	}
	return found, nil
}

// tier is one query of a search: which documents, in which order, and what FTS5
// has to match.
type tier struct{ documents, match string }

const (
	ranked = "SELECT rowid AS n, rank AS place FROM doc WHERE doc MATCH ? ORDER BY rank" + atMost
	newest = "SELECT rowid AS n, -rowid AS place FROM doc WHERE doc MATCH ? ORDER BY rowid DESC" + atMost
)

// tiers parts a search into queries, in the order in which they are asked.
func (s index) tiers(n int64, anyOf, must []string, frequency map[string]int) []tier {
	if len(anyOf) == 0 {
		return []tier{{newest, match(n, nil, must)}}
	}
	rarest := func(a, b string) int { return cmp.Compare(frequency[a], frequency[b]) }
	terms := slices.DeleteFunc(slices.Clone(anyOf), func(term string) bool { return frequency[term] == 0 })
	slices.SortStableFunc(terms, rarest)
	rare := 0
	for left := s.d.rankable; rare < len(terms) && frequency[terms[rare]] <= left; rare++ {
		left -= frequency[terms[rare]]
	}
	if rare == len(terms) || len(must) > 0 && frequency[slices.MinFunc(must, rarest)] <= s.d.rankable {
		return []tier{{ranked, match(n, anyOf, must)}}
	}
	holdingAll := func(terms []string) tier { return tier{newest, match(n, nil, slices.Concat(terms, must))} }
	all := []tier{holdingAll(terms)}
	if rare > 0 {
		all = append(all, tier{ranked, match(n, terms[:rare], must)}, holdingAll(terms[rare:]))
	}
	for _, term := range terms[rare:] {
		all = append(all, tier{newest, match(n, []string{term}, must)})
	}
	return all
}

// take adds what a tier finds and those before it did not.
func (s index) take(ctx context.Context, of tier, limit int, seen map[int64]bool, found *store.Found) error {
	return s.d.rows(ctx, "SELECT "+grainColumns+` FROM (`+of.documents+`) d
		JOIN grain g ON g.n = d.n JOIN shelf s ON s.n = g.shelf JOIN seal_key k ON k.n = s.key WHERE g.state=0 ORDER BY d.place, g.n`,
		[]any{of.match, limit + 1}, func(scan func(...any) error) error {
			var r row
			if err := r.scan(scan); err != nil || seen[r.n] {
				return err
			}
			seen[r.n] = true
			if found.Cut = len(found.Grains) == limit; !found.Cut {
				found.Grains = append(found.Grains, r.Stored)
			}
			return nil
		})
}

// count looks up in how many documents each of some terms stands.
func (s index) count(ctx context.Context, n int64, terms []string) (map[string]int, error) {
	frequency := make(map[string]int, len(terms))
	if len(terms) == 0 {
		return frequency, nil
	}
	of, args := make(map[string]string, len(terms)), make([]any, len(terms))
	for i, term := range terms {
		t := token(n, term)
		of[t], args[i] = term, t
	}
	in := strings.Repeat(",?", len(terms))[1:]
	return frequency, s.d.rows(ctx, "SELECT term, doc FROM doc_terms WHERE term IN ("+in+")", args, func(scan func(...any) error) error {
		var t string
		var docs int
		err := scan(&t, &docs)
		frequency[of[t]] = docs
		return err
	})
}

// match writes FTS5's query: at least one of the one list, all of the other.
func match(n int64, anyOf, must []string) string {
	list := func(terms []string, between string) string {
		all := make([]string, len(terms))
		for i, term := range terms {
			all[i] = `"` + token(n, term) + `"`
		}
		return strings.Join(all, between)
	}
	switch {
	case len(anyOf) == 0:
		return list(must, " AND ")
	case len(must) == 0:
		return list(anyOf, " OR ")
	}
	return "(" + list(anyOf, " OR ") + ") AND " + list(must, " AND ")
}
