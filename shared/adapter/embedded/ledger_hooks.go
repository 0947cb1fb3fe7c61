package embedded

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/memhooks/memhooks/shared/delivery"
)

// source is a hook with where its records begin: the newest seq of its batches,
// and of the rows that the query takes; 0 = none.
type source struct {
	*hookRow
	batch, row int64
}

// listHooks fills a page hook by hook, those with the newest records first,
// until enough was found above all that the others have.
func (q *queue) listHooks(ctx context.Context, page *listing, hooks []*hookRow) error {
	sources, err := q.sources(ctx, page, hooks)
	if err != nil {
		return err
	}
	if page.q.Since == 0 {
		if err := q.listWaiting(ctx, page, hooks); err != nil {
			return err
		}
	}
	slices.SortStableFunc(sources, func(a, b source) int { return cmp.Compare(max(b.batch, b.row), max(a.batch, a.row)) })
	for _, s := range sources {
		if s.batch > 0 && s.batch >= page.least {
			if err := q.listBatches(ctx, page, s.hookRow); err != nil {
				return err
			}
		}
		if s.row > 0 && s.row >= page.least {
			if err := q.listRows(ctx, page, s.hookRow); err != nil {
				return err
			}
		}
		if len(page.found) > 2*page.q.Limit {
			page.settle()
		}
	}
	return nil
}

// batches says whether the query takes what first attempts ended.
func (p *listing) batches() bool {
	return p.q.Status == "" || p.q.Status == delivery.StatusDelivered
}

// rows is the condition on the rows of job that the query takes. Its argument
// is the status.
func (p *listing) rows() string {
	switch p.q.Status {
	case "":
		return "?=''"
	case delivery.StatusPending, delivery.StatusHeld:
		return "?<>'' AND status IN " + pendingRows
	}
	return "status=?"
}

// takes says whether what a hook has not ended is asked for, or all that has.
func (p *listing) takes(h *hookRow) bool {
	switch p.q.Status {
	case delivery.StatusPending, delivery.StatusHeld:
		return p.q.Status == waiting(h)
	}
	return true
}

// sources finds where the hooks' records begin. Of a single one that is not
// worth a question.
func (q *queue) sources(ctx context.Context, page *listing, hooks []*hookRow) ([]source, error) {
	byN := make(map[int64]*hookRow, len(hooks))
	for _, h := range hooks {
		byN[h.n] = h
	}
	var all []source
	take := func(s source) {
		// A batch may reach beyond the page's beginning.
		if s.batch = min(s.batch, page.below.seq); !page.batches() {
			s.batch = 0
		}
		if !page.takes(s.hookRow) {
			s.row = 0
		}
		all = append(all, s)
	}
	switch len(hooks) {
	case 0:
		return nil, nil
	case 1:
		take(source{hooks[0], page.below.seq, page.below.seq})
		return all, nil
	}
	err := q.d.rows(ctx, `SELECT n,
		coalesce((SELECT last_seq FROM delivered WHERE hook=n ORDER BY last_seq DESC LIMIT 1), 0),
		coalesce((SELECT seq FROM job WHERE hook=n AND `+page.rows()+` AND seq<=? ORDER BY seq DESC LIMIT 1), 0)
		FROM hook WHERE memory=?`, []any{string(page.q.Status), page.below.seq, hooks[0].memory},
		func(scan func(...any) error) error {
			var n int64
			var s source
			err := scan(&n, &s.batch, &s.row)
			if s.hookRow = byN[n]; err == nil && s.hookRow != nil {
				take(s)
			}
			return err
		})
	return all, err
}

// listRows adds the jobs that have rows.
func (q *queue) listRows(ctx context.Context, page *listing, h *hookRow) error {
	args := []any{h.n, string(page.q.Status), page.below.seq, page.q.Since, page.least, page.q.Limit + 2}
	// Of the seq where the page begins some may stand before it: one for each
	// redrive, and they are few.
	return q.d.rows(ctx, selectJob+"WHERE hook=? AND "+page.rows()+` AND seq<=? AND last_at>=? AND seq>=? ORDER BY seq DESC, redrive DESC LIMIT
		?+(SELECT count(*) FROM job WHERE hook=?1 AND seq=?3)`,
		args, func(scan func(...any) error) error {
			r, err := scanJob(scan)
			if err == nil {
				page.add(h, r.record(h))
			}
			return err
		})
}

// listBatches adds what succeeded at once: first from the batches that reach
// beyond the page's beginning, then from those below it.
func (q *queue) listBatches(ctx context.Context, page *listing, h *hookRow) error {
	var across [][]byte
	if page.q.After != "" {
		if err := q.d.rows(ctx, selectBatches, []any{h.n, page.below.seq, page.below.seq, maxWindow}, collect(&across)); err != nil {
			return err
		}
	}
	enoughAbove := above{most: page.q.Limit}
	take := func(data []byte) (old bool, err error) {
		batch, err := delivery.DecodeBatch(data)
		old = true
		for _, s := range batch {
			old = old && s.At < page.q.Since
			if page.add(h, s.Record(h.ID)) {
				enoughAbove.seqs = append(enoughAbove.seqs, s.Seq)
			}
		}
		return old, err
	}
	for _, data := range across {
		if _, err := take(data); err != nil {
			return err
		}
	}
	oldInRow := 0
	err := q.d.rows(ctx, "SELECT last_seq, data FROM delivered WHERE hook=? AND last_seq<? AND last_seq>=? ORDER BY last_seq DESC",
		[]any{h.n, page.below.seq, page.least}, func(scan func(...any) error) error {
			var last int64
			var data []byte
			if err := scan(&last, &data); err != nil {
				return err
			}
			if enoughAbove.of(last) || oldInRow >= maxOld {
				return errEnough
			}
			old, err := take(data)
			if oldInRow++; !old {
				oldInRow = 0
			}
			return err
		})
	return enough(err)
}

// above counts seqs that lie above a falling line.
type above struct {
	most  int
	seqs  []int64 // that are not counted yet
	count int
}

// of counts those above a seq and says whether they are more than enough.
func (a *above) of(seq int64) bool {
	a.seqs = slices.DeleteFunc(a.seqs, func(s int64) bool {
		if s > seq {
			a.count++
		}
		return s > seq
	})
	return a.count > a.most
}

// errEnough ends the reading of rows that are not needed.
var errEnough = errors.New("enough")

func enough(err error) error {
	if errors.Is(err, errEnough) {
		return nil
	}
	return err
}
