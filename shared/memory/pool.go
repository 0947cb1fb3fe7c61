package memory

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/rank"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// pool opens the grains that may fit: what the index finds, and what it does
// not hold yet.
func (s *Service) pool(ctx context.Context, m change.Memory, q Query, query []string) ([]Grain, rank.Corpus, bool, error) {
	fresh, err := s.unindexed(ctx, m)
	if err != nil {
		return nil, rank.Corpus{}, false, err
	}
	b, err := s.cfg.Sealer.Blinder(ctx, vault(m))
	if err != nil {
		return nil, rank.Corpus{}, false, fmt.Errorf("memory: recall: %w", err)
	}
	tokens := blinded(b, blindWord, query...)
	found, err := s.cfg.Index.Find(ctx, m, tokens, q.must(b), candidates)
	if err != nil {
		return nil, rank.Corpus{}, false, err
	}
	corpus := rank.Corpus{Docs: found.Docs + len(fresh), Frequency: make(map[string]int, len(query)), AverageLength: averageLength}
	for i, w := range query {
		corpus.Frequency[w] = found.Frequency[tokens[i]]
	}
	for _, g := range fresh {
		count(corpus.Frequency, words(g.Fields))
	}
	indexed, err := s.openAll(ctx, m, found.Grains)
	return newest(append(fresh, indexed...)), corpus, found.Cut, err
}

// newest keeps one grain of each lineage: between two looks a grain may have
// been indexed, or replaced by one that was.
func newest(grains []Grain) []Grain {
	at := make(map[string]int, len(grains))
	out := grains[:0]
	for _, g := range grains {
		i, twice := at[g.Lineage]
		switch {
		case !twice:
			at[g.Lineage] = len(out)
			out = append(out, g)
		case g.Version > out[i].Version:
			out[i] = g
		}
	}
	return out
}

// count adds one to the frequency of each distinct query word that a grain has.
func count(frequency map[string]int, words []string) {
	seen := make(map[string]bool, len(frequency))
	for _, w := range words {
		if _, asked := frequency[w]; asked && !seen[w] {
			seen[w] = true
			frequency[w]++
		}
	}
}

// recallBite is how many grains a recall gives the index at a time, where it
// has to: so many that it is soon done, so few that writers hardly wait and an
// erasure finds little beside its own to write anew.
const recallBite = 64

// unindexed opens the grains that the index does not hold yet; where there are
// many it first sees to it that there are fewer.
func (s *Service) unindexed(ctx context.Context, m change.Memory) ([]Grain, error) {
	for {
		pending, err := s.cfg.Index.Pending(ctx, m, candidates)
		if err != nil {
			return nil, err
		}
		if len(pending) < candidates {
			stored := make([]store.Stored, len(pending))
			for i, p := range pending {
				stored[i] = p.Grain
			}
			return s.openAll(ctx, m, stored)
		}
		if err := s.catchUp(ctx, pending); err != nil {
			return nil, err
		}
	}
}

// catchUp indexes what was found pending, or waits while another indexes.
func (s *Service) catchUp(ctx context.Context, pending []store.Located) error {
	mine := s.indexing.TryLock()
	if !mine {
		s.indexing.Lock()
	}
	defer s.indexing.Unlock()
	if !mine {
		return nil
	}
	for bite := range slices.Chunk(pending, recallBite) {
		if err := s.index(ctx, bite); err != nil {
			return err
		}
	}
	return nil
}

// openAll opens grains; those that were erased meanwhile, or are damaged, are
// left out.
func (s *Service) openAll(ctx context.Context, m change.Memory, stored []store.Stored) ([]Grain, error) {
	out := make([]Grain, 0, len(stored))
	for _, st := range stored {
		g, err := s.open(ctx, m, st)
		switch {
		case err == nil:
			out = append(out, g)
		case !s.passedOver(ctx, m, st, err):
			return nil, err
		}
	}
	return out, nil
}

// passedOver says whether an error is one grain's alone, so that others can be
// searched without it: it was erased meanwhile, or it is damaged, which is logged.
func (s *Service) passedOver(ctx context.Context, m change.Memory, st store.Stored, err error) bool {
	if fault.KindOf(err) == fault.NotFound {
		return true
	}
	if !errors.Is(err, seal.ErrBroken) && !errors.Is(err, errFields) {
		return false
	}
	s.cfg.Log.ErrorContext(ctx, "a grain cannot be read and is not searched: restore the store from a sound copy",
		"tenant", m.Tenant, "memory", m.ID, "hash", st.Hash, "err", err)
	return true
}
