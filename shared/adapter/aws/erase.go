package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// eraser is the port store.Eraser.
type eraser struct{ a *Adapter }

// answerTime is kept back of a caller's deadline to answer in.
const answerTime = 4 * time.Second

// Erase is the port's. It goes through the stages of a fence, each noted before
// the next begins, so that whoever repeats the call goes on where it stopped:
// raised, and the pause in which every process stops to use the keys; proven;
// destroyed; told, when the grains under the keys are counted; and then they
// are taken away. The keys come first, because finding what they sealed reads
// the whole memory.
//
// The fence only keeps keys of covered pairs from use. A grain that is written
// meanwhile under another key stays, as one that was written after it; but not
// where the call goes on with an earlier one that had destroyed its keys by
// then: what was written between the two is erased after it.
func (s eraser) Erase(ctx context.Context, m change.Memory, sel seal.Selector, plan store.ErasePlan) (change.Change, error) {
	if err := sel.Validate(); err != nil {
		return change.Change{}, err
	}
	if err := s.a.mustBeThere(ctx, m); err != nil {
		return change.Change{}, err
	}
	inTime, cancel := ctx, context.CancelFunc(func() {})
	if end, limited := ctx.Deadline(); limited {
		inTime, cancel = context.WithDeadline(ctx, end.Add(-answerTime))
	}
	defer cancel()
	e := &erasure{a: s.a, m: m, sel: sel, plan: plan}
	err := e.run(inTime)
	if err == nil && e.late {
		again := &erasure{a: s.a, m: m, sel: sel, plan: plan}
		if err = again.run(inTime); err != nil || again.told.ID != "" {
			e = again
		}
	}
	if err != nil && inTime.Err() != nil && ctx.Err() == nil {
		err = e.unfinished(err)
	}
	return e.told, err
}

// erasure is one call's work on an erasure.
type erasure struct {
	a      *Adapter
	m      change.Memory
	sel    seal.Selector
	plan   store.ErasePlan
	upkeep bool // nobody waits: what was told is kept

	fence fence
	text  string           // the fence as it is stored; "" = there is none
	keys  []seal.KeyRecord // that this call has proven
	told  change.Change    // the answer, as far as it is known
	doom  *doom
	over  bool
	late  bool // it was found with its keys destroyed: what was written since is not covered by it
}

func (e *erasure) run(ctx context.Context) error {
	err := e.load(ctx)
	e.late = e.fence.Stage == stageDestroyed || e.fence.Stage == stageTold
	for err == nil && !e.over {
		if e.upkeep && !e.fence.certain() {
			return nil
		}
		switch e.fence.Stage {
		case stageRaised:
			err = e.prove(ctx)
		case stageProven:
			err = e.destroy(ctx)
		case stageDestroyed:
			err = e.tell(ctx)
		case stageTold:
			err = e.sweep(ctx)
		default:
			err = e.begin(ctx)
		}
		if errors.Is(err, errContinued) {
			err = e.load(ctx)
		}
	}
	return err
}

// unfinished says what an erasure has come to whose time is over.
func (e *erasure) unfinished(err error) error {
	if e.fence.certain() && e.fence.Stage != stageProven {
		return fmt.Errorf("%w: %w", seal.ErrContinuing, err)
	}
	return fault.Wrap(fault.Unavailable, err, "the keys could not be destroyed in time: repeat the request")
}

func (e *erasure) now() time.Time { return e.a.cfg.Now() }

// begin raises the fence, or ends at once where there is nothing to erase.
func (e *erasure) begin(ctx context.Context) error {
	keys, err := e.covered(ctx)
	if err != nil {
		return err
	}
	if err := e.makeWay(ctx, len(keys) > 0); err != nil {
		return err
	}
	if len(keys) > 0 {
		return e.move(ctx, fence{Stage: stageRaised, At: e.now().UnixMilli()})
	}
	changes, err := e.plan(nil, nil)
	if err != nil {
		return err
	}
	if e.told.ID == "" {
		e.told = change.Change(e.fence.Told) // upkeep's
	}
	if len(changes) > 0 {
		e.told = changes[0]
		if err := e.mark(ctx, e.told); err != nil {
			return err
		}
	}
	e.over = true
	if e.text == "" {
		return nil
	}
	return e.move(ctx, fence{})
}

// prove waits until no process uses the keys any more and asks the plan for its
// proof of them. What fails here leaves everything as it was.
func (e *erasure) prove(ctx context.Context) error {
	if e.fence.age(e.now()) >= fenceUse {
		return e.move(ctx, fence{Stage: stageRaised, At: e.now().UnixMilli()})
	}
	err := e.proof(ctx)
	if err == nil || errors.Is(err, errContinued) {
		return err
	}
	lower, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerTime/2)
	defer cancel()
	if failed := e.move(lower, fence{}); failed != nil && !errors.Is(failed, errContinued) {
		return errors.Join(err, failed)
	}
	return err
}

