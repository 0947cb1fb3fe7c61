package roadtest

import (
	"context"
	"slices"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
)

// wants says whether a hook must see a change, and whether it may, by what its
// maker asked for.
func (r *run) wants(h *subscriber, c change.Change) (must, may bool) {
	name := title(h.Dialect, c.Cause)
	if name == "" || len(h.events) > 0 && !slices.Contains(h.events, name) {
		return false, false
	}
	wide := c.Cause == events.Erased || c.Cause == events.Rotated
	if h.Namespace != nil && !wide && c.Namespace != *h.Namespace {
		return false, false
	}
	return r.passes(h.filter, c)
}

// checkMatches: a hook sees every change that it wants and whose write began
// after it was made, none that was committed a second before, and no other;
// its chain is unbroken.
func (r *run) checkMatches(h *subscriber) {
	prev := int64(0)
	for i := range r.log[h.Memory] {
		e := &r.log[h.Memory][i]
		m, sees := e.For(h.ID)
		t := r.heard.changes[e.Change.ID]
		must, may := r.wants(h, e.Change)
		switch {
		case t == nil: // it is told by checkChanges
		case sees && !may:
			r.found(4, "%s sees seq %d, a %s that it does not want: %v", h.ID, e.Seq, e.Change.Cause, h.filter)
		case !sees && must && !h.made.IsZero() && t.begun.After(h.made):
			r.found(4, "%s does not see seq %d, a %s whose write began %s after it was made: %v", h.ID, e.Seq, e.Change.Cause, t.begun.Sub(h.made), h.filter)
		case sees && t.fate == kept && t.ended.Add(time.Second+r.Apart).Before(h.begun):
			r.found(4, "%s sees seq %d, which was committed %s before it", h.ID, e.Seq, h.begun.Sub(t.ended))
		}
		if sees && m.Prev != prev {
			r.found(2, "%s saw %d before seq %d, its chain says %d", h.ID, prev, e.Seq, m.Prev)
		}
		if sees {
			prev = e.Seq
		}
	}
}

// checkEnds: every match is in exactly one state, which is one that happened;
// the states are counted.
func (r *run) checkEnds(h *subscriber) {
	c, ctx := r.look(), context.Background()
	counts, err := c.Ledger.Counts(ctx, h.Memory, h.ID)
	b, wrong := c.Log.Bounds(ctx, h.Memory)
	if err != nil || wrong != nil {
		r.found(3, "the states of %s can't be counted: %v, %v", h.ID, err, wrong)
		return
	}
	answered := map[deliveryOf]bool{} // with a 2xx
	tried, last := map[deliveryOf]int{}, map[deliveryOf]int{}
	for _, p := range r.receivers.all() {
		of := deliveryOf{p.hook, p.seq, p.redrive}
		last[of] = p.status
		answered[of] = answered[of] || p.status/100 == 2
		tried[of]++
	}
	known, saw, sum := map[delivery.Status]int{}, 0, 0
	for i := range r.log[h.Memory] {
		e := &r.log[h.Memory][i]
		if _, sees := e.For(h.ID); !sees {
			continue
		}
		saw++
		if e.Seq < b.Floor {
			continue
		}
		rec, err := r.newest(h, e.Seq)
		of := deliveryOf{h.ID, e.Seq, rec.Job.Redrive}
		known[rec.Status]++
		r.checkTold(h, rec)
		r.checkReason(h, rec)
		switch {
		case err != nil:
			r.found(3, "%s has no delivery of seq %d: %v", h.ID, e.Seq, err)
		case rec.Status == delivery.StatusDelivered && !answered[of]:
			r.found(3, "seq %d is recorded as delivered to %s, which took none of %d attempts", e.Seq, h.ID, tried[of])
		case rec.Status == delivery.StatusDead && tried[of] == 0:
			r.found(3, "seq %d is recorded as dead for %s, which was never asked", e.Seq, h.ID)
		case rec.Status == delivery.StatusDead && last[of] != 410 && rec.Job.Attempts != 1+h.MaxRetries:
			r.found(5, "seq %d is dead for %s after %d attempts, max_retries is %d", e.Seq, h.ID, rec.Job.Attempts, h.MaxRetries)
		case rec.Job.Attempts > tried[of] || rec.Job.Attempts != len(rec.Trail):
			r.found(3, "seq %d for %s counts %d attempts and tells %d; %d were made", e.Seq, h.ID, rec.Job.Attempts, len(rec.Trail), tried[of])
		}
	}
	for _, n := range counts {
		sum += n
	}
	if sum != saw {
		r.found(3, "%s saw %d changes and counts %d: %v", h.ID, saw, sum, counts)
	}
	for status, n := range known {
		if counts[status] < n || b.Floor == 1 && counts[status] != n {
			r.found(3, "%s counts %d %s, there are %d: %v", h.ID, counts[status], status, n, counts)
		}
	}
	r.checkReasons(h, counts, b.Floor)
}

// checkReasons: an end that somebody brought about needs somebody who did, to
// that hook and that far into its log.
func (r *run) checkReasons(h *subscriber, counts map[delivery.Status]int, floor int64) {
	most := map[delivery.Status]int{delivery.StatusDiscarded: len(h.discards)}
	for i := range r.log[h.Memory] {
		e := &r.log[h.Memory][i]
		if _, sees := e.For(h.ID); !sees {
			continue
		}
		if e.Seq <= h.skippable {
			most[delivery.StatusSkipped]++
		}
		if e.Seq < floor {
			most[delivery.StatusExpired]++
		}
	}
	for _, status := range [...]delivery.Status{delivery.StatusSkipped, delivery.StatusExpired, delivery.StatusDiscarded, delivery.StatusCancelled} {
		if counts[status] > most[status] {
			r.found(3, "%s counts %d %s, it was asked for at most %d", h.ID, counts[status], status, most[status])
		}
	}
}

// checkReason: what stands in the log was skipped only where somebody did, and
// discarded only where that was asked for.
func (r *run) checkReason(h *subscriber, rec delivery.Record) {
	seq := rec.Job.Entry.Seq
	if rec.Status == delivery.StatusSkipped && seq > h.skippable || rec.Status == delivery.StatusDiscarded && !h.discards[seq] || rec.Status == delivery.StatusExpired {
		r.found(3, "seq %d is %s for %s, and nobody asked for it", seq, rec.Status, h.ID)
	}
}

type deliveryOf struct {
	hook    string
	seq     int64
	redrive int
}

// newest is the newest delivery of a change to a hook.
func (r *run) newest(h *subscriber, seq int64) (delivery.Record, error) {
	c, ctx := r.look(), context.Background()
	rec, err := c.Ledger.Find(ctx, h.Memory, h.ID, seq, 0)
	for n := 1; err == nil; n++ {
		later, missing := c.Ledger.Find(ctx, h.Memory, h.ID, seq, n)
		if missing != nil {
			break
		}
		rec = later
	}
	return rec, err
}
