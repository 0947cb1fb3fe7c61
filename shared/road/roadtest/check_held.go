package roadtest

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// holdAfter is how many dead letters in a row hold a hook.
const holdAfter = 4

// handed is one call of a handler. What it led to is settled when it is over.
type handed struct{ from, over time.Time }

type handedKey struct{}

// compaction is one, and the floor of a memory's log after it.
type compaction struct {
	memory change.Memory
	at     time.Time
	floor  int64
}

// compactTo compacts the logs, as far as it goes.
func (r *run) compactTo(ctx context.Context, keep feed.Keep) error {
	err := r.Feed.Compact(ctx, keep)
	for _, m := range r.memories {
		if b, unread := r.look().Log.Bounds(ctx, m); unread == nil {
			r.compacted = append(r.compacted, compaction{m, time.Now(), b.Floor})
		}
	}
	return err
}

// end notes that a call is over.
func (r *receivers) end(call *handed) {
	r.mu.Lock()
	defer r.mu.Unlock()
	call.over = time.Now()
}

// dead says whether a post was the last that its delivery had, and was not
// taken.
func (p *post) dead(h *subscriber) bool {
	return !p.ended.IsZero() && p.status/100 != 2 && (p.attempt == 1+h.MaxRetries || p.status == 410)
}

// knows says whether who handed a post out knew how another one ended: its call
// was over by then, and nothing failed, nor was the hook turned, since it began.
func (p *post) knows(h *subscriber, other *post) bool {
	if other.handed.over.IsZero() || !other.handed.over.Before(p.handed.from) || other.trouble != p.trouble {
		return false
	}
	for _, at := range h.turned {
		if !at.Before(other.began) && !at.After(p.began) {
			return false
		}
	}
	return true
}

// checkHeld: nothing is posted to a hook whose receiver wants no more, and
// nothing but what is repeated by hand to one with so many dead letters in a row
// that it has to be held. posts are all of the hook.
func (r *run) checkHeld(h *subscriber, posts []*post) {
	for i, p := range posts {
		row := map[deliveryOf]bool{}
		for _, d := range posts[:i] {
			if !p.knows(h, d) {
				continue
			}
			if d.status == 410 {
				r.found(5, "%s was posted seq %d %s after its receiver answered 410", h.ID, p.seq, p.began.Sub(d.ended))
			}
			if d.dead(h) && d.redrive == 0 && !r.overtaken(h, d) && !tookSince(posts[:i], d.ended, p.began) {
				row[deliveryOf{h.ID, d.seq, 0}] = true
			}
		}
		if len(row) >= holdAfter && p.redrive == 0 {
			r.found(5, "%s was posted seq %d after %d dead letters in a row", h.ID, p.seq, len(row))
		}
	}
}

// overtaken says whether a compaction may have expired what was just being
// sent: then it is no dead letter, whatever its receiver answered.
func (r *run) overtaken(h *subscriber, d *post) bool {
	for _, c := range r.compacted {
		if c.memory == h.Memory && d.seq < c.floor && !c.at.Before(d.began) && !c.at.After(d.handed.over) {
			return true
		}
	}
	return false
}

// tookSince says whether a receiver took anything between two times.
func tookSince(posts []*post, from, to time.Time) bool {
	for _, p := range posts {
		if p.status/100 == 2 && !p.ended.Before(from) && !p.ended.After(to) {
			return true
		}
	}
	return false
}

// checkState: a hook is held after so many dead letters, and disabled after a
// 410, that came since it was last turned active.
func (r *run) checkState(h *subscriber, state hook.State) {
	died, gone := 0, false
	for _, p := range r.receivers.all() {
		if p.hook == h.ID && !p.ended.Before(h.active) && p.dead(h) {
			died++
			gone = gone || p.status == 410
		}
	}
	if state == hook.Held && died < holdAfter || state == hook.Disabled && !gone {
		r.found(5, "%s is %s after %d dead letters, a 410 among them: %v", h.ID, state, died, gone)
	}
}
