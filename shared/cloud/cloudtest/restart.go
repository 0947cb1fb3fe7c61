package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var restartRules = []Rule{
	{"restart/unsettled jobs come again", "What was handed out when the process died is handed out again.", restartUnsettled},
	{"restart/retries keep their time", "a job that was answered RetryAfter comes again no sooner than asked", restartRetry},
	{"restart/groups keep their order", "the first of each (hook, group) only", restartOrder},
	{"restart/nothing is lost at any moment", "at least once", restartAnywhere},
}

func restartUnsettled(b *bench) {
	b.hook("h")
	r := b.serve(bySeq(map[int64]answer{2: hang, 4: hang}, delivered))
	for i := range 3 {
		b.add(fmt.Sprint(i))
	}
	a := b.add("a")
	b.supersede(a, "a2")
	r.handedAll("before the crash", "h", 1, 2, 3, 4)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 2, delivery.StatusPending: 3})
	b.crash()
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 2, delivery.StatusPending: 3})
	r = b.serve(delivered)
	r.handedAll("after the crash", "h", 2, 4, 5)
	for _, h := range r.got("h") {
		b.want(h.Attempts == 0, "an attempt that the crash took is counted")
	}
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 5})
}

func restartRetry(b *bench) {
	b.hook("h")
	r := b.serve(retry(minute))
	a := b.add("a")
	b.supersede(a, "a2")
	r.handed("before the crash", "h", 1)
	for range 2 {
		b.crash()
		r = b.serve(attempts(retry(minute), delivered))
		b.pass(20 * second)
		r.handed("before it is due", "h")
	}
	b.pass(20*second + slack)
	b.pass(0)
	got := seqs(r.got("h"))
	b.want(fmt.Sprint(got) == "[1 2]", "when it was due after two crashes, the hook was handed %v", got)
	b.want(r.got("h")[0].Attempts == 1, "after one attempt and a crash %d are counted", r.got("h")[0].Attempts)
	b.pass(minute + slack)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 2})
}

func restartOrder(b *bench) {
	b.hook("h")
	r := b.serve(hang)
	heads := make([]store.Stored, 3)
	for i := range heads {
		heads[i] = b.add(fmt.Sprint(i))
	}
	for v := range 3 {
		for i := range heads {
			heads[i] = b.supersede(heads[i], fmt.Sprint(i, " version ", v))
		}
	}
	r.handedAll("before the crash", "h", 1, 2, 3)
	b.crash()
	r = b.serve(bySeq(map[int64]answer{4: attempts(retry(second), delivered), 5: hang}, delivered))
	r.handedAll("after the crash", "h", 1, 2, 3, 4, 5, 6, 9, 12)
	b.crash()
	r = b.serve(delivered)
	b.pass(2 * second)
	var last [3]int64
	for _, h := range r.got("h") {
		i := (h.Entry.Seq - 1) % 3
		b.want(h.Entry.Seq > last[i], "seq %d was handed out after %d of the same lineage", h.Entry.Seq, last[i])
		last[i] = h.Entry.Seq
	}
	r.handedAll("after a second crash", "h", 4, 5, 7, 8, 10, 11)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 12})
}

// restartAnywhere crashes after each of a few writes, with every kind of job
// under way, and looks whether all of them come to their end.
func restartAnywhere(b *bench) {
	const rounds = 5
	b.hook("h")
	script := func(round int) answer {
		return func(r *receiver, j delivery.Job) delivery.Outcome {
			switch (j.Entry.Seq + int64(round)) % 4 {
			case 0:
				return hang(r, j)
			case 1:
				return r.outcome(j, delivery.RetryAfter, minute, 503)
			case 2:
				return r.outcome(j, delivery.PutBack, second, 0)
			default:
				return delivered(r, j)
			}
		}
	}
	var a store.Stored
	for round := range rounds {
		b.serve(script(round))
		if a = b.grain(fmt.Sprint("a", round)); round%2 == 0 {
			b.write(b.adding(a))
		} else {
			b.write(b.adding(a), b.rotating())
		}
		b.supersede(a, fmt.Sprint("a newer ", round))
		b.pass(2 * second)
		b.crash()
	}
	const all = 2*rounds + rounds/2
	b.want(b.bounds().Head == all, "%d changes and %d crashes left head %d", all, rounds, b.bounds().Head)
	b.serve(delivered)
	for range 4 {
		b.pass(minute)
	}
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: all})
}
