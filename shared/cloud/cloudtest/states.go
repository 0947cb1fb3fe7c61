package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

var stateRules = []Rule{
	{"state/a resting hook keeps its place", "Held, paused and disabled hooks keep their place in the log.", stateRests},
	{"state/a skipped place", "to the head (what lies between ends as skipped)", stateSkips},
	{"state/a deleted hook", "its pending jobs end as cancelled, its settled ones and dead letters go with it", stateRemoved},
	{"state/expired", "Jobs that still waited below it end as expired.", stateExpired},
	{"state/disabled by its receiver", "the receiver answered 410: the hook takes no more", stateDisabled},
	{"state/held after dead letters in a row", "so many that the hook is to be held", stateHeld},
}

func stateRests(b *bench) {
	b.hook("h")
	r := b.serve(delivered)
	a := b.add("a")
	r.handed("while it is active", "h", 1)
	for i, state := range []hook.State{hook.Paused, hook.Held, hook.Disabled} {
		b.turn("h", state)
		b.idle()
		a = b.supersede(a, fmt.Sprint("a ", i, " 1"))
		a = b.supersede(a, fmt.Sprint("a ", i, " 2"))
		b.pass(day)
		b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 1 + 2*i, delivery.StatusHeld: 2})
		if i == 1 {
			b.crash()
			b.pass(day)
			r = b.serve(delivered)
		}
		before := len(r.got("h"))
		b.turn("h", hook.Active)
		b.pass(2 * second)
		got := seqs(r.got("h"))
		b.want(fmt.Sprint(got[before:]) == fmt.Sprint([]int{2*i + 2, 2*i + 3}), "a hook that was %s was handed %v on its resumption", state, got[before:])
		b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 3 + 2*i})
	}
}

func stateSkips(b *bench) {
	b.hook("h")
	b.hook("other")
	r := b.serve(bySeq(map[int64]answer{2: retry(minute)}, delivered))
	b.add("1")
	b.add("2")
	r.handedAll("while it is active", "h", 1, 2)
	b.turn("h", hook.Paused)
	for i := range 4 {
		b.add(fmt.Sprint("while paused ", i))
	}
	b.idle()
	n, err := b.HookMover.SkipToHead(b.ctx, b.mem, "h")
	b.done("skipping to the head", err)
	b.want(n == 5, "a hook with 5 waiting changes skipped %d", n)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 1, delivery.StatusSkipped: 5})
	b.crash()
	r = b.serve(delivered)
	b.turn("h", hook.Active)
	b.add("after")
	b.pass(2 * minute)
	r.handed("after it has skipped", "h", 7)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 2, delivery.StatusSkipped: 5})
	b.counts("other", map[delivery.Status]int{delivery.StatusDelivered: 7})
	n, err = b.HookMover.SkipToHead(b.ctx, b.mem, "h")
	b.done("skipping nothing", err)
	b.want(n == 0, "a hook with nothing waiting skipped %d", n)
}

func stateRemoved(b *bench) {
	for _, id := range []string{"h", "other"} {
		b.hook(id)
	}
	r := b.serve(bySeq(map[int64]answer{1: retry(second), 2: giveUp, 3: hang, 4: delivered}, delivered))
	a := b.add("1")
	for i := 2; i <= 4; i++ {
		b.add(fmt.Sprint(i))
	}
	b.supersede(a, "1 newer")
	r.handedAll("before its deletion", "h", 1, 2, 3, 4)
	b.done("deleting a hook", b.HookRemover.Remove(b.ctx, b.mem, "h"))
	b.add("after")
	b.pass(second + slack)
	r.handedAll("after its deletion", "h", 1, 2, 3, 4)
	for range 2 {
		for seq := int64(1); seq <= 5; seq++ {
			rec, err := b.Ledger.Find(b.ctx, b.mem, "h", seq, 0)
			if err == nil {
				b.want(rec.Status == delivery.StatusCancelled, "a deleted hook has a delivery that is %s", rec.Status)
				continue
			}
			b.refused("finding a deleted hook's delivery", err, fault.NotFound)
		}
		b.crash()
	}
	all, _, err := b.Ledger.List(b.ctx, b.mem, delivery.Query{Limit: 100, Status: delivery.StatusDead})
	b.done("listing dead letters", err)
	b.want(len(all) == 1 && all[0].Job.Hook == "other", "%d dead letters are listed, not the other hook's one", len(all))
	r = b.serve(delivered)
	b.pass(minute)
	r.handed("after a crash", "h")
}

