package roadtest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// rounds is how often, ten minutes apart, what is left is given a chance.
const rounds = 60

// calm ends faults and deaths and lets everything come to its end; false where
// it does not. A living process goes on, but for every second seed: a start
// would mend what it forgot.
func (r *run) calm() bool {
	if r.Fail != nil {
		r.Fail(0)
	}
	r.gate.dieAfter(0, false)
	if r.Cut != nil {
		r.Cut(0)
	}
	if (r.dead() || r.seed%2 == 0) && !r.restart(Op{}) {
		return false
	}
	r.gate.fail(0)
	r.receivers.calm()
	left := ""
	for round := range rounds {
		err := r.settle()
		if err != nil && (round > 0 || !r.erasing()) {
			r.found(3, "without faults: %v", err)
			return false
		}
		if left = r.open(); left == "" && round > 2 {
			return true
		}
		pass(10 * time.Minute)
		if r.Upkeep == nil {
			continue
		}
		if err := r.Upkeep(context.Background()); err != nil {
			r.found(3, "without faults upkeep fails: %v", err)
			return false
		}
	}
	r.found(3, "after hours without faults there is still something to do: %s", left)
	return false
}

// erasing says whether an erasure was cut off: for a minute then nobody knows
// whether it was begun, and filters have to wait for the content.
func (r *run) erasing() bool {
	return slices.ContainsFunc(r.erasures, func(e *erasure) bool { return e.answered.IsZero() })
}

// settle does what was asked for and not answered, and drains the stages.
func (r *run) settle() error {
	ctx := context.Background()
	if r.keep.Events > 0 { // a compaction that a fault cut off is ended by the next one
		r.learn()
		if err := r.compactTo(ctx, r.keep); err != nil {
			return err
		}
		r.keep = feed.Keep{}
	}
	for _, h := range r.hooks {
		if h.leaving {
			if err := r.Hooks.Remove(ctx, h.Memory, h.ID); err != nil {
				return fmt.Errorf("remove %s: %w", h.ID, err)
			}
			continue
		}
		now, err := r.Hooks.Get(ctx, h.Memory, h.ID)
		switch {
		case err != nil && fault.KindOf(err) == fault.NotFound && h.made.IsZero():
		case err != nil:
			return fmt.Errorf("read %s: %w", h.ID, err)
		case now.State != hook.Active:
			r.checkState(h, now.State)
			on := true
			h.awake(time.Now())
			if err := r.turnHook(ctx, change.NewDraw(time.Now()), h, hook.Settings{Active: &on}); err != nil {
				return fmt.Errorf("resume %s: %w", h.ID, err)
			}
			h.active = time.Now()
		}
	}
	if r.Drain == nil {
		pass(time.Minute)
		synctest.Wait()
		return nil
	}
	return r.Drain(ctx, r.handler(r.life))
}

// standing are the hooks that are there at the end.
func (r *run) standing() []*subscriber {
	var out []*subscriber
	for _, h := range r.hooks {
		_, err := r.look().Hooks.Get(context.Background(), h.Memory, h.ID)
		if !h.leaving && (err == nil || !h.made.IsZero()) {
			out = append(out, h)
		}
	}
	return out
}

// open tells what hooks have not ended.
func (r *run) open() string {
	out := ""
	for _, h := range r.standing() {
		counts, err := r.look().Ledger.Counts(context.Background(), h.Memory, h.ID)
		if err != nil || counts[delivery.StatusPending]+counts[delivery.StatusHeld] > 0 {
			out += fmt.Sprintf(" %s: %v %v", h.ID, counts, err)
		}
	}
	return out
}

// check holds what is there to the invariants.
func (r *run) check() {
	r.learn()
	for _, t := range r.heard.all() {
		if t.put != nil && t.by != nil {
			r.writers[t.put.Hash] = t
		}
	}
	r.checkChanges()
	r.checkLineages()
	r.checkRecalls()
	for _, h := range r.standing() {
		r.checkMatches(h)
		if h.Mode == hook.CDC {
			r.checkPoller(h)
		} else {
			r.checkEnds(h)
		}
	}
	r.checkPosts()
	r.checkRoads()
	r.checkSpent()
	for _, e := range r.erasures {
		if !e.answered.IsZero() {
			r.checkGone(e)
		}
	}
	r.checkPlain()
}

