package embedded

import (
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

// hooks is the port hook.Store, and hook.Remover.
type hooks struct{ d *db }

// scanHook reads a row of n, id, data, version, state and the newest seq seen.
func scanHook(scan func(...any) error, in memoryRow) (*hookRow, int64, error) {
	row := &hookRow{memory: in.n, Hook: hook.Hook{Memory: in.Memory}}
	var seen int64
	var raw []byte
	if err := scan(&row.n, &row.ID, &raw, &row.Version, &row.State, &seen); err != nil {
		return nil, 0, err
	}
	if err := hook.Decode(raw, &row.Hook); err != nil {
		return nil, 0, err
	}
	return row, seen, nil
}

// Put is the port's. A new hook's Since is the head at this moment.
func (s hooks) Put(ctx context.Context, h hook.Hook) (hook.Hook, error) {
	var stored hook.Hook
	err := s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.existing(h.Memory)
		if err != nil {
			return err
		}
		stored, err = t.putHook(in, h)
		return err
	})
	return stored, err
}

// Get is the port's.
func (s hooks) Get(ctx context.Context, m change.Memory, id string) (hook.Hook, error) {
	h, err := s.d.hookByID(ctx, m, id)
	if err != nil {
		return hook.Hook{}, err
	}
	if h != nil {
		return h.Hook, nil
	}
	return hook.Hook{}, fault.New(fault.NotFound, "there is no hook %q", id)
}

// List is the port's.
func (s hooks) List(ctx context.Context, m change.Memory) ([]hook.Hook, error) {
	r, err := s.d.room(ctx, m)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, noMemory(m)
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return slices.Clone(r.hooks.set.All()), nil
}

// Remove is the port hook.Remover.
func (s hooks) Remove(ctx context.Context, m change.Memory, id string) error {
	return s.d.writer.do(ctx, func(t *tx) error {
		in, err := t.draft(m)
		if err != nil {
			return err
		}
		h := in.hooks.byID[id]
		if h == nil {
			return nil
		}
		var rest []*hookRow
		for _, other := range in.hooks.rows {
			if other != h {
				rest = append(rest, other)
			}
		}
		if err := t.d.dropHook(t, h.n); err != nil {
			return err
		}
		for _, query := range [...]string{
			"DELETE FROM consumer WHERE hook=?", "DELETE FROM hookhead WHERE hook=?", "DELETE FROM hook WHERE n=?",
		} {
			if _, err := t.exec(query, h.n); err != nil {
				return err
			}
		}
		in.setHooks(rest)
		return nil
	})
}

// putHook stores a hook whose Version says what it replaces: the stored
// version, which the answer is one above.
func (t *tx) putHook(in *draft, h hook.Hook) (hook.Hook, error) {
	old := in.hooks.byID[h.ID]
	switch {
	case old == nil && h.Version != 0:
		return h, fault.New(fault.Conflict, "hook %q was deleted meanwhile", h.ID)
	case old != nil && h.Version != old.Version:
		return h, fault.New(fault.Conflict, "hook %q was changed meanwhile: read it again", h.ID)
	}
	h.Version++
	if old == nil {
		h.Since = in.head()
	} else {
		h.Since, h.CreatedAt = old.Since, old.CreatedAt
	}
	data, err := hook.Encode(&h)
	if err != nil {
		return h, err
	}
	if old != nil && old.State != hook.Active && h.State == hook.Active { // its row of dead letters ends
		if _, err := t.exec("UPDATE place SET dead=0 WHERE hook=?", old.n); err != nil {
			return h, err
		}
	}
	if old != nil {
		return h, t.replaceHook(in, &hookRow{old.n, in.row.n, h}, data)
	}
	n, err := t.insert("INSERT INTO hook (memory, id, data, version, state) VALUES (?,?,?,?,?)",
		in.row.n, h.ID, data, h.Version, string(h.State))
	if err == nil {
		_, err = t.exec("INSERT INTO hookhead VALUES (?,0,0)", n)
	}
	if err == nil {
		made := &hookRow{n, in.row.n, h}
		in.setHooks(append(slices.Clip(in.hooks.rows), made))
		t.after(func() { t.d.hookMoved(made) })
	}
	return h, err
}

func (t *tx) replaceHook(in *draft, h *hookRow, data string) error {
	if _, err := t.exec("UPDATE hook SET data=?, version=?, state=? WHERE n=?", data, h.Version, string(h.State), h.n); err != nil {
		return err
	}
	list := slices.Clone(in.hooks.rows)
	for i := range list {
		if list[i].n == h.n {
			list[i] = h
		}
	}
	in.setHooks(list)
	t.after(func() { t.d.hookMoved(h) })
	return nil
}
