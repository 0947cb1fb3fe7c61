package aws

import (
	"context"
	"errors"
)

// Upkeep does what nobody waits for, and what nobody came back for: it ends
// erasures and removals that were left half-way, looks after jobs that never
// reached their end, and takes out of the dead-letter queue what ended
// elsewhere. It does every part, whatever became of the others, and is
// repeatable at any time. overdue is how many erasures were begun over an hour
// ago and have not ended.
func (a *Adapter) Upkeep(ctx context.Context) (overdue int, err error) {
	overdue, err = a.continueErasures(ctx)
	return overdue, errors.Join(err, a.continueRemovals(ctx), a.sweep(ctx))
}
