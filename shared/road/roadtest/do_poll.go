package roadtest

import (
	"context"
	"strconv"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/road"
)

// poller reads a polled hook's events.
type poller struct {
	after string
	last  int64
	from  int64 // what it saw begins behind this
	whole bool  // it saw everything from there, so that the chain can be held to last
	saw   map[int64]bool
}

// poll reads a page for a polled hook, and holds it to the chain.
func (r *run) poll(op Op) {
	if h, ok := r.some(op, hook.CDC); ok {
		r.pollAs(r.Stages, h, 1+int(op.C%7))
	}
}

func (r *run) pollAs(via *road.Stages, h *subscriber, limit int) (more bool) {
	ctx, cancel := request(nil)
	defer cancel()
	now, err := via.Hooks.Get(ctx, h.Memory, h.ID)
	if err != nil {
		return false
	}
	b, err := r.look().Log.Bounds(ctx, h.Memory)
	if err != nil {
		return false
	}
	if h.after == "" { // it begins at the floor
		h.from, h.whole = b.Floor-1, b.Floor == 1
	}
	page, err := via.Feed.Events(ctx, now, feed.Request{After: h.after, Limit: limit})
	if fault.KindOf(err) == fault.Compacted && err != nil {
		return r.fellBehind(h)
	}
	if err != nil {
		return false
	}
	for _, item := range page.Items {
		if h.whole && item.Prev != h.last || item.Seq <= h.last {
			r.found(2, "%s read seq %d after %d; it says that it saw %d before", h.ID, item.Seq, h.last, item.Prev)
		}
		r.polled = append(r.polled, body{by: h, entry: feed.Entry{Seq: item.Seq}, text: item.Body, at: time.Now(), from: time.Now()})
		h.last, h.whole, h.saw[item.Seq] = item.Seq, true, true
	}
	h.after = page.Next
	return page.HasMore
}

// fellBehind goes on at the floor, as a consumer does after its snapshot. It
// must have been behind.
func (r *run) fellBehind(h *subscriber) bool {
	b, err := r.look().Log.Bounds(context.Background(), h.Memory)
	if err != nil || h.last >= b.Floor-1 {
		r.found(2, "%s stood at %d and was told that it is below the floor: %+v, %v", h.ID, h.last, b, err)
		return false
	}
	h.after, h.last, h.from, h.whole = strconv.FormatInt(b.Floor-1, 10), b.Floor-1, b.Floor-1, false
	h.saw = map[int64]bool{}
	return true
}

// checkPoller: who polls has seen all that there was to see.
func (r *run) checkPoller(h *subscriber) {
	for range 1000 {
		if !r.pollAs(r.Stages, h, feed.MaxLimit) {
			break
		}
	}
	for i := range r.log[h.Memory] {
		e := &r.log[h.Memory][i]
		if _, sees := e.For(h.ID); sees && e.Seq > h.from && !h.saw[e.Seq] {
			r.found(2, "%s polled to the end and never read seq %d", h.ID, e.Seq)
		}
	}
}

func (r *run) compact(op Op) {
	r.learn()
	ctx, cancel := request(nil)
	defer cancel()
	keep := feed.Keep{Age: 720 * time.Hour, Events: 1 + int64(op.A%5)}
	if r.keep.Events == 0 || keep.Events < r.keep.Events {
		r.keep = keep
	}
	_ = r.compactTo(ctx, keep) // what it did not end, or passed over, is ended in the calm
}
