package embedded

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
)

// compactAtOnce is how many seqs a transaction takes away: others wait for it.
const compactAtOnce = 5000

// Compact is the port's. It goes in bites, so that writes pass between them.
func (s logs) Compact(ctx context.Context, m change.Memory, floor int64) error {
	for more := true; more; {
		err := s.d.writer.do(ctx, func(t *tx) error {
			in, err := t.existing(m)
			if err != nil {
				return err
			}
			to := min(floor, in.row.head+1, in.row.floor+compactAtOnce)
			more = to < min(floor, in.row.head+1)
			if to <= in.row.floor {
				return nil
			}
			return t.compact(in, to)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *tx) compact(in *draft, floor int64) error {
	if err := t.d.expire(t, in.row.n, floor); err != nil {
		return err
	}
	if _, err := t.exec("DELETE FROM log WHERE memory=? AND seq>=? AND seq<? AND cause NOT IN "+markers,
		in.row.n, in.row.floor, floor); err != nil {
		return err
	}
	in.row.floor = floor
	_, err := t.exec("UPDATE memory SET floor=? WHERE n=?", floor, in.row.n)
	return err
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
	return s.d.entries(ctx, row, &hooks, "SELECT "+logColumns+` FROM log
		WHERE memory=? AND seq>? AND seq<? AND cause IN `+markers+" ORDER BY seq"+atMost, row.n, after, row.floor, limit)
}