// checkChanges: what was kept is told once, what was refused is not; what is
// told was asked for; an answered call raised its change.
func (r *run) checkChanges() {
	told := map[string]int{}
	for _, m := range r.memories {
		for _, e := range r.log[m] {
			told[e.Change.ID]++
			if e.Change.Memory != m {
				r.found(10, "the log of %s tells a change of %s", m.Tenant, e.Change.Memory.Tenant)
			} else if r.heard.changes[e.Change.ID] == nil && !r.continued(e.Change) {
				r.found(1, "the log of %s tells a change that nobody made: %+v", m.Tenant, e.Change)
			}
		}
	}
	raised := map[*asked]int{}
	for _, t := range r.heard.all() {
		n := told[t.change.ID]
		if t.fate == kept && n != 1 || t.fate == refused && n != 0 || n > 1 {
			r.found(1, "change %s (%s) was %s and is told %d times", t.change.ID, t.change.Cause, [...]string{"not answered", "refused", "kept"}[t.fate], n)
		}
		if t.by != nil && t.fate == kept {
			raised[t.by]++
		}
		if t.put != nil {
			_, err := r.look().Grains.Load(context.Background(), t.change.Memory, store.Ref{Hash: t.put.Hash})
			if stands := err == nil; stands != (n == 1) {
				r.found(1, "grain %s is in the store: %v (%v), its change is told %d times", t.put.Hash, stands, err, n)
			}
		}
	}
	for _, a := range r.calls {
		if a.answered && !a.existing && raised[a] != 1 {
			r.found(1, "an answered %s raised %d changes", a.op, raised[a])
		}
	}
}

// continued says whether a change can be of an erasure whose call ended before
// its answer: the cloud goes on with it by itself.
func (r *run) continued(c change.Change) bool {
	return (c.Cause == events.MemoryErased || c.Cause == events.Erased) && r.unanswered(c.Memory, seal.Pair{Person: c.UserID, Scope: cmp.Or(c.ScopePath, c.Namespace)})
}

// unanswered says whether a pair's erasure was asked for and not answered.
func (r *run) unanswered(m change.Memory, p seal.Pair) bool {
	for _, e := range r.erasures {
		if e.memory == m && e.answered.IsZero() && e.sel.Covers(p) {
			return true
		}
	}
	return false
}

// checkLineages: a lineage begins with one creation, its versions follow each
// other, at most one change ends it, and the store stands where the log ends.
func (r *run) checkLineages() {
	for _, m := range r.memories {
		at, ended := map[string]string{}, map[string]int{}
		for _, e := range r.log[m] {
			c := e.Change
			if c.Lineage == "" {
				continue
			}
			ok := at[c.Lineage] != "" && ended[c.Lineage] == 0
			switch c.Cause {
			case events.Created:
				ok = at[c.Lineage] == "" && c.Hash == c.Lineage
			case events.Superseded:
				ok = ok && c.Superseded == at[c.Lineage]
			default:
				ok = ok && c.Hash == at[c.Lineage]
				ended[c.Lineage]++
			}
			if !ok {
				r.found(4, "seq %d of %s tells %s of %s after %q, ended %d times", e.Seq, m.Tenant, c.Cause, c.Hash, at[c.Lineage], ended[c.Lineage])
			}
			at[c.Lineage] = c.Hash
		}
		for lineage, hash := range at {
			got, err := r.look().Grains.Load(context.Background(), m, store.Ref{Lineage: lineage})
			if err != nil || got.Hash != hash || (got.State == store.Gone) != (ended[lineage] == 1) {
				r.found(1, "the log of %s ends lineage %s at %s, %d times; the store has %s, state %d, %v", m.Tenant, lineage, hash, ended[lineage], got.Hash, got.State, err)
			}
		}
		for _, e := range r.erasures {
			for _, lineage := range e.lineages {
				if e.memory == m && !e.answered.IsZero() && ended[lineage] != 1 {
					r.found(1, "lineage %s was erased and ended %d times", lineage, ended[lineage])
				}
			}
		}
	}
}
