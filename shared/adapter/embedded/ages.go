package embedded

import (
	"context"
	"sync"

	"github.com/memhooks/memhooks/shared/feed"
)

// ages remembers by memory what was found out of its log, for compaction asks
// the same again and again: for a time after a span's beginning, up to its end,
// the newest old entry is the same, whatever is written meanwhile.
type ages struct {
	mu    sync.Mutex
	spans map[int64][2]ageSpan // compaction asks for two times, one long before the other
}

// ageSpan says that of a log with this floor, seq is the newest entry that was
// committed before any time in (after, until].
type ageSpan struct {
	floor, seq   int64
	after, until int64 // epoch milliseconds
}

const maxAges = 65536 // memories; beyond, it starts anew

func (a *ages) find(n, floor, old int64) (seq int64, found bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.spans[n] {
		if s.floor == floor && s.after < old && old <= s.until {
			return s.seq, true
		}
	}
	return 0, false
}

func (a *ages) keep(n int64, s ageSpan) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.spans == nil || len(a.spans) >= maxAges {
		a.spans = make(map[int64][2]ageSpan)
	}
	a.spans[n] = [2]ageSpan{s, a.spans[n][0]}
}

// Ages is the port's. A log whose oldest entries are as young as they were asks
// nothing of the database but its row.
func (s logs) Ages(ctx context.Context, old int64) ([]feed.Age, error) {
	waits, err := s.d.needed(ctx)
	if err != nil {
		return nil, err
	}
	var all []feed.Age
	var numbers []int64
	err = s.d.rows(ctx, `SELECT m.n, m.tenant, m.id, m.head, m.floor,
			(SELECT min(c.acked) FROM hook h JOIN consumer c ON c.hook = h.n WHERE h.memory = m.n AND c.at > ?)
		FROM memory m WHERE m.head > 0 ORDER BY m.n`, []any{s.d.now().Add(-feed.LiveFor).UnixMilli()}, func(scan func(...any) error) error {
		var n int64
		var a feed.Age
		var acked *int64
		err := scan(&n, &a.Memory.Tenant, &a.Memory.ID, &a.Bounds.Head, &a.Bounds.Floor, &acked)
		a.Needed = a.Bounds.Head + 1
		if acked != nil {
			a.Needed = min(a.Needed, *acked+1)
		}
		if seq := waits[n]; seq > 0 {
			a.Needed = min(a.Needed, seq)
		}
		all, numbers = append(all, a), append(numbers, n)
		return err
	})
	for i := range all {
		if err == nil {
			err = s.age(&all[i], numbers[i], old)
		}
	}
	return all, err
}

// age finds out what is old of one log.
func (s logs) age(a *feed.Age, n, old int64) error {
	if seq, found := s.d.ages.find(n, a.Bounds.Floor, old); found {
		a.OldSeq = seq
		return nil
	}
	span, whole, err := s.halve(a.Bounds, n, old)
	if err == nil && whole {
		s.d.ages.keep(n, span)
	}
	a.OldSeq = span.seq
	return err
}

// halve finds the newest entry before a time. Commit times rise with the seq
// but for a clock that was set back, so halving finds it. The span is whole
// where an entry after it has been found.
func (s logs) halve(b feed.Bounds, n, old int64) (span ageSpan, whole bool, err error) {
	span.floor = b.Floor
	low, high := b.Floor-1, b.Head // low is old or below the floor, what lies above high is not old
	for low < high {
		middle := low + (high-low+1)/2
		var at int64
		found, err := s.d.row("SELECT at FROM log WHERE memory=? AND seq=?", []any{n, middle}, &at)
		if err != nil {
			return ageSpan{}, false, err
		}
		if !found || at < old { // not found: compacted meanwhile
			low, span.after = middle, at
		} else {
			high, span.until, whole = middle-1, at, true
		}
	}
	if low >= b.Floor {
		span.seq = low
	}
	return span, whole, nil
}
