package embedded

import (
	"cmp"
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
)

// Records that lie near each other, in entries of the log, are given theirs by
// one read of at most a window.
const (
	near   = 16
	window = 256
)

// tellEntries gives records their entries of the log. Those whose entry was
// compacted meanwhile are left out.
func (q *queue) tellEntries(ctx context.Context, found []listed) ([]delivery.Record, error) {
	records := make([]delivery.Record, 0, len(found))
	for len(found) > 0 {
		n, newest, oldest := 0, found[0].at.seq, found[0].at.seq // they come newest first
		for ; n < len(found) && oldest-found[n].at.seq <= near && newest-found[n].at.seq < window; n++ {
			oldest = found[n].at.seq
		}
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
