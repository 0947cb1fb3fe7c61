// Package fanout turns committed changes into log entries and says which hooks
// see each. Planning is pure, so it can be simulated, repeated, and run inside
// the very transaction that commits the changes.
package fanout

import (
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// Item is a change and, while it is at hand, the content that filters see.
type Item struct {
	Change change.Change
	View   change.View
}

// Head is where a memory's log stands: the newest seq, and for each hook the
// newest seq that it sees.
type Head struct {
	Seq  int64
	Seen map[string]int64
}

// Plan gives each change of one memory its seq and its hooks, in the order of
// the items. The head is read, not changed: the new one is returned beside the
// entries. A hook sees a change unless its dialect has no name for it, its
// settings exclude it, or the change was committed before the hook existed.
func Plan(items []Item, head Head, hooks []hook.Hook) ([]feed.Entry, Head) {
	next := Head{Seq: head.Seq, Seen: make(map[string]int64, len(hooks))}
	for _, h := range hooks {
		next.Seen[h.ID] = head.Seen[h.ID]
	}
	entries := make([]feed.Entry, 0, len(items))
	for i := range items {
		next.Seq++
		c := &items[i].Change
		e := feed.Entry{Seq: next.Seq, Change: *c}
		for j := range hooks {
			h := &hooks[j]
			if next.Seq <= h.Since || !dialect.Has(h.Dialect, c.Cause) || !h.Wants(c, items[i].View) {
				continue
			}
			e.Matches = append(e.Matches, feed.Match{Hook: h.ID, Prev: next.Seen[h.ID]})
			next.Seen[h.ID] = next.Seq
		}
		entries = append(entries, e)
	}
	return entries, next
}
