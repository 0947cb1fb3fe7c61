package embedded

import (
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// recheck is how long a lane rests whose jobs were put back although its hook
// seemed active: what it missed is on its way.
const recheck = time.Second

// wake lets a lane do what it can do now.
func (q *queue) wake(l *lane) {
	q.mu.RLock()
	defer q.mu.RUnlock()
	q.awaken(l)
}

// awaken is wake for a caller that holds the queue's lock.
func (q *queue) awaken(l *lane) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q.spawn(l)
	if !q.closing && !l.loading && l.wants(q.windowSize(l), q.d.now().UnixMilli()) != wantNothing {
		l.loading = true
		q.running.Add(1)
		go q.load(l)
	}
}

// spawn starts workers for what is ready. The queue's and the lane's locks are
// held.
func (q *queue) spawn(l *lane) {
	if q.closing || !l.may(q.d.now().UnixMilli()) {
		return
	}
	for range min(l.slots-l.workers, l.ready.len()+l.redriven.len()) {
		if !q.spare(l) {
			return
		}
		l.workers++
		q.running.Add(1)
		go q.work(l)
	}
}

// spare takes a place for one more worker of a lane, if there is one. The first
// a lane always gets; a further one only while more are free than it has, so
// that lanes that hang together leave something to those that don't.
func (q *queue) spare(l *lane) bool {
	for {
		busy := q.busy.Load()
		if l.workers > 0 && int64(q.most)-busy <= int64(l.workers) {
			return false
		}
		if q.busy.CompareAndSwap(busy, busy+1) {
			return true
		}
	}
}

// work makes attempts of one lane until there is nothing to hand out.
func (q *queue) work(l *lane) {
	defer q.running.Done()
	jobs := make([]delivery.Job, 1)
	for {
		it := q.handOut(l)
		if it == nil {
			return
		}
		jobs[0] = it.job(l.id)
		if outcomes := q.handler(q.ctx, jobs); len(outcomes) == 1 {
			q.finish(l, it, &outcomes[0])
		} else {
			q.finish(l, it, &delivery.Outcome{Job: jobs[0], Verdict: delivery.PutBack, Delay: recheck})
		}
	}
}

// handOut takes the next item for a worker; with nil the worker ends.
func (q *queue) handOut(l *lane) *item {
	q.mu.RLock()
	closing := q.closing
	q.mu.RUnlock()
	l.mu.Lock()
	var it *item
	if !closing && l.workers <= l.slots {
		it = l.take(q.d.now().UnixMilli())
	}
	if it == nil {
		l.workers--
		q.busy.Add(-1)
	}
	idle := l.idle() // behind what was passed over there may be jobs without their entries
	l.mu.Unlock()
	if idle {
		q.wake(l)
	}
	return it
}

// finish takes an outcome: the job's group moves on at once, what happened is
// recorded later.
func (q *queue) finish(l *lane, it *item, o *delivery.Outcome) {
	l.mu.Lock()
	it.out = false
	switch {
	case l.gone:
	case it.dropped:
		l.advance(it)
	case o.Verdict == delivery.PutBack:
		q.putBack(l, it, o)
	case o.Verdict == delivery.Cancelled:
		it.dropped = true
		l.advance(it)
	default:
		q.end(l, it, o)
	}
	l.adapt(o, q.slots)
	l.shed(l.needs(q.window))
	idle := l.idle()
	l.mu.Unlock()
	if idle {
		q.wake(l)
	}
}

// putBack lets an item come again, first of all, and the lane rest.
func (q *queue) putBack(l *lane, it *item, o *delivery.Outcome) {
	if it.redrive > 0 {
		l.redriven.putBack(it)
	} else {
		l.ready.putBack(it)
	}
	delay := o.Delay
	if delay <= 0 {
		if l.state != hook.Active {
			return // its hook's next state wakes the lane
		}
		delay = recheck
	}
	now := q.d.now().UnixMilli()
	if until := now + max(delay.Milliseconds(), 1); until > l.resting || l.resting <= now {
		l.resting = until
		q.clock.set(alarm{at: until, lane: l})
	}
}

// end takes the outcome of an attempt that was made.
func (q *queue) end(l *lane, it *item, o *delivery.Outcome) {
	e := ending{
		lane: l, it: it, fresh: !it.row, attempts: o.Job.Attempts, firstAt: o.Job.FirstAt, at: o.At,
		code: o.Status, err: o.Error, took: o.Took, redaction: o.Job.Redaction,
	}
	switch o.Verdict {
	case delivery.RetryAfter:
		// By the clock that wakes the lane: the attempt's may have been set since.
		e.status, e.due = statusRetry, q.d.now().UnixMilli()+o.Delay.Milliseconds()
		it.attempts, it.firstAt, it.redaction = e.attempts, e.firstAt, e.redaction
		l.park(it)
		it.waiting, it.due = true, e.due
		if it.asleep = l.crowded(); !it.asleep { // else it is sent away once it is recorded
			q.clock.set(alarm{at: e.due, lane: l, it: it})
		}
		q.settler.add(e)
		for f := it.next; f != nil; f = f.next {
			if !f.row {
				l.park(f)
				q.settler.add(parking(l, f))
			}
		}
		return
	case delivery.GiveUp:
		e.status = string(delivery.StatusDead)
	default:
		e.status = string(delivery.StatusDelivered)
	}
	q.settler.add(e)
	l.advance(it)
	l.judge(l.health.After(*o, q.holdAfter), o.Disable)
}

// judge stops a lane whose hook is to be held or disabled; the settler makes
// it durable.
func (l *lane) judge(h delivery.Health, disable bool) {
	l.health = h
	switch {
	case disable && l.state != hook.Disabled:
		l.state, l.moving = hook.Disabled, hook.Disabled
	case h.Held && l.state == hook.Active:
		l.state, l.moving = hook.Held, hook.Held
	}
}

// parking records that an item waits behind a retry of its group.
func parking(l *lane, it *item) ending {
	return ending{lane: l, it: it, fresh: true, status: statusParked}
}

// adapt gives a lane more workers while its receiver answers, and fewer while
// it does not: one that hangs soon holds one only.
func (l *lane) adapt(o *delivery.Outcome, most int) {
	switch {
	case o.Verdict == delivery.PutBack && o.Delay > 0:
		l.slots, l.stuck = 1, true
	case o.Verdict == delivery.PutBack:
	case o.Status > 0:
		l.slots = min(l.slots+1, most)
		l.stuck = l.stuck && l.slots < min(firstSlots, most)
	default:
		l.slots = max(l.slots/2, 1)
		l.stuck = l.stuck || l.slots == 1
	}
}

// due is called when an alarm's time has come.
func (q *queue) due(a alarm) {
	l := a.lane
	l.mu.Lock()
	if it := a.it; it != nil && it.waiting {
		it.waiting = false
		if it.front {
			l.offer(it)
		}
	}
	l.mu.Unlock()
	q.wake(l)
}
