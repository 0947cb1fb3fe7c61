package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

const (
	// compactAtOnce is how many seqs one step of a compaction takes away.
	compactAtOnce = 5000
	// chunkKept is how long a chunk stands, compacted or not: the stream may
	// tell a change again for a day, and it is in its chunk that it is known.
	chunkKept = 25 * time.Hour
)

// Compact is the port's. It goes in steps, each of which may be repeated: jobs
// end first, then what is kept is copied, then the floor rises. Chunks are
// deleted after that.
func (s logs) Compact(ctx context.Context, m change.Memory, floor int64) error {
	if err := s.a.mustBeThere(ctx, m); err != nil {
		return err
	}
	for {
		b, err := s.a.bounds(ctx, m)
		if err != nil {
			return err
		}
		to := min(floor, b.Head+1, b.Floor+compactAtOnce)
		if to <= b.Floor {
			return s.a.dropChunks(ctx, m, b)
		}
		if err := s.a.compact(ctx, m, b.Floor, to); err != nil {
			return err
		}
	}
}

// compact raises the floor.
func (a *Adapter) compact(ctx context.Context, m change.Memory, from, to int64) error {
	entries, _, err := a.entries(ctx, m, from-1, int(to-from))
	if err != nil {
		return err
	}
	hooks, err := a.hookRows(ctx, m)
	if err != nil {
		return err
	}
	for _, h := range hooks {
		if h.Mode != hook.Webhook {
			continue
		}
		if err := a.expireHook(ctx, m, h, to, sawOf(h.ID, entries)); err != nil {
			return err
		}
	}
	for _, e := range entries {
		if e.Change.Cause != events.Erased && e.Change.Cause != events.Rotated {
			continue
		}
		kept := table.Row{attrEntries: encodeEntries([]feed.Entry{e})}
		if err := a.cfg.Main.Write(ctx, table.Op{Key: keptKey(m, e.Seq), Set: kept}); err != nil {
			return fmt.Errorf("keep seq %d of the log: %w", e.Seq, err)
		}
	}
	return a.raiseFloor(ctx, m, to)
}

// raiseFloor makes a seq the oldest that stands, where an older one is.
func (a *Adapter) raiseFloor(ctx context.Context, m change.Memory, to int64) error {
	err := a.cfg.Main.Write(ctx, table.Op{
		Action: table.Update, Key: floorKey(m), Set: table.Row{attrCount: to}, OrAbsent: true,
		If: []table.Clause{{Name: attrCount, Is: table.Less, Value: to}},
	})
	if raised := (*table.ConditionError)(nil); err != nil && !errors.As(err, &raised) {
		return fmt.Errorf("raise the log's floor: %w", err)
	}
	return nil
}

// sawOf are the seqs of the entries that a hook sees.
func sawOf(hookID string, entries []feed.Entry) (seqs []int64) {
	for i := range entries {
		if _, sees := entries[i].For(hookID); sees {
			seqs = append(seqs, entries[i].Seq)
		}
	}
	return seqs
}

// dropChunks deletes the chunks that lie below the floor and are old, the
// oldest first. The last one keeps its row, for the head. It ends at the first
// that stays, so that it costs next to nothing where there is nothing to do.
func (a *Adapter) dropChunks(ctx context.Context, m change.Memory, b feed.Bounds) error {
	old := a.cfg.Now().Add(-chunkKept).UnixMilli()
	q := table.Query{Part: logPart(m), From: sortChunk, To: seqSort(sortChunk, b.Floor)}
	for q.Limit = 1; ; q.Limit = min(2*q.Limit, chunksPage) {
		page, err := a.cfg.Main.Query(ctx, q)
		if err != nil {
			return fmt.Errorf("read the log: %w", err)
		}
		for _, f := range page.Rows {
			c, err := readChunk(m, f)
			if err != nil || c.last() >= b.Floor || c.newest >= old || c.last() >= b.Head && c.entries == nil {
				return err
			}
			op := table.Op{Action: table.Delete, Key: f.Key}
			if c.last() >= b.Head {
				op = table.Op{Action: table.Update, Key: f.Key, Remove: []string{attrEntries}, If: table.Present}
			}
			if err := a.cfg.Main.Write(ctx, op); err != nil {
				return fmt.Errorf("drop the log's chunk %s: %w", f.Sort, err)
			}
			q.After = f.Sort
		}
		if !page.More || len(page.Rows) == 0 {
			return nil
		}
	}
}

func keptKey(m change.Memory, seq int64) table.Key {
	return table.Key{Part: logPart(m), Sort: seqSort(sortKept, seq)}
}

// Kept is the port's.
func (s logs) Kept(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	if err := s.a.mustBeThere(ctx, m); err != nil || limit <= 0 {
		return nil, err
	}
	floor, err := s.a.floor(ctx, m)
	if err != nil {
		return nil, err
	}
	var all []feed.Entry
	q := table.Query{Part: logPart(m), From: keptKey(m, min(max(after, 0), highestSeq)+1).Sort, To: keptKey(m, floor).Sort, Limit: limit}
	if q.From >= q.To {
		return nil, nil
	}
	err = s.a.eachRow(ctx, q, func(f table.Found) error {
		if len(all) == limit {
			return nil
		}
		seq, err := seqIn(f.Sort, sortKept)
		if err != nil {
			return err
		}
		kept, err := decodeEntries(m, seq, f.Row.Bytes(attrEntries))
		all = append(all, kept...)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read what the log keeps: %w", err)
	}
	return all, nil
}
