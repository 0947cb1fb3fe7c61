package cloudtest

import (
	"fmt"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/redact"
)

// The delays of scripts. Half a second is allowed for what a cloud needs.
const (
	second = time.Second
	minute = time.Minute
	day    = 24 * time.Hour
	slack  = second / 2
)

var retryRules = []Rule{
	{"retry/not before it is due", "a job that was answered RetryAfter comes again no sooner than asked", retryDue},
	{"retry/the rest of the group waits", "the rest of its group waits", retryGroup},
	{"retry/counts attempts", "Attempts, FirstAt and Redaction count this attempt in", retryCounts},
	{"retry/many at their times", "a job that was answered RetryAfter comes again no sooner than asked", retryMany},
	{"retry/giving up makes a dead letter", "a dead letter", retryGivesUp},
	{"retry/put back keeps its place", "no attempt was made, or none that counts", retryPutBack},
	{"retry/put back waits for an active hook", "the job comes again when its hook is active (Delay 0)", retryPutBackState},
}

func retryDue(b *bench) {
	b.hook("h")
	r := b.serve(attempts(retry(10*second), retry(minute), delivered))
	b.add("a")
	r.handed("at once", "h", 1)
	b.pass(10*second - slack)
	r.handed("before its second attempt is due", "h", 1)
	b.pass(2 * slack)
	r.handed("when its second attempt is due", "h", 1, 1)
	b.pass(minute - 2*slack)
	r.handed("before its third attempt is due", "h", 1, 1)
	b.pass(3 * slack)
	r.handed("when its third attempt is due", "h", 1, 1, 1)
	b.pass(day)
	r.handed("when it was delivered", "h", 1, 1, 1)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 1})
}

func retryGroup(b *bench) {
	b.hook("h")
	r := b.serve(bySeq(map[int64]answer{1: attempts(retry(minute), delivered)}, delivered))
	a := b.add("a")
	a = b.supersede(a, "a2")
	b.add("other")
	r.handedAll("while its group waits", "h", 1, 3)
	b.supersede(a, "a3")
	b.pass(minute - slack)
	r.handedAll("while its group waits", "h", 1, 3)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 1, delivery.StatusPending: 3})
	b.pass(2 * slack)
	got := seqs(r.got("h"))
	b.want(len(got) == 5 && slices.Equal(got[2:], []int64{1, 2, 4}), "when its group went on, it was handed %v, not 1 2 4 at the end", got)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 4})
}

func retryCounts(b *bench) {
	b.hook("h")
	tight := func(r *receiver, j delivery.Job) delivery.Outcome {
		o := r.outcome(j, delivery.RetryAfter, minute, 503)
		o.Job.Redaction = redact.HashOnly
		return o
	}
	r := b.serve(tight)
	b.add("a")
	first := r.got("h")[0].at
	for n := 1; n <= 3; n++ {
		rec := b.record("h", 1, 0)
		b.want(rec.Status == delivery.StatusPending && rec.Job.Attempts == n && rec.Code == 503 && rec.Error != "", "after %d attempts the record is %+v", n, rec)
		b.want(rec.NextAt > b.now() && rec.NextAt <= b.now()+minute.Milliseconds()+slack.Milliseconds(), "the next attempt is planned for %d at %d", rec.NextAt, b.now())
		if n == 2 {
			b.crash()
			r = b.serve(tight)
		}
		b.pass(minute + slack)
		hands := r.got("h")
		b.want(len(hands) > 0, "attempt %d was not made", n+1)
		j := hands[len(hands)-1]
		b.want(j.Attempts == n && j.FirstAt == first && j.Redaction == redact.HashOnly,
			"attempt %d was handed out as one after %d, first at %d (was %d), as %q", n+1, j.Attempts, j.FirstAt, first, j.Redaction)
	}
}

func retryMany(b *bench) {
	const n = 12
	b.hook("h")
	wait := func(seq int64) time.Duration { return time.Duration(seq*7%n+1) * minute }
	r := b.serve(func(r *receiver, j delivery.Job) delivery.Outcome {
		if j.Attempts == 0 {
			return r.outcome(j, delivery.RetryAfter, wait(j.Entry.Seq), 503)
		}
		return delivered(r, j)
	})
	for i := range n {
		b.add(fmt.Sprint(i))
	}
	start := map[int64]int64{}
	for _, h := range r.got("h") {
		start[h.Entry.Seq] = h.at
	}
	b.want(len(start) == n, "%d of %d jobs were handed out", len(start), n)
	for range n + 1 {
		b.pass(minute)
	}
	again := map[int64]bool{}
	for _, h := range r.got("h")[n:] {
		early := start[h.Entry.Seq] + wait(h.Entry.Seq).Milliseconds() - h.at
		b.want(early <= 0 && !again[h.Entry.Seq], "seq %d came again %d ms too early, or twice", h.Entry.Seq, early)
		again[h.Entry.Seq] = true
	}
	b.want(len(again) == n, "%d of %d jobs came again", len(again), n)
}

func retryGivesUp(b *bench) {
	b.hook("h")
	r := b.serve(bySeq(map[int64]answer{1: attempts(retry(second), giveUp)}, delivered))
	a := b.add("a")
	b.supersede(a, "a2")
	b.pass(second + slack)
	r.handed("when the first of its group was given up", "h", 1, 1, 2)
	rec := b.record("h", 1, 0)
	b.want(rec.Status == delivery.StatusDead && rec.Job.Attempts == 2 && rec.Code == 500 && rec.Error == "answered 500", "a dead letter is recorded as %+v", rec)
	b.want(rec.NextAt == 0, "a dead letter has a next attempt")
	b.crash()
	r = b.serve(delivered)
	b.pass(day)
	r.handed("after a restart", "h")
	b.counts("h", map[delivery.Status]int{delivery.StatusDead: 1, delivery.StatusDelivered: 1})
}

func retryPutBack(b *bench) {
	b.hook("h")
	calls := 0 // of seq 1; its group has one job in hand at a time
	r := b.serve(bySeq(map[int64]answer{1: func(r *receiver, j delivery.Job) delivery.Outcome {
		if calls++; calls == 1 {
			return r.outcome(j, delivery.PutBack, 10*second, 0)
		}
		return delivered(r, j)
	}}, delivered))
	a := b.add("a")
	b.supersede(a, "a2")
	r.handed("at once", "h", 1)
	b.pass(10*second - slack)
	r.handed("before its pause is over", "h", 1)
	b.counts("h", map[delivery.Status]int{delivery.StatusPending: 2})
	b.pass(3 * slack)
	r.handed("when its pause is over", "h", 1, 1, 2)
	again := r.got("h")[1]
	b.want(again.Attempts == 0 && again.FirstAt == 0, "a job that was put back came again after %d attempts", again.Attempts)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 2})
}

func retryPutBackState(b *bench) {
	h := b.hook("h")
	gate := make(chan struct{})
	r := b.serve(until(gate, putBack(0)))
	a := b.add("a")
	b.supersede(a, "a2")
	r.handed("at once", "h", 1)
	h.State = "paused"
	h = b.put(h)
	close(gate)
	b.pass(day)
	r.handed("while its hook is paused", "h", 1)
	r.stop()
	r = b.serve(delivered)
	b.pass(day)
	r.handed("while its hook is paused, served again", "h")
	h.State = "active"
	b.put(h)
	b.pass(2 * second)
	r.handed("when its hook is active again", "h", 1, 2)
}
