package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// hooks is the port hook.Store, and hook.Remover.
type hooks struct{ a *Adapter }

// The attributes of a hook's row. The row tells when its epoch rises.
const (
	hookID      = "id"
	hookText    = "x" // hook.Encode
	hookVersion = "v"
	hookState   = "s"
	hookEpoch   = "e"
	hookOrder   = "o" // of making; equal for two that were made at once
	hookPut     = "i" // drawn for each put, by which its writer knows it again
)

// hookTries is how often a put meets a hook whose epoch rose meanwhile.
const hookTries = 8

// hookRow is a hook as it is stored. Its epoch rises when it turns active, when
// it skips to the head and when upkeep restarts its line: jobs of an older
// epoch end unsent.
type hookRow struct {
	hook.Hook
	epoch int64
	order int64
}

func readHook(m change.Memory, row table.Row) (hookRow, error) {
	h := hookRow{epoch: row.Number(hookEpoch), order: row.Number(hookOrder)}
	h.ID, h.Memory = row.Text(hookID), m
	h.State, h.Version = hook.State(row.Text(hookState)), int(row.Number(hookVersion))
	return h, hook.Decode([]byte(row.Text(hookText)), &h.Hook)
}

// unmoved are the conditions that a hook's row is the one that was read.
func (h *hookRow) unmoved() []table.Clause {
	return []table.Clause{
		{Name: hookVersion, Is: table.Equal, Value: int64(h.Version)}, {Name: hookEpoch, Is: table.Equal, Value: h.epoch},
	}
}

// hookRow reads one hook, fault.NotFound where it is not there.
func (a *Adapter) hookRow(ctx context.Context, m change.Memory, id string) (hookRow, error) {
	rows, err := a.cfg.Main.Get(ctx, hookKey(m, id))
	if err != nil {
		return hookRow{}, fmt.Errorf("read hook %s: %w", id, err)
	}
	if rows[0] == nil {
		return hookRow{}, noHook(id)
	}
	return readHook(m, rows[0])
}

func noHook(id string) error { return fault.New(fault.NotFound, "there is no hook %q", id) }

// hookRows reads all hooks of a memory, in the order of their making.
func (a *Adapter) hookRows(ctx context.Context, m change.Memory) ([]hookRow, error) {
	var all []hookRow
	from, to := table.Prefix(sortHook)
	err := a.eachRow(ctx, table.Query{Part: part(m), From: from, To: to}, func(f table.Found) error {
		h, err := readHook(m, f.Row)
		all = append(all, h)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the hooks of memory %s: %w", m.ID, err)
	}
	slices.SortFunc(all, func(a, b hookRow) int { return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(a.ID, b.ID)) })
	return all, nil
}

// eachRow calls each with all rows of a query of the main table, page by page.
func (a *Adapter) eachRow(ctx context.Context, q table.Query, each func(table.Found) error) error {
	for {
		page, err := a.cfg.Main.Query(ctx, q)
		if err != nil {
			return err
		}
		for _, f := range page.Rows {
			if err := each(f); err != nil {
				return err
			}
			q.After = f.Sort
		}
		if !page.More || len(page.Rows) == 0 {
			return nil
		}
	}
}

// Get is the port's.
func (s hooks) Get(ctx context.Context, m change.Memory, id string) (hook.Hook, error) {
	h, err := s.a.hookRow(ctx, m, id)
	return h.Hook, err
}

// List is the port's.
func (s hooks) List(ctx context.Context, m change.Memory) ([]hook.Hook, error) {
	rows, err := s.a.hookRows(ctx, m)
	if err == nil && len(rows) == 0 {
		err = s.a.mustBeThere(ctx, m)
	}
	all := make([]hook.Hook, len(rows))
	for i, h := range rows {
		all[i] = h.Hook
	}
	return all, err
}

// Remove is the port's. What is in line for the hook ends when it is received.
func (s hooks) Remove(ctx context.Context, m change.Memory, id string) error {
	if err := s.a.cfg.Main.Write(ctx, table.Op{Action: table.Delete, Key: hookKey(m, id)}); err != nil {
		return fmt.Errorf("delete hook %s: %w", id, err)
	}
	return s.a.empty(ctx, s.a.cfg.Main, hookPart(m, id), "")
}

