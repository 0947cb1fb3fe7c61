package embedded

import (
	"context"

	"github.com/memhooks/memhooks/shared/delivery"
)

// waiters are what waits of one hook and has no row yet: entries after its place
// that it sees and nothing is known of.
type waiters struct {
	*hookRow
	cursor int64
	late   map[int64]bool // settled all the same
}

// listWaiting adds what waits in line, in one pass over the log for all hooks.
func (q *queue) listWaiting(ctx context.Context, page *listing, hooks []*hookRow) error {
	lines, from, err := q.lines(ctx, page, hooks)
	if err != nil || len(lines) == 0 {
		return err
	}
	looked, added := 0, 0
	err = q.d.rows(ctx, "SELECT seq, matches FROM log WHERE memory=? AND seq>? AND seq<=? ORDER BY seq DESC",
		[]any{hooks[0].memory, from, page.below.seq}, func(scan func(...any) error) error {
			var seq int64
			var matches []byte
			if err := scan(&seq, &matches); err != nil {
				return err
			}
			eachMatch(matches, func(hook, _ int64) {
				l, waits := lines[hook]
				if !waits || seq <= l.cursor || l.late[seq] {
					return
				}
				r := delivery.Record{Job: delivery.Job{Hook: l.ID}, Status: waiting(l.hookRow)}
				r.Job.Entry.Seq = seq
				if page.add(l.hookRow, r) {
					added++
				}
			})
			if looked++; looked == maxLook {
				page.cut = max(page.cut, seq-1)
			}
			if looked == maxLook || added > page.q.Limit {
				return errEnough
			}
			return nil
		})
	return enough(err)
}

// lines reads what is needed of the hooks whose lines the query asks for, by
// number, and the lowest of their places.
func (q *queue) lines(ctx context.Context, page *listing, hooks []*hookRow) (lines map[int64]waiters, from int64, err error) {
	cursors, err := q.cursors(ctx, hooks)
	if err != nil {
		return nil, 0, err
	}
	ask := func(query string, args []any, each func(scan func(...any) error) error) error {
		return q.d.rows(ctx, query, args, each)
	}
	lines = make(map[int64]waiters)
	for _, h := range hooks {
		l := waiters{hookRow: h, cursor: cursors[h.n]}
		if page.q.Status != "" && page.q.Status != waiting(h) || !q.behind(h, l.cursor) {
			continue
		}
		if l.late, err = settledAfter(ask, h.n, l.cursor); err != nil {
			return nil, 0, err
		}
		if from = min(from, l.cursor); len(lines) == 0 {
			from = l.cursor
		}
		lines[h.n] = l
	}
	return lines, from, nil
}

// behind says whether a hook saw something after a place.
func (q *queue) behind(h *hookRow, cursor int64) bool {
	r := q.d.rooms.peekN(h.memory)
	if r == nil {
		return true
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.seen[h.ID] > cursor
}

// cursors reads the places of hooks of one memory, by number: up to where their
// jobs were taken from the log.
func (q *queue) cursors(ctx context.Context, hooks []*hookRow) (map[int64]int64, error) {
	cursors := make(map[int64]int64, len(hooks))
	for _, h := range hooks {
		cursors[h.n] = h.Since
	}
	query, arg := "SELECT hook, cursor FROM place WHERE hook IN (SELECT n FROM hook WHERE memory=?)", int64(0)
	switch len(hooks) {
	case 0:
		return cursors, nil
	case 1:
		query, arg = "SELECT hook, cursor FROM place WHERE hook=?", hooks[0].n
	default:
		arg = hooks[0].memory
	}
	return cursors, q.d.rows(ctx, query, []any{arg}, func(scan func(...any) error) error {
		var hook, cursor int64
		err := scan(&hook, &cursor)
		cursors[hook] = cursor
		return err
	})
}
