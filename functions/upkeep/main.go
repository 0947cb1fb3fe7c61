// Upkeep does what nobody waits for: compaction, erasures and jobs that were
// left behind; the clock starts it every minute.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/aws/aws-lambda-go/lambda"

	"github.com/memhooks/memhooks/shared/adapter/aws/trigger"
	"github.com/memhooks/memhooks/shared/feed"
)

// version is set when the function is built.
var version = "dev"

func main() {
	f, err := trigger.Open(os.Environ(), version)
	if err != nil {
		fmt.Fprintln(os.Stderr, "upkeep:", err)
		os.Exit(1)
	}
	lambda.Start(trigger.Clock(func(ctx context.Context) error { return keep(ctx, f) }))
}

// compactEvery is how many minutes lie between two compactions: each reads where
// every memory's log stands.
const compactEvery = 15

// keep runs every part, whatever became of the others; what is left for lack
// of time is done the next time.
func keep(ctx context.Context, f *trigger.Function) error {
	now := time.Now()
	overdue, err := f.Adapter.Upkeep(ctx)
	err = errors.Join(err, trigger.Count(os.Stdout, now, f.Settings.Table, trigger.Overdue, overdue))
	if now.Minute()%compactEvery != 0 {
		return err
	}
	s := f.Settings
	compacted := f.Stages.Feed.Compact(ctx, feed.Keep{Age: s.FeedMaxAge, Events: s.FeedMaxEvents})
	return errors.Join(err, compacted)
}