func (e *erasure) proof(ctx context.Context) error {
	if err := e.a.cfg.Pause(ctx, fencePause); err != nil {
		return fmt.Errorf("wait until no process uses the keys: %w", err)
	}
	keys, err := e.covered(ctx)
	if err != nil {
		return err
	}
	if len(keys) == 0 { // another erasure took them
		return e.move(ctx, fence{})
	}
	changes, err := e.plan(keys, nil)
	if err != nil {
		return err
	}
	if e.fence.age(e.now()) >= fenceUse {
		return nil // proven too late: the fence is raised again
	}
	next := fence{Stage: stageProven, At: e.fence.At}
	if len(changes) > 0 {
		next.Told = noted(changes[0])
	}
	e.keys = keys
	return e.move(ctx, next)
}

// pairs are the rows of the pairs that the selector covers.
func (e *erasure) pairs(ctx context.Context) ([]table.Found, error) {
	q := table.Query{Part: part(e.m)}
	q.From, q.To = table.Prefix(sortPair)
	if e.sel.Person != "" {
		q.From, q.To = table.Prefix(pairsOf(e.sel.Person))
	}
	var all []table.Found
	err := eachPage(ctx, e.a.cfg.Keys, q, func(rows []table.Found) (bool, error) {
		for _, f := range rows {
			if e.sel.Covers(pairIn(f.Row)) {
				all = append(all, f)
			}
		}
		return true, nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the keys to erase: %w", err)
	}
	return all, nil
}

// covered are the live keys that the selector covers, by their ids.
func (e *erasure) covered(ctx context.Context) ([]seal.KeyRecord, error) {
	pairs, err := e.pairs(ctx)
	if err != nil {
		return nil, err
	}
	var ids []string
	var at []table.Key
	for _, f := range pairs {
		for _, id := range strings.Fields(f.Row.Text(pairLive)) {
			ids, at = append(ids, id), append(at, keyKey(e.m, id))
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := e.a.cfg.Keys.Get(ctx, at...)
	if err != nil {
		return nil, fmt.Errorf("read the keys to erase: %w", err)
	}
	keys := make([]seal.KeyRecord, 0, len(ids))
	for i, row := range rows {
		if k := keyOf(ids[i], row); k.State == seal.Live {
			keys = append(keys, k)
		}
	}
	slices.SortFunc(keys, func(a, b seal.KeyRecord) int { return strings.Compare(a.ID, b.ID) })
	return keys, nil
}

// destroy ends all keys that the selector covers. A pair's row is written last,
// so that a repetition finds what is left.
func (e *erasure) destroy(ctx context.Context) error {
	for range keyTries {
		pairs, err := e.pairs(ctx)
		if err != nil {
			return err
		}
		pairs = slices.DeleteFunc(pairs, func(f table.Found) bool { return f.Row.Text(pairLive) == "" })
		if len(pairs) == 0 {
			next := e.fence
			next.Stage = stageDestroyed
			return e.move(ctx, next)
		}
		err = abreast(ctx, len(pairs), eraseWidth, func(ctx context.Context, i int) error { return e.destroyPair(ctx, pairs[i]) })
		if err != nil {
			return fmt.Errorf("destroy keys: %w", err)
		}
	}
	return errClosed()
}

func (e *erasure) destroyPair(ctx context.Context, f table.Found) error {
	live := f.Row.Text(pairLive)
	for _, id := range strings.Fields(live) {
		err := e.a.cfg.Keys.Write(ctx, table.Op{
			Action: table.Update, Key: keyKey(e.m, id), Set: table.Row{keyState: string(seal.Destroyed)}, Remove: []string{keyWrapped}, If: table.Present,
		})
		if err != nil {
			return err
		}
		e.a.doubt(belief{e.m, id})
	}
	return unless(ctx, e.a.cfg.Keys, table.Op{ // refused: a key was made beside it, and is destroyed next
		Action: table.Update, Key: f.Key, Set: table.Row{pairGone: strings.TrimSpace(f.Row.Text(pairGone) + " " + live)},
		Remove: []string{pairLive, keyState, keyCell, keyWrapped, keyCreated}, If: stillLive(f.Row),
	})
}

// tell decides what is told: by the plan's last word, or where an earlier call
// proved the keys, by what was proven then.
func (e *erasure) tell(ctx context.Context) error {
	e.told = change.Change(e.fence.Told)
	if err := e.find(ctx); err != nil {
		return err
	}
	next := e.fence
	next.Stage, next.Told.Count = stageTold, len(e.doom.current)
	if len(e.keys) > 0 && len(e.doom.changes) > 0 {
		next.Told = noted(e.doom.changes[0])
	}
	e.told = change.Change(next.Told)
	return e.move(ctx, next)
}
