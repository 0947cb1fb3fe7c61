package embedded

import (
	"context"
	"encoding/binary"
	"fmt"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// logs is the port feed.Log, and feed.Compactor.
type logs struct{ d *db }

// Bounds is the port's.
func (s logs) Bounds(ctx context.Context, m change.Memory) (feed.Bounds, error) {
	r, err := s.d.room(ctx, m)
	if err != nil {
		return feed.Bounds{}, err
	}
	if r == nil {
		return feed.Bounds{}, noMemory(m)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return feed.Bounds{Head: r.row.head, Floor: r.row.floor}, nil
}

// Read is the port's.
func (s logs) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	r, err := s.d.room(ctx, m)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, noMemory(m)
	}
	r.mu.RLock()
	floor := r.row.floor
	r.mu.RUnlock()
	if after+1 < floor {
		return nil, compacted(floor)
	}
	entries, err := s.d.readRoom(ctx, r, after, limit)
	if err != nil || len(entries) == 0 || entries[0].Seq == after+1 {
		return entries, err
	}
	r.mu.RLock() // the floor was raised meanwhile
	defer r.mu.RUnlock()
	return nil, compacted(r.row.floor)
}

func compacted(floor int64) error {
	e := fault.New(fault.Compacted, "the log begins at seq %d: take a snapshot and go on from there", floor)
	e.Details = map[string]any{"floor_seq": floor}
	return e
}

// Wait is the port's.
func (s logs) Wait(ctx context.Context, m change.Memory, after int64) error {
	for ctx.Err() == nil {
		r, err := s.d.room(ctx, m)
		if err != nil && ctx.Err() == nil {
			return err
		}
		if r == nil {
			return noMemory(m)
		}
		r.mu.RLock()
		head, woken := r.row.head, r.woken
		r.mu.RUnlock()
		if head > after {
			return nil
		}
		select {
		case <-woken:
		case <-ctx.Done():
		}
	}
	return nil
}

// readLog returns up to limit entries of a memory after a seq, from the tail
// that is held or from the database. What was compacted is left out.
func (d *db) readLog(ctx context.Context, memory, after int64, limit int) ([]feed.Entry, error) {
	r := d.rooms.peekN(memory)
	if r == nil {
		var m change.Memory
		found, err := d.row("SELECT tenant, id FROM memory WHERE n=?", []any{memory}, &m.Tenant, &m.ID)
		if err != nil || !found {
			return nil, err
		}
		if r, err = d.room(ctx, m); err != nil || r == nil {
			return nil, err
		}
	}
	return d.readRoom(ctx, r, after, limit)
}

// readRoom is readLog of a memory that is held.
func (d *db) readRoom(ctx context.Context, r *room, after int64, limit int) ([]feed.Entry, error) {
	if limit <= 0 {
		return nil, nil
	}
	r.mu.RLock()
	row, hooks, tail := r.row, r.hooks, r.tail
	r.mu.RUnlock()
	if after = max(after, row.floor-1); after >= row.head {
		return nil, nil
	}
	if len(tail) > 0 && after+1 >= tail[0].Seq {
		from := int(after + 1 - tail[0].Seq)
		to := min(len(tail), from+limit)
		return tail[from:to:to], nil
	}
	return d.entries(ctx, row, &hooks, `SELECT `+logColumns+` FROM log
		WHERE memory=? AND seq>? AND seq<=? ORDER BY seq`+atMost, row.n, after, row.head, limit)
}

const logColumns = "seq, id, cause, at, data, matches"

// entries reads rows of logColumns.
func (d *db) entries(ctx context.Context, row memoryRow, hooks *hookList, query string, args ...any) ([]feed.Entry, error) {
	var all []feed.Entry
	err := d.rows(ctx, query, args, func(scan func(...any) error) error {
		e := feed.Entry{Change: change.Change{Memory: row.Memory}}
		var data, matches []byte
		if err := scan(&e.Seq, &e.Change.ID, &e.Change.Cause, &e.Change.At, &data, &matches); err != nil {
			return err
		}
		if err := change.Unpack(data, &e.Change); err != nil {
			return fmt.Errorf("read seq %d of the log: %w", e.Seq, err)
		}
		e.Matches = decodeMatches(matches, hooks)
		all = append(all, e)
		return nil
	})
	return all, err
}

// storeEntry writes an entry of the log.
func (t *tx) storeEntry(in *draft, e *feed.Entry) error {
	_, err := t.exec("INSERT INTO log (memory, "+logColumns+") VALUES (?,?,?,?,?,?,?)",
		in.row.n, e.Seq, e.Change.ID, string(e.Change.Cause), e.Change.At, change.Pack(&e.Change), encodeMatches(e.Matches, &in.hooks))
	return err
}

// encodeMatches writes pairs of a hook's number and the seq it saw before; nil
// where no hook sees the entry.
func encodeMatches(matches []feed.Match, hooks *hookList) any {
	if len(matches) == 0 {
		return nil
	}
	out := make([]byte, 0, 6*len(matches))
	for _, m := range matches {
		out = binary.AppendUvarint(binary.AppendUvarint(out, uint64(hooks.byID[m.Hook].n)), uint64(m.Prev))
	}
	return out
}

// decodeMatches reads them back; hooks that are gone are left out.
func decodeMatches(data []byte, hooks *hookList) []feed.Match {
	var matches []feed.Match
	for len(data) > 0 {
		n, size := binary.Uvarint(data)
		if size <= 0 {
			return matches
		}
		prev, more := binary.Uvarint(data[size:])
		if more <= 0 {
			return matches
		}
		data = data[size+more:]
		if h := hooks.byN(int64(n)); h != nil {
			matches = append(matches, feed.Match{Hook: h.ID, Prev: int64(prev)})
		}
	}
	return matches
}

// markers are the causes whose entries outlive compaction.
const markers = "('" + string(events.Erased) + "','" + string(events.Rotated) + "')"
