package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

const (
	wrapUp   = 3 * time.Second // of the time, for what is recorded when an attempt is cut off
	restOnce = time.Minute     // a redrive waits so long for its hook, then twice as long, and so on
	restMost = time.Hour
)

// Deliver has the jobs of a batch attempted, those of a group one after the
// other, and records what came of them. It answers with the ids of the messages
// that come again, which it has hidden until then; all others are the caller's
// to end. While some jobs hang it records, and ends, others itself. What can't
// be recorded comes again: err says why, and failed is complete all the same.
// Nothing is begun when less time is left than an attempt may take.
func (a *Adapter) Deliver(ctx context.Context, handle delivery.Handler, batch []fifo.Received) (failed []string, err error) {
	attempt, cancel := ctx, func() {}
	if deadline, limited := ctx.Deadline(); limited {
		attempt, cancel = context.WithDeadline(ctx, deadline.Add(-wrapUp))
	}
	defer cancel()
	r := a.newRound(ctx, attempt, handle, batch)
	r.run()
	for _, t := range r.tasks {
		if t.comes {
			failed = append(failed, t.ID)
		}
	}
	return failed, r.err
}

// deliver brings one job as far as it goes now, and says whether it was
// attempted.
func (r *round) deliver(t *task) (attempted bool) {
	goes, err := r.look(t)
	switch {
	case err != nil:
		r.broken(t, t.later(), err)
		return false
	case !goes:
		return false
	}
	outcomes := r.handle(r.attempt, []delivery.Job{t.Job})
	if len(outcomes) != 1 {
		r.broken(t, t.later(), fmt.Errorf("delivery %s: %d outcomes of one job", t.job.ID(), len(outcomes)))
		return true
	}
	switch err := r.outcome(t, &outcomes[0]); {
	case errors.Is(err, errMoved):
		r.back(t, 0)
	case err != nil:
		r.broken(t, t.later(), err)
	}
	return true
}

// look says whether a job is to be attempted now. One that is not ends with
// that, unless it comes again.
func (r *round) look(t *task) (goes bool, err error) {
	h, p := t.to.now()
	switch {
	case h == nil || t.Entry.Seq < p.floor:
		return false, nil
	case t.dead:
		return false, r.movedBack(t, h)
	case t.known != nil && !t.known.pending():
		if t.known.status == delivery.StatusDead && t.Receives > 1 { // its message may be missing
			err = r.a.bury(r.write, h, t.job, t.known)
		}
		return false, err
	case t.Redrive > 0 && t.known == nil:
		return false, nil
	case t.Redrive == 0 && (t.epoch < h.epoch || t.Entry.Seq < p.done):
		return false, nil
	}
	if t.begun() && t.known == nil {
		if there, err := r.delivered(t); there || err != nil {
			return false, err
		}
	}
	switch {
	case !takes(h, t.Redrive) && t.Redrive == 0:
		// Catch-up sends it again when the hook is active.
	case !takes(h, t.Redrive):
		r.back(t, resting(t.Receives))
	case t.known != nil && t.known.nextAt > r.a.cfg.Now().UnixMilli():
		t.comes, t.until = true, time.UnixMilli(t.known.nextAt)
	case r.timeIsUp():
		r.back(t, 0)
	default:
		return true, nil
	}
	return false, nil
}

// takes says whether a hook's state lets a job be sent.
func takes(h *hookRow, redrive int) bool {
	return h.State == hook.Active || h.State == hook.Held && redrive > 0
}

// resting is how long a redrive of a hook that takes none is put away.
func resting(receives int) time.Duration { return growing(receives, restOnce, restMost) }

func (r *round) timeIsUp() bool {
	if r.begin.Err() != nil {
		return true
	}
	deadline, limited := r.attempt.Deadline()
	return limited && time.Until(deadline) < r.a.cfg.Timeout
}

// delivered looks whether an earlier reception of a job has succeeded.
func (r *round) delivered(t *task) (bool, error) {
	t.to.mu.Lock()
	defer t.to.mu.Unlock()
	bucket := bucketFrom(t.Entry.Seq)
	known, there := t.to.firsts[bucket]
	if !there {
		var err error
		known, err = r.a.firsts(r.write, t.memory(), t.Hook, bucket, bucket+bucketSize)
		if err != nil {
			return false, err
		}
		if t.to.firsts == nil {
			t.to.firsts = make(map[int64]map[int64]delivery.Success)
		}
		t.to.firsts[bucket] = known
	}
	_, is := known[t.Entry.Seq]
	return is, nil
}

// movedBack redrives a dead letter that a person moved back into line. The
// redrive has a message of its own; one that is no dead letter any more ends.
func (r *round) movedBack(t *task, h *hookRow) error {
	if t.known == nil || t.known.status != delivery.StatusDead {
		return nil
	}
	_, err := r.a.redrive(r.write, h, t.Job)
	return err
}

// outcome does what a verdict asks for.
func (r *round) outcome(t *task, o *delivery.Outcome) error {
	switch o.Verdict {
	case delivery.Delivered:
		t.to.delivered(o.At)
		if t.Redrive == 0 && t.known == nil {
			t.first = &delivery.Success{Seq: t.Entry.Seq, Code: o.Status, At: o.At, Took: o.Took}
			return nil
		}
		return r.record(t, o, delivery.StatusDelivered, 0)
	case delivery.RetryAfter:
		next := r.a.cfg.Now().Add(o.Delay + time.Millisecond - 1).Truncate(time.Millisecond)
		t.comes, t.until = true, next
		return r.record(t, o, delivery.StatusPending, next.UnixMilli())
	case delivery.GiveUp:
		return r.giveUp(t, o)
	case delivery.Cancelled:
		return nil
	default:
		return r.putBack(t, o.Delay)
	}
}

// putBack has a job come again that was not attempted, unless the hook's next
// epoch brings it.
func (r *round) putBack(t *task, delay time.Duration) error {
	if delay > 0 {
		r.back(t, max(delay, t.later()))
		return nil
	}
	h, err := r.a.hookRow(r.write, t.memory(), t.Hook)
	if err == nil {
		_, p := t.to.now()
		t.to.set(&h, p) // for the jobs behind it
	}
	switch {
	case fault.KindOf(err) == fault.NotFound && err != nil:
	case err != nil:
		return err
	case takes(&h, t.Redrive) && (t.Redrive > 0 || t.epoch == h.epoch):
		r.back(t, 0)
	case t.Redrive > 0:
		r.back(t, resting(t.Receives))
	}
	return nil
}
