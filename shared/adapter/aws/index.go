package aws

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// index is the port store.Index. Each Put adds a segment, a row that holds its
// documents' terms; a search reads all segments of its memory. The newest
// document of a lineage counts.
type index struct{ a *Adapter }

// candidate is the newest document of a lineage, as a query sees it.
type candidate struct {
	document int // which of all that were read: later ones are newer
	hash     string
	lineage  string
	holds    []int // which of any
	all      bool  // of must
	score    float64
}

// Find is the port's. Docs and Frequency count documents of lineages that are
// gone by now too, until their segment is rewritten.
func (s index) Find(ctx context.Context, m change.Memory, anyOf, must []string, limit int) (store.Found, error) {
	found := store.Found{Frequency: make(map[string]int, len(anyOf))}
	newest, err := s.match(ctx, m, termsOf(anyOf), termsOf(must))
	if err != nil {
		return found, fmt.Errorf("search memory %q: %w", m.ID, err)
	}
	found.Docs = len(newest)
	often := make([]int, len(anyOf))
	for _, c := range newest {
		for _, i := range c.holds {
			often[i]++
		}
	}
	for i, term := range anyOf {
		found.Frequency[term] = often[i]
	}
	if limit <= 0 || len(anyOf)+len(must) == 0 {
		return found, nil
	}
	var fit []*candidate
	for _, c := range newest {
		if !c.all || len(anyOf) > 0 && len(c.holds) == 0 {
			continue
		}
		for _, i := range c.holds {
			c.score += math.Log1p(float64(len(newest)) / float64(often[i]))
		}
		fit = append(fit, c)
	}
	slices.SortFunc(fit, func(a, b *candidate) int {
		return cmp.Or(cmp.Compare(b.score, a.score), cmp.Compare(b.document, a.document))
	})
	err = s.take(ctx, m, fit, limit, &found)
	if err != nil {
		return found, fmt.Errorf("read what was found in memory %q: %w", m.ID, err)
	}
	return found, nil
}

// match reads the index and returns the newest document of each lineage.
func (s index) match(ctx context.Context, m change.Memory, anyOf, must []uint64) (map[string]*candidate, error) {
	newest := map[string]*candidate{}
	n := 0
	err := s.a.segments(ctx, m, func(seg segment) error {
		for _, doc := range seg.docs {
			c := &candidate{document: n, hash: doc.hash, lineage: doc.lineage, all: true}
			for i, term := range anyOf {
				if doc.has(term) {
					c.holds = append(c.holds, i)
				}
			}
			for _, term := range must {
				c.all = c.all && doc.has(term)
			}
			newest[doc.lineage] = c
			n++
		}
		return nil
	})
	return newest, err
}

// take reads the grains of candidates, in their order, and keeps those that
// are current.
func (s index) take(ctx context.Context, m change.Memory, fit []*candidate, limit int, found *store.Found) error {
	for len(fit) > 0 && !found.Cut {
		some := fit[:min(len(fit), limit+1-len(found.Grains))]
		fit = fit[len(some):]
		keys := make([]table.Key, len(some))
		for i, c := range some {
			keys[i] = lineageKey(m, c.lineage)
		}
		rows, err := s.a.cfg.Main.Get(ctx, keys...)
		if err != nil {
			return err
		}
		for i, row := range rows {
			switch {
			case !isCurrent(row, some[i].hash):
			case len(found.Grains) == limit:
				found.Cut = true
			default:
				found.Grains = append(found.Grains, storedOf(row))
			}
		}
	}
	return nil
}

// Pending is the port's. It reads the whole memory and its index, and notes
// which segments are worn.
func (s index) Pending(ctx context.Context, m change.Memory, limit int) ([]store.Located, error) {
	oldest := foremost[pending]{limit: max(limit, 0), compare: pending.compare}
	var err error
	if m == (change.Memory{}) {
		err = s.a.allMemories(ctx, func(m change.Memory) error { return s.pending(ctx, m, &oldest) })
	} else {
		err = s.pending(ctx, m, &oldest)
	}
	if err != nil {
		return nil, fmt.Errorf("list what is not indexed: %w", err)
	}
	var all []store.Located
	for _, p := range oldest.sorted() {
		all = append(all, p.Located)
	}
	return all, nil
}

// pending is a grain that the index does not hold, and when it was written.
type pending struct {
	store.Located
	stamp int64
}

func (p pending) compare(with pending) int {
	return cmp.Or(cmp.Compare(p.stamp, with.stamp), cmp.Compare(p.Grain.Hash, with.Grain.Hash))
}

func (s index) pending(ctx context.Context, m change.Memory, oldest *foremost[pending]) error {
	type count struct {
		sort        string
		docs, stand int
	}
	var counts []*count
	holder := map[string]*count{}
	err := s.a.segments(ctx, m, func(seg segment) error {
		c := &count{sort: seg.sort, docs: len(seg.docs)}
		counts = append(counts, c)
		for _, doc := range seg.docs {
			holder[doc.hash] = c
		}
		return nil
	})
	if err != nil {
		return err
	}
	err = s.a.lineages(ctx, m, func(rows []table.Found) error {
		for _, r := range rows {
			if stateOf(r.Row) != store.Current {
				continue
			}
			if c := holder[hashIn(r.Row, grainHash)]; c != nil {
				c.stand++
				continue
			}
			oldest.add(pending{store.Located{Memory: m, Grain: storedOf(r.Row)}, r.Row.Number(grainStamp)})
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, c := range counts {
		if 4*c.stand < 3*c.docs {
			s.a.wear(m, c.sort)
		}
	}
	return nil
}
