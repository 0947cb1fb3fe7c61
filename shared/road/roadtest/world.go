// Package roadtest runs the whole road on a cloud through seeded schedules of
// what callers do and what goes wrong, and holds what happened to the
// invariants. One schedule and one checker serve every cloud; defects that are
// put in on purpose show that the checker finds them.
//
// All of it runs in bubbles of testing/synctest: no real clock, no network.
package roadtest

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
)

// World is one empty cloud and what a schedule may do to it. The functions are
// called by one goroutine at a time; those that say so may be nil.
type World struct {
	// Open starts a process: it opens the cloud on what is there. Its clock is
	// off by so much, and so many dead letters in a row hold a hook.
	Open func(off time.Duration, holdAfter int) (*cloud.Cloud, error)
	// Look is what stands there, read without faults, beside the newest process.
	Look func() (*cloud.Cloud, error)
	// Die ends the newest process as a kill does; what it had in hand is given
	// back to the next.
	Die func() error
	// Turn lets stages that triggers drive go on by one step, which how chooses;
	// nil: they run by themselves, and the queue is served all the time.
	Turn func(ctx context.Context, how Op, handle delivery.Handler)
	// Drain lets such stages go on until nothing is left to do at this moment.
	Drain func(ctx context.Context, handle delivery.Handler) error
	// Upkeep does what the cloud does by the clock; nil: nothing.
	Upkeep func(ctx context.Context) error
	// Fail lets a share of the calls of the cloud's own services fail; nil: there
	// are none.
	Fail func(share float64)
	// Cut kills the process at the nth call from now that changes something in
	// the cloud's services, 0 = not; Dead says whether it was. Nil as Fail.
	Cut  func(calls int)
	Dead func() bool
	// Failed is how many calls of those services failed so far; nil as Fail.
	Failed func() int
	// Raw is every byte that is kept, but for what ages out sealed.
	Raw func() ([]byte, error)
	// Term is how a term that the index was given stands in Raw, in one of these
	// forms.
	Term func(term string) [][]byte
	// Spent is what was used of services that charge by use: write units, and
	// requests that tell a queue something; nil: there are none.
	Spent func() int
	// Apart is how far the clocks of two processes may be off.
	Apart time.Duration
}

// pass lets time pass on the bubble's clock.
func pass(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	<-timer.C
}
