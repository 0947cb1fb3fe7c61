package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/change"
)

// Keep is how much of a log stays.
type Keep struct {
	Age    time.Duration
	Events int64 // per memory
}

// hardFactor is how much more stays for the sake of a live consumer or an
// unfinished hook.
const hardFactor = 2

// Compact drops what every log holds beyond its bounds. What a live consumer
// or an unfinished hook still needs stays up to twice the bounds.
func (s *Service) Compact(ctx context.Context, keep Keep) error {
	now := s.cfg.Now()
	soft, err := s.cfg.Compactor.Ages(ctx, now.Add(-keep.Age).UnixMilli())
	if err != nil {
		return fmt.Errorf("feed: compaction: %w", err)
	}
	hard, err := s.cfg.Compactor.Ages(ctx, now.Add(-hardFactor*keep.Age).UnixMilli())
	if err != nil {
		return fmt.Errorf("feed: compaction: %w", err)
	}
	late := make(map[change.Memory]int64, len(hard))
	for _, a := range hard {
		late[a.Memory] = a.OldSeq
	}
	var failed []error // one log's trouble is no other's
	for _, a := range soft {
		if floor := Floor(a, late[a.Memory], keep.Events); floor > a.Bounds.Floor && ctx.Err() == nil {
			if err := s.cfg.Compactor.Compact(ctx, a.Memory, floor); err != nil {
				failed = append(failed, fmt.Errorf("feed: compact %s: %w", a.Memory.ID, err))
			}
		}
	}
	return errors.Join(append(failed, ctx.Err())...)
}

// Floor decides the oldest seq that a log keeps. It is pure: a describes the
// log, lateSeq is the newest seq older than twice the age, and events is how
// many are kept.
func Floor(a Age, lateSeq, events int64) int64 {
	wanted := max(a.OldSeq, a.Bounds.Head-events) + 1
	must := max(lateSeq, a.Bounds.Head-hardFactor*events) + 1
	return max(a.Bounds.Floor, min(wanted, max(a.Needed, must)))
}
