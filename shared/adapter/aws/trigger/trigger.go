// Package trigger turns what Lambda hands over into calls, and what comes of
// them into what Lambda is to be told: HTTP requests, batches of a table's
// stream, batches of a queue, the clock.
//
// Every call's context ends a little before the function's own limit, so that
// an answer is given rather than cut off.
package trigger

import (
	"context"
	"time"
)

// margin is how long before the function's limit a call's context ends: the
// answer is written and sent in it.
const margin = time.Second

// early is ctx with a deadline that is so long before its own.
func early(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	end, bounded := ctx.Deadline()
	if !bounded {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, end.Add(-by))
}

// Clock makes a scheduled invocation a call. What the event says does not
// matter: it is time.
func Clock(keep func(context.Context) error) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := early(ctx, margin)
		defer cancel()
		return keep(ctx)
	}
}
