package feed_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

func TestTheFloorOfALog(t *testing.T) {
	const none = 1 << 40 // more than there are
	for _, tc := range []struct {
		name                     string
		head, floor, old, needed int64
		late, keep               int64
		want                     int64
	}{
		{"nothing is old", 100, 1, 0, 101, 0, none, 1},
		{"old ones go", 100, 1, 40, 101, 0, none, 41},
		{"all are old", 100, 1, 100, 101, 100, none, 101},
		{"too many go", 100, 1, 0, 101, 0, 30, 71},
		{"the stricter bound holds", 100, 1, 90, 101, 0, 30, 91},
		{"a consumer holds what it needs", 100, 1, 40, 20, 0, none, 20},
		{"a consumer further on holds nothing", 100, 1, 40, 80, 0, none, 41},
		{"not past twice the age", 100, 1, 40, 20, 30, none, 31},
		{"not past twice the number", 100, 1, 0, 20, 0, 30, 41},
		{"what is gone stays gone", 100, 60, 40, 20, 0, none, 60},
		{"an empty log", 0, 1, 0, 1, 0, 10, 1},
	} {
		a := feed.Age{Bounds: feed.Bounds{Head: tc.head, Floor: tc.floor}, OldSeq: tc.old, Needed: tc.needed}
		if got := feed.Floor(a, tc.late, tc.keep); got != tc.want {
			t.Errorf("%s: the floor is %d, want %d", tc.name, got, tc.want)
		}
	}
}

func TestTheFloorNeverFallsNorPassesWhatIsNeededTooSoon(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		head := rapid.Int64Range(0, 1000).Draw(t, "head")
		a := feed.Age{
			Bounds: feed.Bounds{Head: head, Floor: rapid.Int64Range(1, head+1).Draw(t, "floor")},
			OldSeq: rapid.Int64Range(0, head).Draw(t, "old"), Needed: rapid.Int64Range(1, head+1).Draw(t, "needed"),
		}
		late := rapid.Int64Range(0, a.OldSeq).Draw(t, "late")
		keep := rapid.Int64Range(1, 1_000_000_000_000_000).Draw(t, "keep")
		got := feed.Floor(a, late, keep)
		if got < a.Bounds.Floor || got > head+1 {
			t.Fatalf("the floor is %d", got)
		}
		if got > a.Bounds.Floor && got > a.Needed && got > late+1 && got > head-2*keep+1 {
			t.Fatalf("the floor %d passes %d, which is needed and within the hard bounds", got, a.Needed)
		}
		if must := max(late+1, head-2*keep+1); got < must {
			t.Fatalf("the floor %d keeps more than the hard bounds %d", got, must)
		}
	})
}

func TestCompactionDropsByAgeAndKeepsErasuresAndRotations(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	h.add("n", "a")
	_, _, err := h.Memory.Rotate(h.ctx, home, h.draw())
	h.must(err)
	_, err = h.Memory.Erase(h.ctx, home, h.draw(), person("u-a"))
	h.must(err)
	h.later(2 * time.Hour)
	h.add("n", "b")
	keep := feed.Keep{Age: time.Hour, Events: 1000}
	h.must(h.Feed.Compact(h.ctx, keep))
	h.must(h.Feed.Compact(h.ctx, keep))
	b, err := h.Cloud.Log.Bounds(h.ctx, home)
	if err != nil || b != (feed.Bounds{Head: 5, Floor: 5}) {
		t.Errorf("the bounds are %+v, %v", b, err)
	}
	kept, err := h.Cloud.Compactor.Kept(h.ctx, home, 0, 10)
	if err != nil || len(kept) != 2 || kept[0].Change.Cause != events.Rotated || kept[1].Change.Cause != events.Erased {
		t.Errorf("kept %+v, %v", kept, err)
	}
	_, err = h.Feed.Events(h.ctx, all, feed.Request{After: "3"})
	h.refused("below the floor", err, fault.Compacted)
}

func TestALiveConsumerHoldsTheLogUpToTwiceTheBounds(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	for _, c := range []string{"a", "b", "c"} {
		h.add("n", c)
	}
	_, err := h.Feed.Register(h.ctx, all, "slow", "1")
	h.must(err)
	keep := feed.Keep{Age: time.Hour, Events: 1000}
	floor := func(after time.Duration) int64 {
		t.Helper()
		h.later(after)
		h.must(h.Feed.Compact(h.ctx, keep))
		b, err := h.Cloud.Log.Bounds(h.ctx, home)
		h.must(err)
		return b.Floor
	}
	if f := floor(90 * time.Minute); f != 2 {
		t.Errorf("after the age the floor is %d; the consumer needs 2", f)
	}
	expired := func(want int64) {
		t.Helper()
		p, err := h.Feed.ConsumerOf(h.ctx, all, "slow")
		h.must(err)
		if p.Expired != want || !p.Live {
			t.Errorf("%d of what it needs are gone, want %d: %+v", p.Expired, want, p)
		}
	}
	expired(0)
	if f := floor(time.Hour); f != 4 {
		t.Errorf("after twice the age the floor is %d", f)
	}
	expired(2)
	h.add("n", "d")
	keep.Age = 30 * 24 * time.Hour
	if f := floor(24 * time.Hour); f != 4 {
		t.Errorf("the floor is %d", f)
	}
	keep.Age = 5 * 24 * time.Hour
	if f := floor(feed.LiveFor); f != 5 {
		t.Errorf("a consumer that is not live any more holds the floor at %d", f)
	}
}
