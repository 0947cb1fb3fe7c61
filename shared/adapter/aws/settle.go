package aws

import (
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/delivery"
)

// settle records the first attempts that ended well and hides what comes again.
// Early, while others are in hand, it ends the rest too.
func (r *round) settle(tasks []*task, early bool) {
	r.recordFirsts(tasks)
	var done []string
	var later []fifo.Delay
	now := r.a.cfg.Now()
	for _, t := range tasks {
		switch {
		case t.comes:
			later = append(later, fifo.Delay{Handle: t.Handle, For: max(0, t.until.Sub(now))})
		case early:
			done = append(done, t.Handle)
			t.settled = true
		}
	}
	if len(done)+len(later) == 0 {
		return
	}
	if err := r.a.cfg.Jobs.Settle(r.write, done, later); err != nil {
		r.broken(nil, 0, fmt.Errorf("settle messages: %w", err))
	}
}

// recordFirsts writes what the first attempt ended well: one row for each hook
// and bucket.
func (r *round) recordFirsts(tasks []*task) {
	byTarget := make(map[*target][]*task)
	for _, t := range tasks {
		if t.first != nil {
			byTarget[t.to] = append(byTarget[t.to], t)
		}
	}
	for _, some := range byTarget {
		firsts := make([]delivery.Success, len(some))
		for i, t := range some {
			firsts[i] = *t.first
		}
		var err error
		for _, op := range r.a.batches(some[0].memory(), some[0].Hook, firsts) {
			err = errors.Join(err, r.a.cfg.Main.Write(r.write, op))
		}
		if err == nil {
			err = r.succeeded(some[0])
		}
		if err == nil {
			continue
		}
		r.broken(nil, 0, fmt.Errorf("record what hook %s was delivered: %w", some[0].Hook, err))
		for _, t := range some {
			r.back(t, t.later())
		}
	}
}

// record writes what came of an attempt in the delivery's row. Where others
// have moved the delivery meanwhile it fails with errMoved: the job's next
// reception sees what holds.
func (r *round) record(t *task, o *delivery.Outcome, status delivery.Status, nextAt int64) error {
	next := other{seq: t.Entry.Seq, redrive: t.Redrive, prev: t.Prev}
	if t.known != nil {
		next = *t.known
		if was := t.known; was.attempts > 0 {
			next.earlier = delivery.Attempt{N: was.attempts, At: was.lastAt, Took: was.took, Code: was.code, Error: was.err}.AppendTo(was.earlier)
		}
	}
	next.status, next.nextAt, next.attempts = status, nextAt, o.Job.Attempts
	next.firstAt, next.lastAt, next.redaction = o.Job.FirstAt, o.At, o.Job.Redaction
	next.code, next.err, next.took = o.Status, o.Error, o.Took
	err := r.a.cfg.Main.Write(r.write, r.recording(t, &next)...)
	var refused *table.ConditionError
	if errors.As(err, &refused) {
		if was := readOther(refused.Row); refused.At > 0 || refused.Row == nil || was.attempts != next.attempts || was.lastAt != next.lastAt {
			return errMoved
		}
		err = nil // the answer to it was lost
	}
	if err != nil {
		return fmt.Errorf("record delivery %s: %w", t.job.ID(), err)
	}
	t.known = &next
	if status == delivery.StatusDelivered {
		return r.succeeded(t)
	}
	return nil
}

// recording are the operations that write a row: over the one that is known, or
// a first one in an epoch that is still the hook's.
func (r *round) recording(t *task, next *other) []table.Op {
	op := table.Op{Key: next.key(t.memory(), t.Hook), Set: next.row(), If: table.Absent}
	if t.known == nil {
		return []table.Op{op, {
			Action: table.Check, Key: hookKey(t.memory(), t.Hook), If: []table.Clause{{Name: hookEpoch, Is: table.Equal, Value: t.epoch}},
		}}
	}
	op.If = []table.Clause{{Name: otherStatus, Is: table.Equal, Value: string(delivery.StatusPending)}, {Name: otherAttempts, Is: table.Missing}}
	if t.known.attempts > 0 {
		op.If[1] = table.Clause{Name: otherAttempts, Is: table.Equal, Value: int64(t.known.attempts)}
	}
	return []table.Op{op}
}

// giveUp records a dead letter, counts it, and tells those who read the queue
// of dead letters.
func (r *round) giveUp(t *task, o *delivery.Outcome) error {
	if err := r.record(t, o, delivery.StatusDead, 0); err != nil {
		return err
	}
	if err := r.count(t, o); err != nil {
		return err
	}
	if h, _ := t.to.now(); h != nil {
		return r.a.bury(r.write, h, t.job, t.known)
	}
	return nil
}
