package aws

import (
	"context"
	"fmt"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// logs is the port feed.Log, and feed.Compactor.
type logs struct{ a *Adapter }

// Bounds is the port's.
func (s logs) Bounds(ctx context.Context, m change.Memory) (feed.Bounds, error) {
	if err := s.a.mustBeThere(ctx, m); err != nil {
		return feed.Bounds{}, err
	}
	return s.a.bounds(ctx, m)
}

// bounds reads the floor first: it never lies above the head by more than one.
func (a *Adapter) bounds(ctx context.Context, m change.Memory) (feed.Bounds, error) {
	floor, err := a.floor(ctx, m)
	if err != nil {
		return feed.Bounds{}, err
	}
	c, err := a.lastChunk(ctx, m)
	return feed.Bounds{Head: c.last(), Floor: floor}, err
}

// Read is the port's.
func (s logs) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	if err := s.a.mustBeThere(ctx, m); err != nil {
		return nil, err
	}
	floor, err := s.a.floor(ctx, m)
	if err != nil {
		return nil, err
	}
	if after+1 < floor {
		return nil, compacted(floor)
	}
	entries, whole, err := s.a.entries(ctx, m, after, limit)
	if err != nil || whole {
		return entries, err
	}
	if floor, err = s.a.floor(ctx, m); err != nil { // it was raised meanwhile
		return nil, err
	}
	return nil, compacted(floor)
}

// Wait is the port's: nothing tells this cloud's processes of a new entry.
func (s logs) Wait(context.Context, change.Memory, int64) error { return nil }

func compacted(floor int64) error {
	e := fault.New(fault.Compacted, "the log begins at seq %d: take a snapshot and go on from there", floor)
	e.Details = map[string]any{"floor_seq": floor}
	return e
}

// mustBeThere refuses where a memory is not there.
func (a *Adapter) mustBeThere(ctx context.Context, m change.Memory) error {
	there, err := a.memoryThere(ctx, m)
	if err == nil && !there {
		err = noMemory(m)
	}
	return err
}

// floor is the oldest seq that stands, 1 where nothing was compacted.
func (a *Adapter) floor(ctx context.Context, m change.Memory) (int64, error) {
	rows, err := a.cfg.Main.Get(ctx, floorKey(m))
	if err != nil {
		return 0, fmt.Errorf("read the log's floor: %w", err)
	}
	return max(rows[0].Number(attrCount), 1), nil
}

func floorKey(m change.Memory) table.Key {
	return table.Key{Part: logPart(m), Sort: sortFloor}
}

// lastChunk is the one that ends at the head, zero while there is none.
func (a *Adapter) lastChunk(ctx context.Context, m change.Memory) (chunk, error) {
	_, to := table.Prefix(sortChunk)
	return a.chunkBefore(ctx, m, to)
}

// chunkOf is the chunk that holds a seq or, where none does, the one before.
func (a *Adapter) chunkOf(ctx context.Context, m change.Memory, seq int64) (chunk, error) {
	return a.chunkBefore(ctx, m, seqSort(sortChunk, seq+1))
}

// chunkBefore is the last chunk whose sort key lies below another, zero where
// there is none.
func (a *Adapter) chunkBefore(ctx context.Context, m change.Memory, to string) (chunk, error) {
	page, err := a.cfg.Main.Query(ctx, table.Query{Part: logPart(m), From: sortChunk, To: to, Newest: true, Limit: 1})
	if err != nil {
		return chunk{}, fmt.Errorf("read the log: %w", err)
	}
	if len(page.Rows) == 0 {
		return chunk{}, nil
	}
	return readChunk(m, page.Rows[0])
}

// highestSeq is more than any log reaches.
const highestSeq = 1 << 50

// chunksPage is how many chunks a query asks for at most, lest one that needs
// a few of them pays for a megabyte.
const chunksPage = 16

// entries returns up to limit entries after a seq, those below the floor too
// as long as their chunk stands. Not whole: the first has been taken away.
func (a *Adapter) entries(ctx context.Context, m change.Memory, after int64, limit int) (all []feed.Entry, whole bool, err error) {
	if limit <= 0 {
		return nil, true, nil
	}
	after = min(max(after, 0), highestSeq)
	c, err := a.chunkOf(ctx, m, after+1)
	if err != nil {
		return nil, false, err
	}
	all = c.between(after, after+int64(limit))
	if c.count > 0 && c.last() <= after {
		return nil, true, nil // a chunk behind this one would have been found in its place
	}
	q := table.Query{Part: logPart(m), To: seqSort(sortChunk, after+int64(limit)+1), Limit: 1}
	for q.From = seqSort(sortChunk, c.last()+1); len(all) < limit; q.Limit = min(2*q.Limit, chunksPage) {
		page, err := a.cfg.Main.Query(ctx, q)
		if err != nil {
			return nil, false, fmt.Errorf("read the log: %w", err)
		}
		for _, f := range page.Rows {
			next, err := readChunk(m, f)
			if err != nil {
				return nil, false, err
			}
			all = append(all, next.between(after, after+int64(limit))...)
			q.After = f.Sort
		}
		if !page.More || len(page.Rows) == 0 {
			break
		}
	}
	return all, len(all) == 0 || all[0].Seq == after+1, nil
}

// between are the entries after one seq, up to and with another.
func (c *chunk) between(after, to int64) []feed.Entry {
	size := int64(len(c.entries))
	low := min(max(after+1-c.first, 0), size)
	high := min(max(to+1-c.first, low), size)
	return c.entries[low:high:high]
}

// readLog returns up to limit entries after a seq. What was compacted is left
// out.
func (a *Adapter) readLog(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	floor, err := a.floor(ctx, m)
	if err != nil {
		return nil, err
	}
	all, _, err := a.entries(ctx, m, max(after, floor-1), limit)
	return all, err
}

// entry returns one entry, false where the log does not hold it any more or
// not yet.
func (a *Adapter) entry(ctx context.Context, m change.Memory, seq int64) (feed.Entry, bool, error) {
	all, err := a.readLog(ctx, m, seq-1, 1)
	if err != nil || len(all) == 0 || all[0].Seq != seq {
		return feed.Entry{}, false, err
	}
	return all[0], true, nil
}
