// Package feed is the log that consumers poll: gap-free, paged by opaque
// cursors, compacted by age and size.
package feed

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
)

// Entry is one event in a memory's log.
type Entry struct {
	Seq     int64 // from 1, without gaps, never reused
	Change  change.Change
	Matches []Match
}

// Match is one hook that sees the entry, and the seq of the entry it saw
// before (0 = none): a consumer that misses one can tell.
type Match struct {
	Hook string
	Prev int64
}

// For returns the hook's match, false where the hook does not see the entry.
func (e *Entry) For(hook string) (Match, bool) {
	for _, m := range e.Matches {
		if m.Hook == hook {
			return m, true
		}
	}
	return Match{}, false
}

// Bounds are the ends of a log: Head is the newest seq (0 = none yet); Floor is
// the oldest seq still held, Head+1 where all is compacted.
type Bounds struct{ Head, Floor int64 }

// Log is a memory's events in order. It is safe for concurrent use; a reader
// never sees seq n before n-1.
type Log interface {
	// Bounds are strongly consistent.
	Bounds(ctx context.Context, m change.Memory) (Bounds, error)
	// Read returns up to limit entries after a seq, none at the head. Below the
	// floor it fails with fault.Compacted.
	Read(ctx context.Context, m change.Memory, after int64, limit int) ([]Entry, error)
	// Wait returns when the head has passed after, the context ends (nil), or
	// the cloud can't wait (cloud.Features.LongPoll false: at once).
	Wait(ctx context.Context, m change.Memory, after int64) error
}

// Compactor drops what lies below a floor. Erased and Rotated entries below it
// stay readable through Kept.
type Compactor interface {
	// Compact raises the floor; lowering it does nothing. Jobs that still
	// waited below it end as expired.
	Compact(ctx context.Context, m change.Memory, floor int64) error
	// Kept pages the Erased and Rotated entries below the floor.
	Kept(ctx context.Context, m change.Memory, after int64, limit int) ([]Entry, error)
	// Ages returns, for every memory with a log, what compaction decides by.
	Ages(ctx context.Context, old int64) ([]Age, error)
}

// Age describes one log for compaction: OldSeq is the newest seq committed
// before the asked time (0 = none); Needed is the lowest seq that a live
// consumer or an unfinished hook still waits for (Head+1 = none).
type Age struct {
	Memory change.Memory
	Bounds Bounds
	OldSeq int64
	Needed int64
}

// Consumer is a named reader's place.
type Consumer struct {
	Hook  string
	Name  string
	Acked int64 // everything up to and with this seq is done
	At    time.Time
}

// Consumers keeps named readers. An ack never goes back: a lower one answers
// with what stands. A consumer that is not there is fault.NotFound.
type Consumers interface {
	Put(ctx context.Context, m change.Memory, c Consumer) (Consumer, error)
	Ack(ctx context.Context, m change.Memory, c Consumer) (Consumer, error)
	// List returns one hook's consumers by name.
	List(ctx context.Context, m change.Memory, hook string) ([]Consumer, error)
}
