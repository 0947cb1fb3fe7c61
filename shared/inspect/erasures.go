package inspect

import (
	"context"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// Erasures are a page of a memory's erasures, the newest first.
type Erasures struct {
	Entries  []feed.Entry
	LookedTo int64 // the lowest seq that was looked at
	Before   int64 // where the next page begins; 0 = there is nothing more to look at
}

// Erasures reads the erasures below a seq, 0 = all: from the log and, below its
// floor, from what outlives it. A page may hold none and still not be the last.
func (s *Service) Erasures(ctx context.Context, m change.Memory, before int64, limit int) (Erasures, error) {
	b, err := s.cfg.Log.Bounds(ctx, m)
	if err != nil {
		return Erasures{}, err
	}
	if before <= 0 || before > b.Head {
		before = b.Head + 1
	}
	var out Erasures
	collect := func(e *feed.Entry) (enough bool) {
		if e.Change.Cause == events.Erased {
			out.Entries = append(out.Entries, *e)
		}
		return len(out.Entries) == limit
	}
	from := before
	if out.LookedTo, err = s.back(ctx, m, b, before, looked, collect); err != nil {
		return Erasures{}, err
	}
	left := looked - (from - out.LookedTo)
	if out.LookedTo <= b.Floor && len(out.Entries) < limit {
		if out.LookedTo, err = s.keptBack(ctx, m, out.LookedTo, left, collect); err != nil {
			return Erasures{}, err
		}
	}
	if out.LookedTo > 1 {
		out.Before = out.LookedTo
	}
	return out, nil
}

// Erasure finds one erasure by its event's id or its seq.
func (s *Service) Erasure(ctx context.Context, m change.Memory, ref string) (feed.Entry, error) {
	e, err := s.Event(ctx, m, ref)
	if err == nil && e.Change.Cause != events.Erased {
		err = fault.New(fault.NotFound, "%s is no erasure: GET …/erasures lists those", e.Change.EventID())
	}
	return e, err
}

// Told is a hook whose receiver had been sent content of what was erased.
type Told struct {
	Hook      hook.Hook
	Delivered int   // events, among those that were looked at
	LastAt    int64 // when the last of them arrived, epoch milliseconds
}

// Recipients say who had been told about what an erasure took.
type Recipients struct {
	Told       []Told // in the order of the hooks' making
	LookedFrom int64  // the lowest seq of the log that was looked at
	Truncated  bool   // there were more deliveries than are looked up
}

// checked bounds how many deliveries are looked up for one erasure, and resent
// how many repetitions of each.
const (
	checked = 200
	resent  = 5
)

// Recipients looks through the log before an erasure for what was written of the
// person or scope that it took, and finds out which hooks were delivered those
// events. A notice that something ended tells a receiver nothing of anybody. A hook that was deleted since is not known any more; of one that is
// polled nobody knows who read.
func (s *Service) Recipients(ctx context.Context, erased feed.Entry) (Recipients, error) {
	m := erased.Change.Memory
	b, err := s.cfg.Log.Bounds(ctx, m)
	if err != nil {
		return Recipients{}, err
	}
	hooks, err := s.cfg.Hooks.List(ctx, m)
	if err != nil {
		return Recipients{}, err
	}
	taken := seal.Selector{Person: erased.Change.UserID, Scope: erased.Change.ScopePath}
	saw := map[string][]int64{} // by hook: seqs, the newest first
	var out Recipients
	out.LookedFrom, err = s.back(ctx, m, b, erased.Seq, looked, func(e *feed.Entry) bool {
		if toldOf(taken, &e.Change) {
			for _, match := range e.Matches {
				saw[match.Hook] = append(saw[match.Hook], e.Seq)
			}
		}
		return false
	})
	if err != nil {
		return Recipients{}, err
	}
	asked := pick(hooks, saw)
	if len(asked) > checked {
		asked, out.Truncated = asked[:checked], true
	}
	arrived := make([]int64, len(asked))
	err = side(len(asked), func(i int) (err error) {
		arrived[i], err = s.arrived(ctx, m, hooks[asked[i].hook].ID, asked[i].seq)
		return err
	})
	told := make([]Told, len(hooks))
	for i, at := range arrived {
		if t := &told[asked[i].hook]; at > 0 {
			t.Delivered++
			t.LastAt = max(t.LastAt, at)
		}
	}
	for i, t := range told {
		if t.Hook = hooks[i]; t.Delivered > 0 {
			out.Told = append(out.Told, t)
		}
	}
	return out, err
}

// question is whether an event arrived at a hook, by its place in the list.
type question struct {
	hook int
	seq  int64
}

// pick orders what is to be asked: of each hook the newest event, then of each
// the one before, so that no hook is left out for another's many.
func pick(hooks []hook.Hook, saw map[string][]int64) []question {
	var all []question
	for n, more := 0, true; more; n++ {
		more = false
		for i, h := range hooks {
			if seqs := saw[h.ID]; h.Mode == hook.Webhook && n < len(seqs) {
				all = append(all, question{i, seqs[n]})
				more = true
			}
		}
	}
	return all
}

// arrived is when an event was delivered to a hook, 0 where it was not.
func (s *Service) arrived(ctx context.Context, m change.Memory, hookID string, seq int64) (int64, error) {
	for n := range resent {
		r, err := s.cfg.Ledger.Find(ctx, m, hookID, seq, n)
		switch {
		case fault.KindOf(err) == fault.NotFound:
			return 0, nil
		case err != nil:
			return 0, err
		case r.Status == delivery.StatusDelivered:
			return r.LastAt, nil
		}
	}
	return 0, nil
}

// toldOf says whether a change told content of what an erasure took.
func toldOf(taken seal.Selector, c *change.Change) bool {
	of := store.Stored{Person: c.UserID, ScopePath: c.ScopePath, Namespace: c.Namespace}
	return (c.Cause == events.Created || c.Cause == events.Superseded) && taken.Covers(seal.Pair{Person: of.Person, Scope: of.Scope()})
}
