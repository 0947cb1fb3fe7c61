package cloudtest

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

var ledgerRules = []Rule{
	{"ledger/counts add up", "together they are all changes it ever saw", ledgerCounts},
	{"ledger/lists newest first", "lists are newest first: by seq, then by redrive", ledgerLists},
	{"ledger/lists what is asked for", "Query narrows a listing; zero fields do not.", ledgerNarrows},
	{"ledger/finds one delivery", "Find returns one delivery, fault.NotFound where there is none.", ledgerFinds},
	{"ledger/tells where somebody is needed", "Troubled says of each memory whether it has a hook that is not active, or a dead letter, as of the call; false where there is no such memory.", ledgerTroubles},
	{"ledger/tells every attempt", "Its Trail tells each attempt as its Outcome did; what was put back is no attempt.", ledgerTrail},
}

// list reads all pages of a listing and ends the rule where the order is not
// newest first.
func (b *bench) list(q delivery.Query) []delivery.Record {
	b.idle()
	var all []delivery.Record
	for pages := 0; ; pages++ {
		page, next, err := b.Ledger.List(b.ctx, b.mem, q)
		b.done("listing deliveries", err)
		b.want(len(page) <= q.Limit, "a page of %d deliveries holds %d", q.Limit, len(page))
		all = append(all, page...)
		if next == "" {
			break
		}
		b.want(next != q.After && pages < 1000, "a listing does not come to its end")
		q.After = next
	}
	seen := map[string]bool{}
	for i := range all {
		id := all[i].Job.ID()
		b.want(!seen[id], "delivery %s is listed twice", id)
		seen[id] = true
		if i > 0 {
			a, c := all[i-1].Job, all[i].Job
			b.want(a.Entry.Seq > c.Entry.Seq || a.Entry.Seq == c.Entry.Seq && (a.Redrive > c.Redrive || a.Hook != c.Hook),
				"delivery %s is listed before %s", a.ID(), c.ID())
		}
	}
	return all
}

// mixed makes six changes that end differently: 1 and 6 delivered, 2 dead,
// 3 delivered at its second attempt, 4 waiting for its second, 5 hanging.
func (b *bench) mixed() *receiver {
	b.hook("h")
	b.hook("other")
	r := b.serve(byHook(map[string]answer{"h": bySeq(map[int64]answer{
		2: giveUp, 3: attempts(retry(second), delivered), 4: retry(day), 5: hang,
	}, delivered)}, delivered))
	for i := range 6 {
		b.add(fmt.Sprint(i))
	}
	b.pass(second + slack)
	r.handedAll("in six ways", "h", 1, 2, 3, 3, 4, 5, 6)
	return r
}

func ledgerCounts(b *bench) {
	b.mixed()
	for range 2 {
		b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 3, delivery.StatusDead: 1, delivery.StatusPending: 2})
		b.counts("other", map[delivery.Status]int{delivery.StatusDelivered: 6})
		b.crash()
	}
	b.turn("h", hook.Paused)
	b.add("held")
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 3, delivery.StatusDead: 1, delivery.StatusHeld: 3})
	saw := len(b.seen("h"))
	total, err := b.Ledger.Counts(b.ctx, b.mem, "h")
	b.done("counting", err)
	sum := 0
	for _, n := range total {
		sum += n
	}
	b.want(sum == saw, "a hook that saw %d changes counts %d: %v", saw, sum, total)
}

func ledgerLists(b *bench) {
	b.mixed()
	for range 2 {
		for _, limit := range []int{1, 2, 4, 100} {
			var got []string
			for _, rec := range b.list(delivery.Query{Hook: "h", Limit: limit}) {
				got = append(got, fmt.Sprint(rec.Job.Entry.Seq, rec.Status))
				b.want(rec.Job.Entry.Change.ID != "" || rec.Status == delivery.StatusExpired, "a listed delivery does not say of which change")
			}
			b.want(fmt.Sprint(got) == "[6delivered 5pending 4pending 3delivered 2dead 1delivered]" ||
				fmt.Sprint(got) == "[6 delivered 5 pending 4 pending 3 delivered 2 dead 1 delivered]", "in pages of %d the deliveries are %v", limit, got)
		}
		b.want(len(b.list(delivery.Query{Limit: 5})) == 12, "%d deliveries of 2 hooks are listed, not 12", len(b.list(delivery.Query{Limit: 5})))
		b.crash()
	}
}

func ledgerNarrows(b *bench) {
	r := b.mixed()
	for status, want := range map[delivery.Status]int{
		delivery.StatusDelivered: 3, delivery.StatusDead: 1, delivery.StatusPending: 2, delivery.StatusSkipped: 0, delivery.StatusDiscarded: 0,
	} {
		for _, limit := range []int{1, 100} {
			all := b.list(delivery.Query{Hook: "h", Status: status, Limit: limit})
			b.want(len(all) == want, "%d deliveries that are %s are listed, not %d", len(all), status, want)
			for _, rec := range all {
				b.want(rec.Status == status && rec.Job.Hook == "h", "asked for %s of h, listed was %s of %s", status, rec.Status, rec.Job.Hook)
			}
		}
	}
	all := b.list(delivery.Query{Status: delivery.StatusDead, Limit: 3})
	b.want(len(all) == 1, "%d dead letters of all hooks are listed, not 1", len(all))
	r.stop()
	b.pass(minute)
	since := b.now()
	b.serve(byHook(map[string]answer{"h": bySeq(map[int64]answer{4: retry(day)}, delivered)}, delivered))
	b.idle()
	recent := b.list(delivery.Query{Hook: "h", Since: since, Limit: 2})
	b.want(len(recent) == 1 && recent[0].Job.Entry.Seq == 5, "one delivery was attempted since then, listed are %d", len(recent))
}

