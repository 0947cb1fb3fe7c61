package feed_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// snapshot reads all pages.
func (h *house) snapshot(of hook.Hook, limit int) (grains, kept []feed.Item, from int64) {
	h.Helper()
	cursor := ""
	for pages := 0; ; pages++ {
		s, err := h.Feed.Snapshot(h.ctx, of, cursor, limit)
		h.must(err)
		if pages > 0 && s.StreamFrom != from {
			h.Errorf("page %d streams from %d, the first from %d", pages, s.StreamFrom, from)
		}
		if len(s.Grains) > limit || len(s.Kept) > limit {
			h.Errorf("a page of %d has %d and %d", limit, len(s.Grains), len(s.Kept))
		}
		grains, kept, from = append(grains, s.Grains...), append(kept, s.Kept...), s.StreamFrom
		if cursor = s.Next; cursor == "" {
			return grains, kept, from
		}
	}
}

func (h *house) contents(items []feed.Item) []string {
	h.Helper()
	out := []string{}
	for _, i := range items {
		out = append(out, h.content(i.Body))
	}
	slices.Sort(out)
	return out
}

func TestASnapshotHoldsWhatStandsAndWhatMustNotBeLost(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	for i := range 5 {
		h.add("n", fmt.Sprint("c", i))
	}
	gone := h.add("n", "forgotten")
	n, err := h.Memory.Forget(h.ctx, home, h.draw(), []store.Ref{{Hash: gone.Grain.Hash}})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	h.add("n", "erased")
	_, err = h.Memory.Erase(h.ctx, home, h.draw(), person("u-erased"))
	h.must(err)
	_, _, err = h.Memory.Rotate(h.ctx, home, h.draw())
	h.must(err)
	head := h.page(all, "latest", 0).Bounds.Head
	h.must(h.Cloud.Compactor.Compact(h.ctx, home, head+1))
	for _, limit := range []int{1, 2, 3, 100} {
		grains, kept, from := h.snapshot(all, limit)
		if got := h.contents(grains); !slices.Equal(got, []string{"c0", "c1", "c2", "c3", "c4"}) {
			t.Errorf("by %d it holds %q", limit, got)
		}
		if len(kept) != 2 || h.decoded(kept[0].Body)["event_type"] != "crypto_erase" || h.decoded(kept[1].Body)["event_type"] != "key_rotated" || from != head {
			t.Errorf("by %d it kept %d and streams from %d, want %d", limit, len(kept), from, head)
		}
	}
	h.add("n", "later")
	_, _, from := h.snapshot(all, 100)
	if from != head+1 {
		t.Errorf("a new snapshot streams from %d", from)
	}
	if p := h.page(all, fmt.Sprint(head), 0); len(p.Items) != 1 || h.content(p.Items[0].Body) != "later" {
		t.Errorf("streaming behind the first one gives %+v", p.Items)
	}
}

func TestASnapshotTellsEachGrainLikeItsCreation(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	rem := h.polled("hook-2", func(s *hook.Settings) { s.Dialect = "rem" })
	first := h.add("n", "older")
	next, err := h.Memory.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, memory.Input{Fields: map[string]any{"content": "newer"}})
	h.must(err)
	h.add("n", "other")
	grains, _, _ := h.snapshot(all, 10)
	seen := map[string]feed.Item{}
	for _, g := range grains {
		seen[g.ID] = g
	}
	g := seen[next.Grain.Hash]
	body := h.decoded(g.Body)
	if len(grains) != 2 || body["event_type"] != "grain_created" || body["hash"] != next.Grain.Hash || h.content(g.Body) != "newer" {
		t.Errorf("it is told as %s", g.Body)
	}
	if stored, err := h.Cloud.Grains.Load(h.ctx, home, store.Ref{Hash: next.Grain.Hash}); err != nil || g.Seq != stored.Seq {
		t.Errorf("its last change is shown as %d, the cloud keeps %d, %v", g.Seq, stored.Seq, err)
	}
	grains, _, _ = h.snapshot(rem, 10)
	ids := map[any]bool{}
	for _, g := range grains {
		body := h.decoded(g.Body)
		ids[body["id"]] = true
		if body["event"] != "memory.created" {
			t.Errorf("in rem it is told as %s", g.Body)
		}
	}
	if len(ids) != 2 || ids["evt_"] {
		t.Errorf("in rem they have the ids %v", ids)
	}
}

func TestASnapshotShowsNoMoreThanTheHookMaySee(t *testing.T) {
	h := open(t)
	filter := any(map[string]any{"user_id": []any{"u-mine"}})
	some := h.polled("hook-1", func(s *hook.Settings) { s.Filter = &filter })
	namespace := ptr("n")
	spaced := h.polled("hook-2", func(s *hook.Settings) { s.Namespace = &namespace })
	tight := h.polled("hook-3", func(s *hook.Settings) { s.Redaction = ptr("metadata_only") })
	h.add("n", "mine")
	h.add("n", "other")
	h.add("m", "mine")
	for _, tc := range []struct {
		of   hook.Hook
		want int
	}{{some, 2}, {spaced, 2}, {tight, 3}} {
		if grains, _, _ := h.snapshot(tc.of, 1); len(grains) != tc.want {
			t.Errorf("%s sees %d, want %d", tc.of.ID, len(grains), tc.want)
		}
	}
	grains, _, _ := h.snapshot(tight, 10)
	for _, g := range grains {
		if strings.Contains(string(g.Body), "mine") {
			t.Errorf("redacted, it shows %s", g.Body)
		}
	}
}

func TestASnapshotsCursorIsItsHooksOwn(t *testing.T) {
	h := open(t)
	all, other := h.polled("hook-1", nil), h.polled("hook-2", nil)
	h.add("n", "a")
	s, err := h.Feed.Snapshot(h.ctx, all, "", 1)
	h.must(err)
	for name, cursor := range map[string]string{"altered": s.Next + "A", "of events": h.page(all, "", 0).Next, "a seq": "1"} {
		_, err := h.Feed.Snapshot(h.ctx, all, cursor, 1)
		h.refused(name, err, fault.InvalidField)
	}
	_, err = h.Feed.Snapshot(h.ctx, other, s.Next, 1)
	h.refused("another hook's", err, fault.InvalidField)
}
