package inspect

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// Page is a part of a memory's log, and where the log stood.
type Page struct {
	Entries []feed.Entry
	Bounds  feed.Bounds
	Before  int64 // Newest: where the next page begins; 0 = the log holds no more
}

// Newest reads the newest entries below a seq, 0 = all, the newest first.
func (s *Service) Newest(ctx context.Context, m change.Memory, before int64, limit int) (Page, error) {
	b, err := s.cfg.Log.Bounds(ctx, m)
	if err != nil {
		return Page{}, err
	}
	page := Page{Bounds: b}
	if before <= 0 || before > b.Head {
		before = b.Head + 1
	}
	entries, err := s.span(ctx, m, max(b.Floor, before-int64(limit)), before-1)
	if err != nil {
		return Page{}, err
	}
	page.Entries = make([]feed.Entry, len(entries))
	for i := range entries {
		page.Entries[len(entries)-1-i] = entries[i]
	}
	if len(entries) > 0 && entries[0].Seq > b.Floor {
		page.Before = entries[0].Seq
	}
	return page, nil
}

// After reads the entries behind a seq, the oldest first, and waits for a first
// one where there is none and the cloud can. A place below the floor is
// fault.Compacted, one ahead of the head fault.InvalidField.
func (s *Service) After(ctx context.Context, m change.Memory, after int64, limit int, wait time.Duration) (Page, error) {
	b, err := s.cfg.Log.Bounds(ctx, m)
	if err != nil {
		return Page{}, err
	}
	if after > b.Head {
		return Page{}, fault.New(fault.InvalidField, "seq %d is ahead of the log's newest, %d: give one that you have seen", after, b.Head)
	}
	if after == b.Head && wait > 0 {
		waiting, stop := context.WithTimeout(ctx, wait)
		err := s.cfg.Log.Wait(waiting, m, after)
		stop()
		if err != nil {
			return Page{}, err
		}
		if b, err = s.cfg.Log.Bounds(ctx, m); err != nil {
			return Page{}, err
		}
	}
	entries, err := s.cfg.Log.Read(ctx, m, after, limit)
	if n := len(entries); n > 0 {
		b.Head = max(b.Head, entries[n-1].Seq)
	}
	return Page{Entries: entries, Bounds: b}, err
}