func ledgerFinds(b *bench) {
	b.mixed()
	for range 2 {
		for seq, want := range map[int64]delivery.Record{
			1: {Status: delivery.StatusDelivered, Code: 200, Job: delivery.Job{Attempts: 1}},
			2: {Status: delivery.StatusDead, Code: 500, Error: "answered 500", Job: delivery.Job{Attempts: 1}},
			3: {Status: delivery.StatusDelivered, Code: 200, Job: delivery.Job{Attempts: 2}},
			4: {Status: delivery.StatusPending, Code: 503, Error: "answered 503", Job: delivery.Job{Attempts: 1}},
			5: {Status: delivery.StatusPending},
		} {
			got := b.record("h", seq, 0)
			b.want(got.Status == want.Status && got.Code == want.Code && got.Error == want.Error && got.Job.Attempts == want.Job.Attempts,
				"delivery %d is found as %s, code %d, %q, after %d attempts", seq, got.Status, got.Code, got.Error, got.Job.Attempts)
			b.want(want.Job.Attempts == 0 || got.FirstAt > 0 && got.LastAt >= got.FirstAt, "delivery %d was attempted from %d to %d", seq, got.FirstAt, got.LastAt)
			b.want((got.NextAt > b.now()) == (seq == 4), "the next attempt of delivery %d is planned for %d", seq, got.NextAt)
		}
		for _, none := range []struct {
			hook    string
			seq     int64
			redrive int
		}{{"h", 7, 0}, {"h", 1, 1}, {"none", 1, 0}, {"h", 0, 0}} {
			_, err := b.Ledger.Find(b.ctx, b.mem, none.hook, none.seq, none.redrive)
			b.refused(fmt.Sprint("finding ", none), err, fault.NotFound)
		}
		b.crash()
	}
}

// ledgerTrail follows one delivery through failures, a pause, a crash and its
// end as a dead letter, and then its redrive, beside one that succeeds at once
// and one that waits.
func ledgerTrail(b *bench) {
	b.hook("h")
	var mu sync.Mutex
	var paused bool
	made := map[int][]delivery.Attempt{} // by redrive, of seq 1
	scripts := []answer{attempts(retry(second), retry(minute), giveUp), attempts(retry(second), delivered)}
	noting := func(r *receiver, j delivery.Job) delivery.Outcome {
		mu.Lock()
		defer mu.Unlock()
		if paused = !paused && j.Attempts == 1; paused {
			return r.outcome(j, delivery.PutBack, second, 0)
		}
		o := scripts[j.Redrive](r, j)
		made[j.Redrive] = append(made[j.Redrive], delivery.Attempt{N: o.Job.Attempts, At: o.At, Took: o.Took, Code: o.Status, Error: o.Error})
		return o
	}
	tells := func(redrive, n int) {
		b.idle()
		mu.Lock()
		want := slices.Clone(made[redrive])
		mu.Unlock()
		b.want(len(want) == n, "delivery 1.%d was attempted %d times, not %d", redrive, len(want), n)
		got := b.record("h", 1, redrive).Trail
		b.want(slices.Equal(got, want), "delivery 1.%d was attempted as %+v, its trail is %+v", redrive, want, got)
	}
	answers := bySeq(map[int64]answer{1: noting}, delivered)
	r := b.serve(answers)
	b.add("fails")
	b.add("succeeds")
	tells(0, 1)
	b.pass(10 * second)
	tells(0, 2)
	r.stop()
	b.crash()
	r = b.serve(answers)
	tells(0, 2)
	b.pass(minute)
	tells(0, 3)
	b.redrive("h", 1)
	b.pass(10 * second)
	r.stop()
	b.add("waits")
	for range 2 {
		tells(0, 3)
		tells(1, 2)
		once, waits := b.record("h", 2, 0), b.record("h", 3, 0)
		b.want(len(once.Trail) == 1 && once.Trail[0] == delivery.Attempt{N: 1, At: once.LastAt, Took: time.Millisecond, Code: 200},
			"a first attempt that ended well at %d has the trail %+v", once.LastAt, once.Trail)
		b.want(waits.Trail == nil, "what was never attempted has the trail %+v", waits.Trail)
		b.crash()
	}
}

func ledgerTroubles(b *bench) {
	calm, nowhere := b.in("acme", "home2"), change.Memory{Tenant: "acme", ID: "nowhere"}
	calm.hook("h")
	troubled := func(when string, want bool) {
		b.idle()
		for range 2 {
			got, err := b.Troubles.Troubled(b.ctx, []change.Memory{calm.mem, b.mem, nowhere})
			b.done("asking who is needed where", err)
			b.want(slices.Equal(got, []bool{false, want, false}), "%s: of a calm memory, this one and none, needing somebody is %v", when, got)
			b.crash()
		}
	}
	troubled("without hooks", false)
	r := b.dead()
	troubled("with dead letters", true)
	r.stop()
	for seq := range int64(2) {
		b.done("closing a dead letter", b.Redriver.Discard(b.ctx, b.mem, "h", seq+1, 0, ""))
	}
	troubled("when they are closed", false)
	for _, state := range []hook.State{hook.Paused, hook.Held, hook.Disabled} {
		b.turn("h", state)
		troubled("with a hook that is "+string(state), true)
	}
	b.turn("h", hook.Active)
	troubled("when it goes on", false)
}
