package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
)

const (
	// chunkWithin is how long the write of a chunk may take: less than
	// fencePause, after which a removal empties the log.
	chunkWithin = 2 * time.Second
	// chunkSlow is how long after it was seen a memory is looked for again.
	chunkSlow = time.Second
	// apart is far more than the clocks of one cloud differ.
	apart = time.Hour
)

// forget drops what a memory told that is gone, and returns its row, nil where
// it is gone now. Where another of the same name was removed before, the
// stream may still tell of that one. No clock alone decides between them, only
// hours do: a change that was committed near the end of the removal is the
// present memory's where the row that told it stands, for a removal leaves no
// row behind, and none is made anew before. Without such a removal, or once
// the stream has lost all that it told, every change is the present one's.
func (t *telling) forget(ctx context.Context) (table.Row, error) {
	rows, err := t.a.cfg.Main.Get(ctx, memoryKey(t.m))
	if err != nil {
		return nil, fmt.Errorf("read memory %q: %w", t.m.ID, err)
	}
	memory := rows[0]
	if memory == nil {
		t.waiting, t.placed = nil, nil
	}
	after := memory.Number(memoryAfter)
	if after == 0 {
		return memory, nil
	}
	t.waiting = slices.DeleteFunc(t.waiting, func(r raised) bool { return r.Committed != 0 && r.Committed+apart.Milliseconds() < after })
	var keys []table.Key
	for i := range t.waiting {
		if r := &t.waiting[i]; r.near(after) {
			keys = append(keys, r.record.Key)
		}
	}
	if len(keys) == 0 {
		return memory, nil
	}
	if rows, err = t.a.cfg.Main.Get(ctx, keys...); err != nil {
		return nil, fmt.Errorf("read what told the changes of memory %q: %w", t.m.ID, err)
	}
	t.waiting = slices.DeleteFunc(t.waiting, func(r raised) bool {
		if !r.near(after) {
			return false
		}
		row := rows[0]
		rows = rows[1:]
		return row == nil
	})
	return memory, nil
}

// near says that a clock can't tell whether a change was committed before or
// after a time.
func (r *raised) near(at int64) bool { return r.Committed <= at+apart.Milliseconds() }

// put writes a chunk where none is, false where there is one. Seen is a time
// before the memory's row was read. A write that may have come after the
// memory's removal is taken back, lest its successor's log begins with it.
func (t *telling) put(ctx context.Context, c chunk, memory table.Row, seen time.Time) (bool, error) {
	soon, cancel := context.WithTimeout(ctx, chunkWithin)
	defer cancel()
	op := table.Op{Key: table.Key{Part: logPart(t.m), Sort: seqSort(sortChunk, c.first)}, Set: c.row(), If: table.Absent}
	err := t.a.cfg.Main.Write(soon, op)
	if refused := (*table.ConditionError)(nil); errors.As(err, &refused) {
		return false, nil
	}
	// By the clock on the wall: the other stands still while a process is frozen.
	if t.a.cfg.Now().UnixMilli()-seen.UnixMilli() <= chunkSlow.Milliseconds() {
		return err == nil, err
	}
	rows, again := t.a.cfg.Main.Get(ctx, memoryKey(t.m))
	if again != nil {
		return false, errors.Join(err, fmt.Errorf("read memory %q again: %w", t.m.ID, again))
	}
	if now := rows[0]; now != nil && now.Number(memoryMade) == memory.Number(memoryMade) && now.Number(memoryAfter) == memory.Number(memoryAfter) {
		return err == nil, err
	}
	return false, errors.Join(err, t.takeBack(ctx, op, c))
}

// takeBack deletes a chunk that a removed memory left to its successor. Where
// one stands behind it already the log begins with that.
func (t *telling) takeBack(ctx context.Context, written table.Op, c chunk) error {
	err := t.a.cfg.Main.Write(ctx, table.Op{
		Action: table.Delete, Key: written.Key, If: []table.Clause{{Name: attrEntries, Is: table.Equal, Value: written.Set[attrEntries]}},
	})
	if refused := (*table.ConditionError)(nil); errors.As(err, &refused) {
		return nil // the removal has taken it
	}
	if err != nil {
		return fmt.Errorf("take back a chunk of memory %q, which was removed: %w", t.m.ID, err)
	}
	head, err := t.a.lastChunk(ctx, t.m)
	if err == nil && head.first > c.first {
		err = t.a.raiseFloor(ctx, t.m, c.last()+1)
	}
	return err
}
