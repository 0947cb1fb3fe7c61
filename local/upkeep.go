package main

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
)

// How often upkeep looks, and how often it compacts while nobody writes: then
// only a log's age or a consumer's ack can ask for it.
const (
	upkeepEvery = time.Second
	idleCompact = 5 * time.Second
)

// busyAt is how many changes and POSTs between two looks make the process busy:
// then the index gets one bite a look, and the rest when it is quiet. Recall
// reads what is not indexed yet.
const busyAt = 500

// upkeep does what nobody waits for, until the context ends.
func (p process) upkeep(ctx context.Context) {
	keep := feed.Keep{Age: p.settings.FeedMaxAge, Events: p.settings.FeedMaxEvents}
	every := time.NewTicker(upkeepEvery)
	defer every.Stop()
	var compacted time.Time
	seen := int64(-1)
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		worked := p.watch.Worked()
		if worked != seen || time.Since(compacted) > idleCompact {
			compacted = time.Now()
			if err := p.stages.Feed.Compact(ctx, keep); err != nil && ctx.Err() == nil {
				p.log.Error("compaction failed; it is tried again", "error", err)
			}
		}
		if err := p.index(ctx, seen); err != nil && ctx.Err() == nil {
			p.log.Error("indexing failed; it is tried again, recall reads what is not indexed", "error", err)
		}
		seen = worked
	}
}

// index indexes what recall would otherwise have to read directly: all of it,
// or one bite where the process is busy.
func (p process) index(ctx context.Context, seen int64) error {
	for ctx.Err() == nil {
		_, more, err := p.stages.Memory.IndexSome(ctx, change.Memory{})
		if err != nil || !more || p.watch.Worked()-seen > busyAt {
			return err
		}
	}
	return nil
}
