package cloudtest

import (
	"fmt"
	"slices"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var queueRules = []Rule{
	{"queue/hands out every match", "at least once", queueEvery},
	{"queue/does not hand out a settled job again", "Counts agree with what happened, also after a crash", queueSettled},
	{"queue/keeps the order of a group", "changes of one group reach a hook in the order of their seq", queueOrder},
	{"queue/hands out the first of a group only", "the first of each (hook, group) only", queueFirst},
	{"queue/groups do not wait for each other", "groups and hooks independently of each other", queueGroups},
	{"queue/hooks do not wait for each other", "groups and hooks independently of each other", queueHooks},
	{"queue/a polled hook has no jobs", "pushed to a URL or polled from the log", queuePolled},
	{"queue/tells what happened", "Job is one event for one hook.", queueJob},
	{"queue/wakes for what comes", "Queue hands jobs to a handler until the context ends", queueWakes},
	{"queue/catches up with a backlog", "at least once", queueBacklog},
}

func queueEvery(b *bench) {
	r := b.serve(delivered)
	for i := range 3 {
		b.hook(fmt.Sprint("h", i))
	}
	b.hook("work", inSpace("work"))
	other := b.in("globex", "home")
	other.hook("h0")
	for i := range 10 {
		a := b.add(fmt.Sprint(i))
		if i%2 == 0 {
			b.forget(a)
		}
		other.add(fmt.Sprint(i))
	}
	b.write(b.adding(b.grain("w1", spaced("work"))), b.adding(b.grain("w2", spaced("work"))))
	for i := range 3 {
		b.counts(fmt.Sprint("h", i), map[delivery.Status]int{delivery.StatusDelivered: 17})
	}
	b.counts("work", map[delivery.Status]int{delivery.StatusDelivered: 2})
	other.counts("h0", map[delivery.Status]int{delivery.StatusDelivered: 10})
	times := map[string]int{}
	for _, h := range r.got("") {
		times[fmt.Sprint(h.Entry.Change.Memory.Tenant, " ", h.ID())]++
	}
	b.want(len(times) == 3*17+2+10, "%d deliveries were handed out, not %d", len(times), 3*17+2+10)
	r.handedAll("with two changes in its namespace", "work", 16, 17)
}

func queueSettled(b *bench) {
	r := b.serve(delivered)
	b.hook("h")
	for i := range 5 {
		b.add(fmt.Sprint(i))
	}
	r.handedAll("after five changes", "h", 1, 2, 3, 4, 5)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 5})
	b.pass(day)
	r.handedAll("a day later", "h", 1, 2, 3, 4, 5)
	b.reopen()
	r = b.serve(delivered)
	r.handed("after a restart", "h")
	b.add("more")
	r.handed("after a restart", "h", 6)
	r.stop()
	r = b.serve(delivered)
	r.handed("when it is served again", "h")
	b.crash()
	r = b.serve(delivered)
	b.pass(day)
	r.handed("after a crash", "h")
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 6})
}

func queueOrder(b *bench) {
	b.hook("steady")
	b.hook("shaky")
	failing := attempts(retry(second), retry(second), delivered)
	r := b.serve(byHook(map[string]answer{"shaky": bySeq(map[int64]answer{2: failing, 5: failing, 7: failing}, delivered)}, delivered))
	const lineages = 3
	var heads [lineages]store.Stored
	for i := range heads {
		heads[i] = b.add(fmt.Sprint(i))
	}
	for v := range 3 {
		for i := range heads {
			heads[i] = b.supersede(heads[i], fmt.Sprint(i, " version ", v))
		}
	}
	for i := range heads {
		b.forget(heads[i])
	}
	for range 10 {
		b.pass(2 * second)
	}
	for _, hook := range []string{"steady", "shaky"} {
		b.counts(hook, map[delivery.Status]int{delivery.StatusDelivered: 15})
		var last [lineages]int64
		first := map[int64]bool{}
		for _, h := range r.got(hook) {
			i := (h.Entry.Seq - 1) % lineages
			b.want(first[h.Entry.Seq] || h.Entry.Seq > last[i], "hook %s was handed seq %d after %d of the same lineage", hook, h.Entry.Seq, last[i])
			last[i], first[h.Entry.Seq] = max(last[i], h.Entry.Seq), true
		}
	}
}

func queueFirst(b *bench) {
	b.hook("h")
	gate := make(chan struct{})
	r := b.serve(until(gate, delivered))
	a, c := b.add("a"), b.add("c")
	a2 := b.supersede(a, "a2")
	b.supersede(c, "c2")
	b.forget(a2)
	r.handedAll("while the first of two groups are in hand", "h", 1, 2)
	b.pass(second)
	r.handedAll("while the first of two groups are in hand", "h", 1, 2)
	close(gate)
	r.handedAll("when the first are delivered", "h", 1, 2, 3, 4, 5)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 5})
}