func stateExpired(b *bench) {
	b.hook("h")
	b.hook("paused")
	b.turn("paused", hook.Paused)
	r := b.serve(bySeq(map[int64]answer{2: retry(minute)}, delivered))
	for i := range 5 {
		b.add(fmt.Sprint(i))
	}
	r.handedAll("before compaction", "h", 1, 2, 3, 4, 5)
	b.compact(5)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 4, delivery.StatusExpired: 1})
	b.counts("paused", map[delivery.Status]int{delivery.StatusExpired: 4, delivery.StatusHeld: 1})
	b.crash()
	r = b.serve(delivered)
	b.turn("paused", hook.Active)
	b.pass(day)
	r.handed("after compaction", "h")
	r.handed("after compaction", "paused", 5)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 4, delivery.StatusExpired: 1})
	b.counts("paused", map[delivery.Status]int{delivery.StatusExpired: 4, delivery.StatusDelivered: 1})
}

func stateDisabled(b *bench) {
	b.hook("h")
	b.hook("other")
	gone := func(r *receiver, j delivery.Job) delivery.Outcome {
		o := r.outcome(j, delivery.GiveUp, 0, 410)
		o.Disable = true
		return o
	}
	r := b.serve(byHook(map[string]answer{"h": bySeq(map[int64]answer{2: gone}, delivered)}, delivered))
	for i := range 4 {
		b.add(fmt.Sprint(i))
		b.idle()
	}
	b.pass(day)
	r.handed("after its receiver answered 410", "h", 1, 2)
	r.handed("beside one whose receiver answered 410", "other", 1, 2, 3, 4)
	b.crash()
	h, err := b.Hooks.Get(b.ctx, b.mem, "h")
	b.done("reading a hook", err)
	b.want(h.State == hook.Disabled, "a hook whose receiver answered 410 is %s", h.State)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 1, delivery.StatusDead: 1, delivery.StatusHeld: 2})
	r = b.serve(delivered)
	b.turn("h", hook.Active)
	b.pass(2 * second)
	r.handedAll("when it was made active again", "h", 3, 4)
}

func stateHeld(b *bench) {
	n := int64(b.opened.HoldAfter)
	if n == 0 {
		return
	}
	b.hook("h")
	r := b.serve(bySeq(map[int64]answer{n: delivered}, giveUp)) // one success before the last in a row
	var want []int64
	for i := range 3*n - 1 {
		b.add(fmt.Sprint(i))
		b.idle()
		if i < 2*n {
			want = append(want, i+1)
		}
	}
	b.pass(day)
	r.handed("after so many dead letters in a row", "h", want...)
	b.crash()
	h, err := b.Hooks.Get(b.ctx, b.mem, "h")
	b.done("reading a hook", err)
	b.want(h.State == hook.Held, "a hook with %d dead letters in a row is %s", n, h.State)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 1, delivery.StatusDead: int(2*n) - 1, delivery.StatusHeld: int(n) - 1})
	b.turn("h", hook.Paused)
	b.crash()
	b.serve(giveUp)
	b.turn("h", hook.Active)
	b.pass(2 * second)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 1, delivery.StatusDead: int(3*n) - 2})
	h, err = b.Hooks.Get(b.ctx, b.mem, "h")
	b.done("reading a hook", err)
	b.want(h.State == hook.Active, "a hook that was made active again, and had %d dead letters since, is %s", n-1, h.State)
}
