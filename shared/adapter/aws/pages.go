package aws

import (
	"context"
	"slices"
	"sync"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
)

// eachPage calls each for the pages of a query until it answers false.
func eachPage(ctx context.Context, rows Rows, q table.Query, each func([]table.Found) (more bool, err error)) error {
	for {
		page, err := rows.Query(ctx, q)
		if err != nil {
			return err
		}
		more, err := each(page.Rows)
		if err != nil || !more || !page.More || len(page.Rows) == 0 {
			return err
		}
		q.After = page.Rows[len(page.Rows)-1].Sort
	}
}

// digits are what the hash of a lineage begins with.
const digits = "0123456789abcdef"

// lineages calls each for all of a memory's lineages, by one goroutine at a
// time, in the order of their hashes where one page holds them all. More are
// read side by side, by the first digit of the hash.
func (a *Adapter) lineages(ctx context.Context, m change.Memory, each func([]table.Found) error) error {
	q := table.Query{Part: part(m)}
	q.From, q.To = table.Prefix(sortLineage)
	first, err := a.cfg.Main.Query(ctx, q)
	if err == nil {
		err = each(first.Rows)
	}
	if err != nil || !first.More || len(first.Rows) == 0 {
		return err
	}
	q.After = first.Rows[len(first.Rows)-1].Sort
	var parts []table.Query
	for i := range digits {
		part := q
		if i > 0 {
			part.From = sortLineage + digits[i:i+1]
		}
		if i+1 < len(digits) {
			part.To = sortLineage + digits[i+1:i+2]
		}
		switch {
		case part.To <= q.After:
			continue
		case part.From > q.After:
			part.After = ""
		}
		parts = append(parts, part)
	}
	var one sync.Mutex
	return abreast(ctx, len(parts), len(digits), func(ctx context.Context, i int) error {
		return eachPage(ctx, a.cfg.Main, parts[i], func(rows []table.Found) (bool, error) {
			one.Lock()
			defer one.Unlock()
			return true, each(rows)
		})
	})
}

// abreast calls f for 0 to n-1, at most width at once, and returns the first
// error; after one the others' context ends and no more are begun.
func abreast(ctx context.Context, n, width int, f func(ctx context.Context, i int) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var all sync.WaitGroup
	var once sync.Once
	var first error
	slots := make(chan struct{}, width)
	for i := range n {
		slots <- struct{}{}
		if ctx.Err() != nil {
			break
		}
		all.Go(func() {
			defer func() { <-slots }()
			if err := f(ctx, i); err != nil {
				once.Do(func() { first = err })
				cancel()
			}
		})
	}
	all.Wait()
	if first == nil {
		return ctx.Err()
	}
	return first
}

// foremost keeps the first of what it is given, in an order, and no more than
// twice as many meanwhile.
type foremost[T any] struct {
	limit   int
	compare func(a, b T) int
	kept    []T
}

func (f *foremost[T]) add(v T) {
	if f.kept = append(f.kept, v); len(f.kept) > 64 && len(f.kept)/2 > f.limit {
		f.sorted()
	}
}

// sorted is what was kept, in order, at most limit.
func (f *foremost[T]) sorted() []T {
	slices.SortFunc(f.kept, f.compare)
	if len(f.kept) > f.limit {
		clear(f.kept[f.limit:])
		f.kept = f.kept[:f.limit]
	}
	return f.kept
}
