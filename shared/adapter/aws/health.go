package aws

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// Dead letters in a row are counted in their hook's place, at once. A success
// writes there only where the round knows of some before it: one that goes
// unnoticed is looked for before the hook is held.

// delivered notes a success.
func (t *target) delivered(at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lastGood = max(t.lastGood, at)
}

// died notes a dead letter that was counted.
func (t *target) died(at int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.deaths = append(t.deaths, at)
}

// succeeded ends a row of dead letters with the round's last success. Those of
// the round that came after it begin the next row.
func (r *round) succeeded(t *task) error {
	to := t.to
	to.mu.Lock()
	defer to.mu.Unlock()
	p := &to.place
	if to.hook == nil || p.dead == 0 || p.deadAt > to.lastGood {
		return nil
	}
	later := slices.DeleteFunc(slices.Sorted(slices.Values(to.deaths)), func(at int64) bool { return at <= to.lastGood })
	p.dead, p.deadAt = len(later), 0
	if len(later) > 0 {
		p.deadAt = later[0]
	}
	err := r.a.cfg.Main.Write(r.write, table.Op{
		Action: table.Update, Key: placeKey(t.memory(), t.Hook), Set: table.Row{placeDead: int64(p.dead), placeDeadAt: p.deadAt},
		If: []table.Clause{{Name: placeEpoch, Is: table.Equal, Value: p.epoch}},
	})
	if refused := new(table.ConditionError); err != nil && !errors.As(err, &refused) {
		return err
	}
	return nil
}

// count adds a dead letter to its hook's row of them, and turns the hook where
// it is one too many, or its receiver wants no more.
func (r *round) count(t *task, o *delivery.Outcome) error {
	_, p := t.to.now()
	if err := r.add(t, &p, o.At); err != nil {
		return fmt.Errorf("count dead letters of hook %s: %w", t.Hook, err)
	}
	t.to.died(o.At)
	for range hookTries {
		h, err := r.a.hookRow(r.write, t.memory(), t.Hook)
		if fault.KindOf(err) == fault.NotFound && err != nil {
			t.to.set(nil, place{})
			return nil
		}
		var now place
		if err == nil {
			now, err = r.a.place(r.write, t.memory(), t.Hook)
		}
		if err != nil {
			return err
		}
		t.to.set(&h, now)
		state := after(&h, &now, p.epoch, o, r.a.cfg.HoldAfter)
		if state == h.State {
			return nil
		}
		if state == hook.Held {
			if anew, err := r.startAnew(t, &now, o.At); anew || err != nil {
				return err
			}
		}
		if err := r.a.turn(r.write, h, state); err != nil && !errors.Is(err, errMoved) {
			return fmt.Errorf("turn hook %s %s: %w", h.ID, state, err)
		}
	}
	return nil
}

// add counts a dead letter as the first of a row or as one more, unless its
// epoch has ended.
func (r *round) add(t *task, p *place, at int64) error {
	same := table.Clause{Name: placeEpoch, Is: table.Equal, Value: p.epoch}
	first := table.Op{
		Action: table.Update, Key: placeKey(t.memory(), t.Hook), Set: table.Row{placeDead: int64(1), placeDeadAt: at, placeDeadFrom: p.done},
		If: []table.Clause{same, {Name: placeDead, Is: table.Equal, Value: int64(0)}},
	}
	more := table.Op{
		Action: table.Update, Key: first.Key, Add: map[string]int64{placeDead: 1},
		If: []table.Clause{same, {Name: placeDead, Is: table.NotEqual, Value: int64(0)}},
	}
	ops := []table.Op{first, more}
	if p.dead > 0 {
		slices.Reverse(ops)
	}
	for _, op := range ops {
		err := r.a.cfg.Main.Write(r.write, op)
		if refused := new(table.ConditionError); !errors.As(err, &refused) {
			return err
		}
	}
	return nil
}

// startAnew begins a hook's row of dead letters with the newest where something
// was delivered after the row's first.
func (r *round) startAnew(t *task, p *place, at int64) (bool, error) {
	t.to.mu.Lock()
	good := t.to.lastGood > p.deadAt
	t.to.mu.Unlock()
	if !good {
		var err error
		if good, err = r.a.deliveredSince(r.write, t.memory(), t.Hook, p); !good || err != nil {
			return false, err
		}
	}
	err := r.a.cfg.Main.Write(r.write, table.Op{
		Action: table.Update, Key: placeKey(t.memory(), t.Hook), Set: table.Row{placeDead: int64(1), placeDeadAt: at, placeDeadFrom: p.done},
		If: []table.Clause{{Name: placeEpoch, Is: table.Equal, Value: p.epoch}, {Name: placeDead, Is: table.Equal, Value: int64(p.dead)}},
	})
	if refused := new(table.ConditionError); err != nil && !errors.As(err, &refused) { // refused: others counted on, and look too
		return false, fmt.Errorf("count dead letters of hook %s anew: %w", t.Hook, err)
	}
	return true, nil
}

// deliveredSince says whether a hook was delivered anything after the first of
// the dead letters that its place counts.
func (a *Adapter) deliveredSince(ctx context.Context, m change.Memory, hookID string, p *place) (bool, error) {
	rows, err := a.others(ctx, m, hookID, p.floor, highestSeq)
	if err != nil {
		return false, err
	}
	for i := range rows {
		if rows[i].status == delivery.StatusDelivered && rows[i].lastAt > p.deadAt {
			return true, nil
		}
	}
	firsts, err := a.firsts(ctx, m, hookID, p.deadFrom, highestSeq)
	for _, s := range firsts {
		if s.At > p.deadAt {
			return true, nil
		}
	}
	return false, err
}

// after is the state of a hook after a dead letter of an epoch that its place
// has counted.
func after(h *hookRow, p *place, epoch int64, o *delivery.Outcome, holdAfter int) hook.State {
	switch {
	case o.Disable && h.epoch == epoch:
		return hook.Disabled
	case h.State == hook.Active && p.epoch == epoch && delivery.Health{Dead: p.dead - 1}.After(*o, holdAfter).Held:
		return hook.Held
	}
	return h.State
}
