package embedded

import (
	"cmp"
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook"
)

// hookList is a memory's hooks, in the order of their making, which is that of
// their numbers. It is replaced, never changed.
type hookList struct {
	rows []*hookRow
	set  hook.Set // the same, as plans take them
	byID map[string]*hookRow
}

func listOf(rows []*hookRow) hookList {
	plain, byID := make([]hook.Hook, len(rows)), make(map[string]*hookRow, len(rows))
	for i, h := range rows {
		plain[i], byID[h.ID] = h.Hook, h
	}
	return hookList{rows, hook.NewSet(plain), byID}
}

// byN finds a hook by its row number, nil where there is none.
func (l *hookList) byN(n int64) *hookRow {
	i, found := slices.BinarySearchFunc(l.rows, n, func(h *hookRow, n int64) int { return cmp.Compare(h.n, n) })
	if !found {
		return nil
	}
	return l.rows[i]
}

// hookByID returns a hook, nil where there is none.
func (d *db) hookByID(ctx context.Context, m change.Memory, id string) (*hookRow, error) {
	r, err := d.room(ctx, m)
	if err != nil || r == nil {
		return nil, err
	}
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.hooks.byID[id], nil
}

// hookByN returns a hook by its row number, nil where there is none (any more).
func (d *db) hookByN(ctx context.Context, n int64) (*hookRow, error) {
	d.rooms.mu.RLock()
	r := d.rooms.hookAt[n]
	d.rooms.mu.RUnlock()
	if r == nil {
		var m change.Memory
		found, err := d.row("SELECT m.tenant, m.id FROM hook h JOIN memory m ON m.n = h.memory WHERE h.n=?", []any{n}, &m.Tenant, &m.ID)
		if err != nil || !found {
			return nil, err
		}
		if r, err = d.room(ctx, m); err != nil || r == nil {
			return nil, err
		}
	}
	return r.hook(n), nil
}

// hook returns a hook by its row number, nil where there is none.
func (r *room) hook(n int64) *hookRow {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.hooks.byN(n)
}

// hookDraft returns a hook as it stands in the transaction and the draft of
// its memory; nil where there is none.
func (t *tx) hookDraft(n int64) (*draft, *hookRow, error) {
	var memory int64
	found, err := t.row("SELECT memory FROM hook WHERE n=?", []any{n}, &memory)
	if err != nil || !found {
		return nil, nil, err
	}
	in, err := t.draftN(memory)
	if err != nil || in == nil {
		return nil, nil, err
	}
	if h := in.hooks.byN(n); h != nil {
		return in, h, nil
	}
	return nil, nil, nil
}

// setHookState puts a hook in another state. It counts as a put, so that a
// caller who read the hook before meets a conflict. A hook that is not there
// is no error.
func (t *tx) setHookState(n int64, state hook.State) error {
	in, h, err := t.hookDraft(n)
	if err != nil || h == nil || h.State == state {
		return err
	}
	next := h.Hook
	next.State = state
	_, err = t.putHook(in, next)
	return err
}
