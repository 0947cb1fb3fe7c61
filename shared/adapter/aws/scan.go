package aws

import (
	"bytes"
	"cmp"
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// Scan is the port's. The order is that of the lineages' hashes; the newest
// first are found by reading all that there are, which also counts them, and so
// are those with a key, whose list shows how many there are.
func (g grains) Scan(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) (store.Page, error) {
	last, err := parsePlace(after, f.Newest)
	if err != nil || limit <= 0 {
		return store.Page{Total: -1}, err
	}
	look := g.inOrder
	if f.Newest {
		look = g.newest
	}
	page, err := look(ctx, m, f, last, limit)
	if err != nil {
		return page, fmt.Errorf("scan memory %q: %w", m.ID, err)
	}
	return page, nil
}

func (g grains) inOrder(ctx context.Context, m change.Memory, f store.Filter, last scanned, limit int) (store.Page, error) {
	page := store.Page{Total: -1}
	fits := filter(f)
	q := table.Query{Part: part(m)}
	q.From, q.To = table.Prefix(sortLineage)
	if last.lineage != "" && !f.Named {
		q.After = sortLineage + last.lineage
	}
	if f.Namespace == nil && f.Subject == nil && f.Type+f.Person+f.ScopeTree == "" && !f.Named {
		q.Limit = limit + 1
	}
	fitting := 0
	err := eachPage(ctx, g.a.cfg.Main, q, func(rows []table.Found) (bool, error) {
		for _, r := range rows {
			s := storedOf(r.Row)
			if !fits(s) {
				continue
			}
			fitting++
			switch {
			case f.Named && s.Lineage <= last.lineage: // on a page before
			case len(page.Grains) < limit:
				page.Grains = append(page.Grains, s)
			default:
				page.Next = page.Grains[limit-1].Lineage
				if !f.Named {
					return false, nil
				}
			}
		}
		return true, nil
	})
	if err == nil && (f.Named || last == (scanned{}) && page.Next == "") {
		page.Total = fitting
	}
	return page, err
}

func (g grains) newest(ctx context.Context, m change.Memory, f store.Filter, last scanned, limit int) (store.Page, error) {
	page := store.Page{}
	fits := filter(f)
	found := foremost[scanned]{limit: limit + 1, compare: scanned.compare}
	err := g.a.lineages(ctx, m, func(rows []table.Found) error {
		for _, r := range rows {
			s := storedOf(r.Row)
			if !fits(s) {
				continue
			}
			page.Total++
			at := scanned{stamp: r.Row.Number(grainStamp), lineage: s.Lineage, grain: &s}
			if last.lineage == "" || last.compare(at) < 0 {
				found.add(at)
			}
		}
		return nil
	})
	if err != nil {
		return store.Page{Total: -1}, err
	}
	for i, at := range found.sorted() {
		if i == limit {
			page.Next = last.String()
			break
		}
		page.Grains, last = append(page.Grains, *at.grain), at
	}
	return page, nil
}

// filter is a filter as a function: of current grains, those that it selects.
func filter(f store.Filter) func(store.Stored) bool {
	at, from, to := seal.Selector{Scope: f.ScopeTree}.Span()
	return func(s store.Stored) bool {
		scope := s.Scope()
		return s.State == store.Current &&
			(f.Namespace == nil || s.Namespace == *f.Namespace) &&
			(f.Type == "" || s.Type == f.Type) &&
			(f.Person == "" || s.Person == f.Person) &&
			(f.Subject == nil || bytes.Equal(s.Subject, f.Subject)) &&
			(!f.Named || s.Name != nil) &&
			(at == "" || scope == at || from <= scope && scope < to)
	}
}

// scanned is where a scan stands, the stamp only where it takes the newest
// first.
type scanned struct {
	stamp   int64
	lineage string
	grain   *store.Stored
}

// compare puts the last written first.
func (p scanned) compare(with scanned) int {
	return cmp.Or(cmp.Compare(with.stamp, p.stamp), strings.Compare(p.lineage, with.lineage))
}

// String writes the cursor of a scan of the newest.
func (p scanned) String() string { return fmt.Sprintf("%d.%s", p.stamp, p.lineage) }

// parsePlace reads a cursor; the empty one lies before all.
func parsePlace(cursor string, newest bool) (scanned, error) {
	p := scanned{lineage: cursor}
	if cursor == "" {
		return p, nil
	}
	var err error
	if newest {
		var stamp string
		stamp, p.lineage, _ = strings.Cut(cursor, ".")
		p.stamp, err = strconv.ParseInt(stamp, 10, 64)
	}
	if _, odd := hex.DecodeString(p.lineage); err != nil || odd != nil || p.lineage == "" || len(p.lineage) > 64 {
		return p, fault.New(fault.InvalidField, "this cursor is not one of ours: start again without a cursor")
	}
	return p, nil
}

// Count is the port store.Counter's: it reads the whole memory.
func (g grains) Count(ctx context.Context, m change.Memory) (store.Statistics, error) {
	out := store.Statistics{Types: map[string]int{}}
	if there, err := g.a.memoryThere(ctx, m); err != nil || !there {
		if err == nil {
			err = noMemory(m)
		}
		return out, err
	}
	spaces := map[string]bool{}
	err := g.a.lineages(ctx, m, func(rows []table.Found) error {
		for _, r := range rows {
			if stateOf(r.Row) == store.Current {
				out.Grains++
				out.Types[r.Row.Text(grainType)]++
				out.Bytes += int64(len(r.Row.Bytes(grainBox)))
				spaces[r.Row.Text(grainSpace)] = true
			}
		}
		return nil
	})
	if err != nil {
		return out, fmt.Errorf("count memory %q: %w", m.ID, err)
	}
	out.Namespaces = slices.Sorted(maps.Keys(spaces))
	return out, nil
}
