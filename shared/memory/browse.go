package memory

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// Bounds of a query without text.
const (
	browsePage = 200    // grains read at a time
	maxOpened  = 20_000 // grains opened, where the query does not say
)

// browse answers a query without text: what fits of the newest written. It
// keeps no more grains than it answers with.
func (s *Service) browse(ctx context.Context, m change.Memory, q Query) (Hits, error) {
	f, err := s.browsed(ctx, m, q)
	if err != nil {
		return Hits{}, err
	}
	var out Hits
	fits, opened, most := 0, 0, cmp.Or(q.Look, maxOpened)
	for after, total := "", -1; ; {
		page, err := s.cfg.Store.Scan(ctx, m, f, after, browsePage)
		if err != nil {
			return out, err
		}
		if after == "" && q.open() {
			total = page.Total
		}
		slices.SortStableFunc(page.Grains, func(a, b store.Stored) int { return cmp.Compare(b.CreatedAt, a.CreatedAt) })
		for _, st := range page.Grains {
			switch {
			case total >= 0 && len(out.Hits) == q.Limit:
				out.Total = total // the store has counted
				out.finish(q.Limit)
				return out, nil
			case !q.stands(st):
				continue
			case opened == most:
				out.Total, out.Cut = fits, true
				out.finish(q.Limit)
				return out, nil
			}
			opened++
			switch g, err := s.open(ctx, m, st); {
			case err != nil && !s.passedOver(ctx, m, st, err):
				return out, err
			case err == nil && q.fits(g):
				if fits++; len(out.Hits) < q.Limit {
					out.Hits = append(out.Hits, Hit{g, 1})
				}
			}
		}
		if after = page.Next; after == "" {
			out.Total = fits
			out.finish(q.Limit)
			return out, nil
		}
	}
}

// browsed is as much of a query as a store can tell without opening grains.
func (s *Service) browsed(ctx context.Context, m change.Memory, q Query) (store.Filter, error) {
	f := store.Filter{Namespace: q.Namespace, Type: q.Type, ScopeTree: q.scopeRoot(), Named: q.Named, Newest: true}
	if q.Subject == "" {
		return f, nil
	}
	var err error
	if f.Subject, err = s.cfg.Sealer.Blind(ctx, vault(m), blindSubject, q.Subject); err != nil {
		return f, fmt.Errorf("memory: blind subject: %w", err)
	}
	return f, nil
}

// open says whether a store's filter is all of the query.
func (q Query) open() bool {
	return q.Relation == "" && q.Object == "" && len(q.Tags) == 0 && q.Confidence == 0 && !q.Siblings
}
