package embedded

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
)

// Compact is the port's.
func (s logs) Compact(ctx context.Context, m change.Memory, floor int64) error {
	return s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.existing(m)
		if err != nil {
			return err
		}
		floor := min(floor, in.row.head+1)
		if floor <= in.row.floor {
			return nil
		}
		if err := t.d.expire(t, in.row.n, floor); err != nil {
			return err
		}
		if _, err := t.exec("DELETE FROM log WHERE memory=? AND seq>=? AND seq<? AND cause NOT IN "+markers,
			in.row.n, in.row.floor, floor); err != nil {
			return err
		}
		in.row.floor = floor
		_, err = t.exec("UPDATE memory SET floor=? WHERE n=?", floor, in.row.n)
		return err
	})
}

// Kept is the port's.
func (s logs) Kept(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	r, err := s.d.room(ctx, m)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, noMemory(m)
	}
	r.mu.RLock()
	row, hooks := r.row, r.hooks
	r.mu.RUnlock()
	return s.d.entries(ctx, row, hooks, "SELECT "+logColumns+` FROM log
		WHERE memory=? AND seq>? AND seq<? AND cause IN `+markers+" ORDER BY seq LIMIT ?", row.n, after, row.floor, limit)
}

// Ages is the port's.
func (s logs) Ages(ctx context.Context, old int64) ([]feed.Age, error) {
	var ages []feed.Age
	var numbers []int64
	err := s.d.rows(ctx, `SELECT m.n, m.tenant, m.id, m.head, m.floor,
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
		ages, numbers = append(ages, a), append(numbers, n)
		return err
	})
	for i := range ages {
		if err == nil {
			err = s.age(ctx, &ages[i], numbers[i], old)
		}
	}
	return ages, err
}

// age finds out what is old, and what is still needed, of one log. Commit
// times rise with the seq but for a clock that was set back, so the newest
// entry before a time is found by halving.
func (s logs) age(ctx context.Context, a *feed.Age, n, old int64) error {
	waits, err := s.d.needed(ctx, n)
	if err != nil {
		return err
	}
	if waits > 0 {
		a.Needed = min(a.Needed, waits)
	}
	low, high := a.Bounds.Floor-1, a.Bounds.Head // low is old or below the floor, what lies above high is not old
	for low < high {
		middle := low + (high-low+1)/2
		var at int64
		found, err := s.d.row("SELECT at FROM log WHERE memory=? AND seq=?", []any{n, middle}, &at)
		if err != nil {
			return err
		}
		if !found || at < old { // not found: compacted meanwhile
			low = middle
		} else {
			high = middle - 1
		}
	}
	if low >= a.Bounds.Floor {
		a.OldSeq = low
	}
	return nil
}
