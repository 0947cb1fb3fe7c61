// Package fanout turns committed changes into log entries and says which hooks
// see each. Planning is pure, so it can be simulated, repeated, and run inside
// the very transaction that commits the changes.
package fanout

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// Item is a change and, while it is at hand, the content that filters see.
type Item struct {
	Change change.Change
	View   change.View
	// Committed is when the change was committed, epoch milliseconds, where the
	// log learns of a change after its commit; 0 where both are one step.
	Committed int64
}

// apart is how far the clocks of one cloud may differ, in milliseconds. Within
// it a change is told to a new hook rather than not.
const apart = 1000

// Head is where a memory's log stands: the newest seq, and for each hook the
// newest seq that it sees.
type Head struct {
	Seq  int64
	Seen map[string]int64
}

// Viewer opens what filters see of a stored grain, nil where nobody can read
// it any more.
type Viewer func(ctx context.Context, m change.Memory, s store.Stored) (change.View, error)

// Plan gives each change of one memory its seq and its hooks, in the order of
// the items. The head is read, not changed: what it becomes, the entries say. A
// hook sees a change unless its dialect has no name for it, its settings
// exclude it, or the change was committed before the hook existed.
func Plan(items []Item, head Head, hooks hook.Set) []feed.Entry {
	seen := make(map[string]int64) // what the head does not know yet
	entries := make([]feed.Entry, len(items))
	for i := range items {
		it, e := &items[i], &entries[i]
		e.Seq, e.Change = head.Seq+int64(i)+1, it.Change
		fields := hook.Fields(&it.Change, it.View)
		hooks.Wanting(&it.Change, fields, func(h *hook.Hook) {
			if e.Seq <= h.Since || it.before(h) || !dialect.Has(h.Dialect, it.Change.Cause) {
				return
			}
			prev, again := seen[h.ID]
			if !again {
				prev = head.Seen[h.ID]
			}
			e.Matches = append(e.Matches, feed.Match{Hook: h.ID, Prev: prev})
			seen[h.ID] = e.Seq
		})
	}
	return entries
}

// before says whether a change was committed when a hook did not exist yet.
func (it *Item) before(h *hook.Hook) bool {
	return it.Committed != 0 && it.Committed+apart < h.CreatedAt
}
