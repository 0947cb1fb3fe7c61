package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/road"
)

// upkeepEvery is how often logs are compacted and the index catches up.
const upkeepEvery = time.Second

// upkeep does what nobody waits for, until the context ends.
func upkeep(ctx context.Context, st *road.Stages, s road.Settings, log *slog.Logger) {
	keep := feed.Keep{Age: s.FeedMaxAge, Events: s.FeedMaxEvents}
	every := time.NewTicker(upkeepEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		if err := st.Feed.Compact(ctx, keep); err != nil && ctx.Err() == nil {
			log.Error("compaction failed; it is tried again", "error", err)
		}
		if err := catchUp(ctx, st); err != nil && ctx.Err() == nil {
			log.Error("indexing failed; it is tried again, recall reads what is not indexed", "error", err)
		}
	}
}

// catchUp indexes what recall would otherwise have to read directly.
func catchUp(ctx context.Context, st *road.Stages) error {
	for ctx.Err() == nil {
		if _, more, err := st.Memory.IndexSome(ctx, change.Memory{}); err != nil || !more {
			return err
		}
	}
	return nil
}
