package embedded

import (
	"cmp"
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// reach is how far a hook's deliveries go: the newest seq that it saw, how many
// of what it saw have ended, and how many of these as dead letters.
type reach struct {
	hook    *hookRow
	last    int64
	matched int
	ended   int
	dead    int
}

// adds says whether the hook's deliveries can be of a status.
func (r *reach) adds(status delivery.Status) bool {
	switch status {
	case delivery.StatusDead:
		return r.dead > 0
	case delivery.StatusPending, delivery.StatusHeld:
		return r.matched > r.ended && status == waiting(r.hook)
	}
	return true
}

// reaches are those of the hooks that saw anything, the one with the newest
// event first.
func (q *queue) reaches(ctx context.Context, hooks []*hookRow) ([]reach, error) {
	if len(hooks) == 0 {
		return nil, nil
	}
	byNumber := make(map[int64]*hookRow, len(hooks))
	for _, h := range hooks {
		byNumber[h.n] = h
	}
	var all []reach
	err := q.d.rows(ctx, `SELECT hook, last_seq, matched,
			coalesce((SELECT sum(n) FROM tally WHERE tally.hook=hookhead.hook), 0),
			coalesce((SELECT n FROM tally WHERE tally.hook=hookhead.hook AND status=?), 0)
		FROM hookhead WHERE matched>0 AND hook IN (SELECT n FROM hook WHERE memory=?)`,
		[]any{string(delivery.StatusDead), hooks[0].memory}, func(scan func(...any) error) error {
			var n int64
			var r reach
			if err := scan(&n, &r.last, &r.matched, &r.ended, &r.dead); err != nil {
				return err
			}
			if r.hook = byNumber[n]; r.hook != nil { // nil: made meanwhile
				all = append(all, r)
			}
			return nil
		})
	slices.SortFunc(all, func(a, b reach) int { return cmp.Or(cmp.Compare(b.last, a.last), cmp.Compare(a.hook.n, b.hook.n)) })
	return all, err
}

// listAll lists the deliveries of all hooks. It asks no hook that can add
// nothing to the page: since the hooks come by their newest event, it ends
// where what is found is newer than all that any other could have.
func (q *queue) listAll(ctx context.Context, page *listing, hooks []*hookRow) error {
	all, err := q.reaches(ctx, hooks)
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.hook.Mode != hook.Webhook || !r.adds(page.q.Status) {
			continue
		}
		if page.newer(r.last) > page.q.Limit {
			return nil
		}
		if err := q.listHook(ctx, page, r.hook, r.matched > r.ended); err != nil {
			return err
		}
	}
	return nil
}

// newer counts what was found above a seq.
func (p *listing) newer(seq int64) int {
	n := 0
	for i := range p.found {
		if p.found[i].at.seq > seq {
			n++
		}
	}
	return n
}

// window is how many entries of the log are read at once for records that lie
// close together.
const window = 256

// tellEntries gives records their entries of the log. Those whose entry was
// compacted meanwhile are left out.
func (q *queue) tellEntries(ctx context.Context, found []listed) ([]delivery.Record, error) {
	records := make([]delivery.Record, 0, len(found))
	for len(found) > 0 {
		newest := found[0].at.seq // they come newest first
		n := slices.IndexFunc(found, func(l listed) bool { return l.at.seq <= newest-window })
		if n < 0 {
			n = len(found)
		}
		oldest := found[n-1].at.seq
		entries, err := q.d.readLog(ctx, found[0].hook.memory, oldest-1, int(newest-oldest+1))
		if err != nil {
			return nil, err
		}
		for _, l := range found[:n] {
			i, held := slices.BinarySearchFunc(entries, l.at.seq, func(e feed.Entry, seq int64) int { return cmp.Compare(e.Seq, seq) })
			if !held {
				continue
			}
			if match, sees := entries[i].For(l.hook.ID); sees {
				r := l.record
				r.Job.Entry, r.Job.Prev = entries[i], match.Prev
				records = append(records, r)
			}
		}
		found = found[n:]
	}
	return records, nil
}
