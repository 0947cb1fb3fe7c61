package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
)

var redriveRules = []Rule{
	{"redrive/takes the next number", "Redrive queues the event of each (hook, seq) again under the next redrive number", redriveNumbers},
	{"redrive/a dead letter is one no longer", "a dead letter that is redriven is one no longer", redriveDead},
	{"redrive/none for what can't be sent again", "none for events that the hook does not see, that the log no longer holds, or whose newest delivery has not ended yet", redriveNone},
	{"redrive/twice at once", "whose newest delivery has not ended yet", redriveRace},
	{"redrive/survives a crash", "Redrive queues the event of each (hook, seq) again", redriveCrash},
	{"discard/closes a dead letter", "Discard closes a dead letter, fault.NotFound where there is none.", discardCloses},
}

func (b *bench) redrive(hook string, seqs ...int64) []delivery.Job {
	jobs, err := b.Redriver.Redrive(b.ctx, b.mem, hook, seqs)
	b.done("redriving", err)
	return jobs
}

// dead makes a hook with three changes: 1 and 2 dead, 3 delivered.
func (b *bench) dead() *receiver {
	b.hook("h")
	r := b.serve(bySeq(map[int64]answer{1: giveUp, 2: giveUp}, delivered))
	for i := range 3 {
		b.add(fmt.Sprint(i))
	}
	r.handedAll("at first", "h", 1, 2, 3)
	r.stop()
	return b.serve(delivered)
}

func redriveNumbers(b *bench) {
	r := b.dead()
	for n := 1; n <= 3; n++ {
		jobs := b.redrive("h", 1)
		b.want(len(jobs) == 1 && jobs[0].Redrive == n && jobs[0].Entry.Seq == 1 && jobs[0].Hook == "h" && jobs[0].Attempts == 0,
			"redrive %d made the jobs %+v", n, jobs)
		hands := r.got("h")
		b.want(len(hands) == 1 && hands[0].Redrive == n && hands[0].Attempts == 0 && hands[0].Entry.Seq == 1,
			"redrive %d was handed out %d times", n, len(hands))
		b.want(b.record("h", 1, n).Status == delivery.StatusDelivered, "redrive %d is %s", n, b.record("h", 1, n).Status)
		b.reopen()
		r = b.serve(delivered)
	}
	b.redrive("h", 2)
	r.handed("when another was redriven", "h", 2)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 3})
	var got []string
	for _, rec := range b.list(delivery.Query{Hook: "h", Limit: 2}) {
		got = append(got, fmt.Sprintf("%d.%d", rec.Job.Entry.Seq, rec.Job.Redrive))
	}
	b.want(fmt.Sprint(got) == "[3.0 2.1 2.0 1.3 1.2 1.1 1.0]", "after redrives the deliveries are %v", got)
}

func redriveDead(b *bench) {
	r := b.dead()
	b.counts("h", map[delivery.Status]int{delivery.StatusDead: 2, delivery.StatusDelivered: 1})
	r.stop()
	r = b.serve(giveUp)
	b.want(len(b.redrive("h", 1, 3)) == 2, "a dead and a delivered event were not redriven")
	b.idle()
	b.counts("h", map[delivery.Status]int{delivery.StatusDead: 3})
	dead := b.list(delivery.Query{Hook: "h", Status: delivery.StatusDead, Limit: 10})
	got := make([]string, len(dead))
	for i, rec := range dead {
		got[i] = fmt.Sprintf("%d.%d", rec.Job.Entry.Seq, rec.Job.Redrive)
	}
	b.want(fmt.Sprint(got) == "[3.1 2.0 1.1]", "the dead letters are %v, not [3.1 2.0 1.1]", got)
	r.stop()
	r = b.serve(delivered)
	b.redrive("h", 1, 2, 3)
	r.handedAll("when all was redriven", "h", 1, 2, 3)
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 3})
	b.want(len(b.list(delivery.Query{Status: delivery.StatusDead, Limit: 10})) == 0, "dead letters are left that were redriven")
}

func redriveNone(b *bench) {
	b.hook("h", inSpace("default"))
	r := b.serve(bySeq(map[int64]answer{1: giveUp, 3: retry(day), 4: hang}, delivered))
	b.add("1")
	b.add("2", spaced("elsewhere"))
	b.add("3")
	b.add("4")
	b.add("5")
	r.handedAll("at first", "h", 1, 3, 4, 5)
	b.want(len(b.redrive("h", 2, 3, 4, 6, 0)) == 0, "what the hook does not see or what has not ended was redriven")
	b.want(len(b.redrive("h")) == 0, "nothing was redriven as something")
	r.stop()
	b.compact(3)
	b.want(len(b.redrive("h", 1)) == 0, "what the log no longer holds was redriven")
	b.serve(bySeq(map[int64]answer{3: hang, 4: delivered}, hang))
	jobs := b.redrive("h", 1, 5, 5)
	b.want(len(jobs) == 1 && jobs[0].Entry.Seq == 5, "of one event given twice and one compacted, %d were redriven", len(jobs))
	b.want(len(b.redrive("h", 5)) == 0, "an event was redriven whose redrive is under way")
}

func redriveRace(b *bench) {
	const n = 6
	b.dead()
	made := make([]int, n)
	for _, err := range side(n, func(i int) error {
		jobs, err := b.Redriver.Redrive(b.ctx, b.mem, "h", []int64{1})
		made[i] = len(jobs)
		return err
	}) {
		b.done("redriving", err)
	}
	b.idle()
	total := 0
	for _, k := range made {
		total += k
	}
	all := b.list(delivery.Query{Hook: "h", Limit: 100})
	b.want(len(all) == 3+total, "%d redrives were answered, %d are there", total, len(all)-3)
	b.counts("h", map[delivery.Status]int{delivery.StatusDead: 1, delivery.StatusDelivered: 2})
}

func redriveCrash(b *bench) {
	r := b.dead()
	r.stop()
	b.redrive("h", 1, 2)
	b.crash()
	b.counts("h", map[delivery.Status]int{delivery.StatusPending: 2, delivery.StatusDelivered: 1})
	r = b.serve(delivered)
	r.handedAll("after a crash", "h", 1, 2)
	for _, h := range r.got("h") {
		b.want(h.Redrive == 1, "redrive 1 was handed out as %d", h.Redrive)
	}
	b.crash()
	r = b.serve(delivered)
	b.pass(day)
	r.handed("after a second crash", "h")
	b.counts("h", map[delivery.Status]int{delivery.StatusDelivered: 3})
}

func discardCloses(b *bench) {
	b.dead()
	discard := func(seq int64, redrive int) error {
		return b.Redriver.Discard(b.ctx, b.mem, "h", seq, redrive, "known to the receiver")
	}
	b.done("discarding a dead letter", discard(1, 0))
	for range 2 {
		b.refused("discarding it again", discard(1, 0), fault.NotFound)
		b.refused("discarding what was delivered", discard(3, 0), fault.NotFound)
		b.refused("discarding what is not there", discard(2, 1), fault.NotFound)
		rec := b.record("h", 1, 0)
		b.want(rec.Status == delivery.StatusDiscarded && rec.Reason == "known to the receiver" && rec.Code == 500, "a discarded dead letter is %+v", rec)
		b.counts("h", map[delivery.Status]int{delivery.StatusDiscarded: 1, delivery.StatusDead: 1, delivery.StatusDelivered: 1})
		b.crash()
	}
	r := b.serve(delivered)
	b.pass(day)
	r.handed("after a discard", "h")
}