func queueGroups(b *bench) {
	b.hook("h")
	r := b.serve(bySeq(map[int64]answer{1: hang, 2: retry(day)}, delivered))
	a, c := b.add("a"), b.add("c")
	b.supersede(a, "a2")
	b.supersede(c, "c2")
	for i := range 5 {
		b.add(fmt.Sprint(i))
	}
	b.rotate()
	b.rotate()
	r.handedAll("while one group hangs and one waits", "h", 1, 2, 5, 6, 7, 8, 9, 10, 11)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 7, delivery.StatusPending: 4})
}

func queueHooks(b *bench) {
	for _, id := range []string{"hangs", "fails", "rests", "well"} {
		b.hook(id)
	}
	r := b.serve(byHook(map[string]answer{"hangs": hang, "fails": giveUp, "rests": putBack(day)}, delivered))
	a := b.add("a")
	for i := range 6 {
		a = b.supersede(a, fmt.Sprint("version ", i))
	}
	other := b.in("acme", "other")
	other.hook("well too")
	other.add("a")
	r.handed("beside hooks that hang, fail and rest", "well", 1, 2, 3, 4, 5, 6, 7)
	r.handed("beside hooks that hang, fail and rest", "well too", 1)
	r.handed("that hangs", "hangs", 1)
	b.counts("well", map[delivery.Status]int{delivery.StatusDelivered: 7})
	b.counts("hangs", map[delivery.Status]int{delivery.StatusPending: 7})
}

func queuePolled(b *bench) {
	b.hook("polled", polled)
	b.hook("pushed")
	r := b.serve(delivered)
	b.add("a")
	b.add("b")
	r.handed("that is polled", "polled")
	r.handedAll("that is pushed", "pushed", 1, 2)
	b.sees("polled", 1, 2)
}

func queueJob(b *bench) {
	b.hook("h", only(events.Created))
	r := b.serve(delivered)
	first := b.adding(b.grain("a", about("ann"), scoped("acme/prod")))
	b.write(first)
	b.forget(*first.Put)
	second := b.adding(b.grain("b"))
	b.write(second)
	hands := r.got("h")
	b.want(len(hands) == 2, "two changes were handed out %d times", len(hands))
	slices.SortFunc(hands, func(a, b hand) int { return int(a.Entry.Seq - b.Entry.Seq) })
	for i, c := range []store.Step{first, second} {
		j := hands[i].Job
		b.want(sameChange(j.Entry.Change, c.Change), "the change %+v was handed out as %+v", c.Change, j.Entry.Change)
		b.want(j.Hook == "h" && j.Attempts == 0 && j.Redrive == 0 && j.FirstAt == 0 && j.Redaction == "", "a first attempt was handed out as %+v", j)
	}
	b.want(hands[0].Prev == 0 && hands[1].Prev == 1 && hands[1].Entry.Seq == 3, "seqs 1 and 3 were handed out after %d and %d", hands[0].Prev, hands[1].Prev)
}

func queueWakes(b *bench) {
	b.hook("h")
	r := b.serve(delivered)
	var want []int64
	for i := range 4 {
		b.add(fmt.Sprint(i))
		want = append(want, int64(i+1))
		before := b.now()
		r.handed("at once", "h", want...)
		b.want(b.now()-before < 1000, "a job came only when the clock had moved")
	}
	r.stop()
	b.add("late")
	r.handed("after its service has ended", "h", want...)
	r = b.serve(delivered)
	r.handed("when it is served again", "h", 5)
}

func queueBacklog(b *bench) {
	const n = 150
	b.hook("h")
	b.hook("shaky")
	for i := 0; i < n; i += 10 {
		var steps []store.Step
		for k := range 10 {
			steps = append(steps, b.adding(b.grain(fmt.Sprint(i+k))))
		}
		b.write(steps...)
	}
	b.crash()
	b.counts("h", map[delivery.Status]int{delivery.StatusPending: n})
	odd := func(r *receiver, j delivery.Job) delivery.Outcome {
		if j.Hook == "shaky" && j.Entry.Seq%3 == 0 && j.Attempts == 0 {
			return r.outcome(j, delivery.RetryAfter, second, 503)
		}
		return delivered(r, j)
	}
	r := b.serve(odd)
	b.pass(2 * second)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: n})
	b.counts("shaky", map[delivery.Status]int{delivery.StatusDelivered: n})
	b.want(len(r.got("h")) == n, "%d jobs were handed out %d times", n, len(r.got("h")))
	b.want(len(r.got("shaky")) == n+n/3, "%d jobs, a third of them twice, were handed out %d times", n, len(r.got("shaky")))
}
