package embedded

import (
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
)

// The bites in which listLog reads the log, in entries.
const (
	firstBite = 16
	lastBite  = 256
)

// pair is an entry that a hook sees.
type pair struct{ hook, seq int64 }

// stretch is a part of the log with what the hooks of a page see of it.
type stretch struct {
	entries []feed.Entry
	hooks   map[int64]*hookRow // those that see any of it, by number
	prev    map[pair]int64
	found   map[pair]bool // whose own delivery is known
}

// listLog fills a page from the log's newest entry back: what hooks saw, and
// then what became of that. It is for pages of many hooks that take most of
// what they meet.
func (q *queue) listLog(ctx context.Context, page *listing, r *room, hooks []*hookRow) error {
	cursors, err := q.cursors(ctx, hooks)
	if err != nil {
		return err
	}
	byID := make(map[string]*hookRow, len(hooks))
	for _, h := range hooks {
		byID[h.ID] = h
	}
	r.mu.RLock()
	row := r.row
	r.mu.RUnlock()
	page.whole = true
	looked := 0
	for to := min(page.below.seq, row.head); to >= row.floor && len(page.found) <= page.q.Limit; {
		if looked >= maxLook {
			page.cut = to
			return nil
		}
		s, err := q.stretch(ctx, r, row.floor, to, min(maxLook-looked, lastBite), page.q.Limit+1-len(page.found), byID)
		if err != nil || len(s.entries) == 0 { // compacted meanwhile
			return err
		}
		looked += len(s.entries)
		to = s.entries[0].Seq - 1
		if err := q.became(ctx, page, &s, cursors); err != nil {
			return err
		}
	}
	return nil
}

// stretch reads the entries up to a seq, at most so many and no more than have
// enough matches.
func (q *queue) stretch(ctx context.Context, r *room, floor, to int64, most, matches int, of map[string]*hookRow) (stretch, error) {
	s := stretch{hooks: make(map[int64]*hookRow), prev: make(map[pair]int64), found: make(map[pair]bool)}
	for bite := firstBite; matches > 0 && most > 0 && to >= floor; bite *= 2 {
		from := max(floor, to+1-int64(min(bite, most)))
		some, err := q.d.readRoom(ctx, r, from-1, int(to+1-from))
		if err != nil {
			return s, err
		}
		if len(some) == 0 || some[0].Seq > from {
			break // compacted meanwhile
		}
		n := len(some)
		for ; n > 0 && matches > 0; n-- {
			e := &some[n-1]
			for _, m := range e.Matches {
				if h := of[m.Hook]; h != nil {
					s.hooks[h.n] = h
					s.prev[pair{h.n, e.Seq}] = m.Prev
					matches--
				}
			}
		}
		s.entries = slices.Concat(some[n:], s.entries)
		most -= len(some)
		to = from - 1
	}
	return s, nil
}

// became adds what became of what hooks saw of a stretch.
func (q *queue) became(ctx context.Context, page *listing, s *stretch, cursors map[int64]int64) error {
	if len(s.hooks) == 0 {
		return nil
	}
	if err := q.becameRows(ctx, page, s); err != nil {
		return err
	}
	for _, h := range s.hooks {
		if err := q.becameSuccesses(ctx, page, s, h); err != nil {
			return err
		}
	}
	if page.q.Status != "" {
		return nil
	}
	for p := range s.prev {
		if h := s.hooks[p.hook]; !s.found[p] && p.seq > cursors[p.hook] {
			r := delivery.Record{Job: delivery.Job{Hook: h.ID}, Status: waiting(h)}
			r.Job.Entry.Seq = p.seq
			s.add(page, h, r)
		}
	}
	return nil
}

// becameRows adds the jobs that have rows.
func (q *queue) becameRows(ctx context.Context, page *listing, s *stretch) error {
	var memory int64
	for _, h := range s.hooks {
		memory = h.memory
	}
	args := []any{memory, s.entries[0].Seq, s.entries[len(s.entries)-1].Seq, string(page.q.Status)}
	return q.d.rows(ctx, selectJob+`WHERE hook IN (SELECT n FROM hook WHERE memory=?) AND seq>=? AND seq<=? AND (?4='' OR status=?4)`, args,
		func(scan func(...any) error) error {
			r, err := scanJob(scan)
			if h := s.hooks[r.hook]; err == nil && h != nil {
				s.add(page, h, r.record(h))
			}
			return err
		})
}

// becameSuccesses adds what succeeded at once.
func (q *queue) becameSuccesses(ctx context.Context, page *listing, s *stretch, h *hookRow) error {
	var batches [][]byte
	args := []any{h.n, s.entries[0].Seq, s.entries[len(s.entries)-1].Seq, maxWindow + len(s.entries)}
	if err := q.d.rows(ctx, selectBatches, args, collect(&batches)); err != nil {
		return err
	}
	for _, data := range batches {
		batch, err := delivery.DecodeBatch(data)
		if err != nil {
			return err
		}
		for _, success := range batch {
			s.add(page, h, success.Record(h.ID))
		}
	}
	return nil
}

// add adds a record with its entry, where that is of the stretch.
func (s *stretch) add(page *listing, h *hookRow, r delivery.Record) {
	at := pair{h.n, r.Job.Entry.Seq}
	prev, sees := s.prev[at]
	if !sees {
		return
	}
	if r.Job.Redrive == 0 {
		s.found[at] = true
	}
	r.Job.Prev, r.Job.Entry = prev, s.entries[at.seq-s.entries[0].Seq]
	page.add(h, r)
}
