package embedded

import (
	"maps"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// draft is one memory as it stands inside a transaction. What is changed here
// reaches the room after the commit. row.n is 0 where there is no such memory.
type draft struct {
	room       *room
	row        memoryRow
	hooks      hookList
	seen       map[string]int64 // the room's, before what is raised here
	hooksMoved bool
	removed    bool
	items      []fanout.Item    // raised, in order
	counts     map[int64]counts // what each shelf's counts change by
	entries    []feed.Entry     // planned from the items when the transaction ends
	saw        map[string]told  // by hook id: what these entries tell it
}

// draft returns a memory's draft. The first call of a transaction for a memory
// comes before anything of that memory is changed.
func (t *tx) draft(m change.Memory) (*draft, error) {
	if in := t.drafts[m]; in != nil {
		return in, nil
	}
	in := &draft{room: t.d.rooms.peek(m)}
	if r := in.room; r != nil {
		in.row, in.hooks, in.seen = r.row, r.hooks, r.seen
	} else {
		in.room = &room{woken: make(chan struct{})}
		if err := t.load(in, m); err != nil {
			return nil, err
		}
	}
	t.drafts[m] = in
	t.order = append(t.order, in)
	return in, nil
}

// existing is draft of a memory that has to be there.
func (t *tx) existing(m change.Memory) (*draft, error) {
	in, err := t.draft(m)
	if err == nil && in.row.n == 0 {
		return nil, noMemory(m)
	}
	return in, err
}

// draftN is draft by the memory's row number; nil where there is none.
func (t *tx) draftN(n int64) (*draft, error) {
	if r := t.d.rooms.peekN(n); r != nil {
		return t.draft(r.row.Memory)
	}
	var m change.Memory
	found, err := t.row("SELECT tenant, id FROM memory WHERE n=?", []any{n}, &m.Tenant, &m.ID)
	if err != nil || !found {
		return nil, err
	}
	return t.draft(m)
}

func noMemory(m change.Memory) error {
	return fault.New(fault.NotFound, "there is no memory %q: make it first", m.ID)
}

// load reads a memory, its hooks and their heads.
func (t *tx) load(in *draft, m change.Memory) error {
	row, err := t.memoryRow(m)
	if err != nil || row.n == 0 {
		return err
	}
	in.row = row
	in.seen = make(map[string]int64)
	var rows []*hookRow
	err = t.rows(`SELECT h.n, h.id, h.data, h.version, h.state, coalesce(s.last_seq, 0)
		FROM hook h LEFT JOIN hookhead s ON s.hook = h.n WHERE h.memory=? ORDER BY h.n`, []any{row.n},
		func(scan func(...any) error) error {
			h, seen, err := scanHook(scan, row)
			if err != nil {
				return err
			}
			rows = append(rows, h)
			in.seen[h.ID] = seen
			return nil
		})
	in.hooks = listOf(rows)
	return err
}

// head is the seq of the newest change, those raised in this transaction too.
func (in *draft) head() int64 { return in.row.head + int64(len(in.items)) }

// setHooks replaces the list of hooks.
func (in *draft) setHooks(hooks []*hookRow) {
	in.hooks, in.hooksMoved = listOf(hooks), true
	seen := make(map[string]int64, len(hooks))
	for _, h := range hooks {
		seen[h.ID] = in.seen[h.ID]
	}
	in.seen = seen
}

// settle stores what a draft has collected: the counts, and the log entries of
// the raised changes with the hooks that see them.
func (t *tx) settle(in *draft) error {
	if in.removed {
		return nil
	}
	if err := t.storeCounts(in); err != nil || len(in.items) == 0 {
		return err
	}
	entries := fanout.Plan(in.items, fanout.Head{Seq: in.row.head, Seen: in.seen}, in.hooks.set)
	saw := make(map[string]told)
	for i := range entries {
		if err := t.storeEntry(in, &entries[i]); err != nil {
			return err
		}
		for _, m := range entries[i].Matches {
			saw[m.Hook] = told{entries[i].Seq, saw[m.Hook].matched + 1}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(saw)) {
		if _, err := t.exec("UPDATE hookhead SET last_seq=?, matched=matched+? WHERE hook=?",
			saw[id].last, saw[id].matched, in.hooks.byID[id].n); err != nil {
			return err
		}
	}
	head := in.head()
	if _, err := t.exec("UPDATE memory SET head=? WHERE n=?", head, in.row.n); err != nil {
		return err
	}
	in.row.head, in.saw, in.entries = head, saw, entries
	t.told = append(t.told, news{in.row, entries})
	return nil
}

// told is the newest seq that a hook sees of some entries, and of how many.
type told struct {
	last    int64
	matched int
}

// fork copies what a failed step must not leave behind.
func (in *draft) fork() draft {
	was := *in
	was.counts = maps.Clone(in.counts)
	was.items = slices.Clip(in.items)
	return was
}
