package feed_test

import (
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

func (h *house) register(of hook.Hook, name, after string) feed.Place {
	h.Helper()
	p, err := h.Feed.Register(h.ctx, of, name, after)
	h.must(err)
	return p
}

func (h *house) ack(of hook.Hook, name, cursor string) feed.Place {
	h.Helper()
	p, err := h.Feed.Ack(h.ctx, of, name, cursor)
	h.must(err)
	return p
}

func TestAConsumerGoesOnWhereItStopped(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	for _, c := range []string{"a", "b", "c"} {
		h.add("n", c)
	}
	p := h.register(all, "billing", "")
	if p.Acked != 0 || p.Lag != 3 || !p.Live || p.Name != "billing" || p.Hook != all.ID {
		t.Errorf("made at %+v", p)
	}
	page := h.page(all, p.Cursor, 2)
	if p = h.ack(all, "billing", page.Next); p.Acked != 2 || p.Lag != 1 || p.Cursor != page.Next {
		t.Errorf("acked to %+v", p)
	}
	if got := seqs(h.page(all, p.Cursor, 0).Items); len(got) != 1 || got[0] != 3 {
		t.Errorf("it goes on with %v", got)
	}
	if p = h.ack(all, "billing", "1"); p.Acked != 2 {
		t.Errorf("an ack went back to %d", p.Acked)
	}
	if p = h.ack(all, "billing", "latest"); p.Acked != 3 || p.Lag != 0 {
		t.Errorf("acked to %+v", p)
	}
}

func TestAConsumerThatIsThereKeepsItsPlace(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	h.add("n", "a")
	h.add("n", "b")
	h.register(all, "billing", "1")
	for _, after := range []string{"latest", "earliest", "2", ""} {
		if p := h.register(all, "billing", after); p.Acked != 1 {
			t.Errorf("made again at %q it stands at %d", after, p.Acked)
		}
	}
	if p := h.register(all, "late", "latest"); p.Acked != 2 {
		t.Errorf("one made at the latest stands at %d", p.Acked)
	}
}

func TestWhatNoConsumerCanSayIsRefused(t *testing.T) {
	h := open(t)
	all, other := h.polled("hook-1", nil), h.polled("hook-2", nil)
	h.add("n", "a")
	h.register(all, "billing", "")
	foreign := h.register(other, "billing", "latest").Cursor
	for name, cursor := range map[string]string{"ahead": "2", "foreign": foreign, "made up": "AQ", "below": "-1"} {
		_, err := h.Feed.Ack(h.ctx, all, "billing", cursor)
		h.refused(name, err, fault.InvalidField)
	}
	if p, err := h.Feed.ConsumerOf(h.ctx, all, "billing"); err != nil || p.Acked != 0 {
		t.Errorf("the refusals left it at %+v, %v", p, err)
	}
	_, err := h.Feed.Ack(h.ctx, all, "nobody", "1")
	h.refused("unknown", err, fault.NotFound)
	_, err = h.Feed.ConsumerOf(h.ctx, all, "nobody")
	h.refused("unknown", err, fault.NotFound)
	for _, name := range []string{"", strings.Repeat("x", 129)} {
		_, err = h.Feed.Register(h.ctx, all, name, "")
		h.refused("a name of many bytes or none", err, fault.InvalidField)
	}
	h.register(all, strings.Repeat("x", 128), "")
	if places, err := h.Feed.ConsumersOf(h.ctx, all); err != nil || len(places) != 2 || places[0].Name != "billing" {
		t.Errorf("they are %+v, %v", places, err)
	}
}

func TestAConsumerLivesSevenDaysFromItsLastAck(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	h.add("n", "a")
	h.register(all, "billing", "")
	live := func() bool {
		p, err := h.Feed.ConsumerOf(h.ctx, all, "billing")
		h.must(err)
		return p.Live
	}
	h.later(feed.LiveFor - time.Second)
	if !live() {
		t.Error("it is not live before seven days have passed")
	}
	h.register(all, "billing", "") // which is no ack
	h.later(time.Second)
	if live() {
		t.Error("it is live after seven days")
	}
	h.ack(all, "billing", "0") // also one that moves nothing
	if !live() {
		t.Error("an ack does not revive it")
	}
}