// Put is the port's. A new hook's Since is the head at this moment.
func (s hooks) Put(ctx context.Context, h hook.Hook) (hook.Hook, error) {
	for range hookTries {
		rows, err := s.a.cfg.Main.Get(ctx, hookKey(h.Memory, h.ID))
		if err != nil {
			return h, fmt.Errorf("read hook %s: %w", h.ID, err)
		}
		switch {
		case rows[0] == nil && h.Version != 0:
			return h, fault.New(fault.Conflict, "hook %q was deleted meanwhile", h.ID)
		case rows[0] == nil:
			return s.create(ctx, h)
		case rows[0].Number(hookVersion) != int64(h.Version):
			return h, errHookMoved(h.ID)
		}
		old, err := readHook(h.Memory, rows[0])
		if err != nil {
			return h, err
		}
		put, moved, err := s.replace(ctx, old, h)
		if !moved {
			return put, err
		}
	}
	return h, fault.New(fault.Unavailable, "too many callers change hook %q at once: try again", h.ID)
}

func errHookMoved(id string) error {
	return fault.New(fault.Conflict, "hook %q was changed meanwhile: read it again", id)
}

// create makes a hook and its place in one step, in a memory that is there.
func (s hooks) create(ctx context.Context, h hook.Hook) (hook.Hook, error) {
	others, err := s.a.hookRows(ctx, h.Memory)
	if err != nil {
		return h, err
	}
	made := hookRow{Hook: h, epoch: 1, order: 1}
	if n := len(others); n > 0 {
		made.order = others[n-1].order + 1
	}
	head, err := s.a.lastChunk(ctx, h.Memory)
	if err != nil {
		return h, err
	}
	made.Since, made.Version = head.last(), 1
	row, err := s.row(made)
	if err != nil {
		return h, err
	}
	err = s.a.cfg.Main.Write(ctx,
		table.Op{Action: table.Put, Key: hookKey(h.Memory, h.ID), Set: row, If: table.Absent},
		table.Op{Action: table.Check, Key: memoryKey(h.Memory), If: table.Present},
		table.Op{Action: table.Put, Key: placeKey(h.Memory, h.ID), Set: table.Row{
			placeEpoch: made.epoch, placeLine: made.Since, placeDone: made.Since + 1, placeRaised: s.a.cfg.Now().UnixMilli(),
			placeDead: int64(0),
		}},
	)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused) && refused.At == 0:
		return h, errHookMoved(h.ID)
	case errors.As(err, &refused):
		return h, fault.New(fault.NotFound, "there is no memory %q: make it first", h.Memory.ID)
	case err != nil:
		return h, fmt.Errorf("make hook %s: %w", h.ID, err)
	}
	return made.Hook, nil
}

// replace puts a hook over the one that was read; moved says that the stored
// one was not that any more. One that turns active begins an epoch.
func (s hooks) replace(ctx context.Context, old hookRow, h hook.Hook) (put hook.Hook, moved bool, err error) {
	h.Since, h.CreatedAt = old.Since, old.CreatedAt
	h.Version++
	next := hookRow{Hook: h, epoch: old.epoch, order: old.order}
	row, err := s.row(next)
	if err != nil {
		return h, false, err
	}
	if h.State == hook.Active && old.State != hook.Active {
		p, err := s.a.place(ctx, h.Memory, h.ID)
		if err == nil {
			err = s.a.raise(ctx, old, row, p.done-1)
		}
		return h, errors.Is(err, errMoved), err
	}
	err = s.a.cfg.Main.Write(ctx, table.Op{Action: table.Update, Key: hookKey(h.Memory, h.ID), Set: row, If: old.unmoved()})
	var refused *table.ConditionError
	if errors.As(err, &refused) {
		ours := refused.Row.Text(hookPut) == row.Text(hookPut) // the answer to it was lost
		return h, !ours, nil
	}
	return h, false, err
}

// row is what of a hook an update sets.
func (s hooks) row(h hookRow) (table.Row, error) {
	text, err := hook.Encode(&h.Hook)
	return table.Row{
		hookID: h.ID, hookText: text, hookVersion: int64(h.Version), hookState: string(h.State), hookEpoch: h.epoch, hookOrder: h.order,
		hookPut: change.NewDraw(s.a.cfg.Now()).ID(),
	}, err
}

// turn puts a hook in the state that its deliveries led to, where it is the one
// that was read.
func (a *Adapter) turn(ctx context.Context, h hookRow, to hook.State) error {
	err := a.cfg.Main.Write(ctx, table.Op{
		Action: table.Update, Key: hookKey(h.Memory, h.ID), If: h.unmoved(),
		Set: table.Row{hookState: string(to), hookVersion: int64(h.Version) + 1},
	})
	var refused *table.ConditionError
	if errors.As(err, &refused) {
		return errMoved
	}
	return err
}
