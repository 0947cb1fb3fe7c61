package roadtest

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
)

func (r *run) upkeep(Op) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, _, _ = r.Memory.IndexSome(ctx, change.Memory{}) // what fails is done in the calm
	if r.Upkeep != nil {
		_ = r.Upkeep(ctx)
	}
}

// crash ends the process between two ops.
func (r *run) crash(Op) { r.gate.kill() }

// cut ends the process at one of its next calls: of a port, before it happened
// or after, or of a service of the cloud.
func (r *run) cut(op Op) {
	if r.Cut != nil && op.A%2 == 0 {
		r.Cut(int(op.B % 12))
		return
	}
	r.gate.dieAfter(int(op.B%6), op.C%2 == 0)
}

// fail sets how many calls fail from now on.
func (r *run) fail(op Op) {
	share := [...]float64{0, 0.03, 0.15}[op.A%3]
	if r.Fail != nil {
		r.Fail(share)
		return
	}
	r.gate.fail(share)
}

func (r *run) wait(op Op) { pass(time.Duration(op.A%120) * time.Second) }

// turn lets the stages go on.
func (r *run) turn(op Op) {
	if r.Turn == nil {
		pass(time.Duration(op.A%300) * time.Millisecond)
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	r.Turn(ctx, op, r.handler(r.life))
}

// troubles are the deaths and the failed calls so far that can keep an attempt
// from being recorded.
func (r *run) troubles() int {
	n := int(r.deaths.Load())
	if r.Failed != nil {
		n += r.Failed()
	}
	return n
}
