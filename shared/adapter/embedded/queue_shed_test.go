package embedded

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// What a stopped hook gives back comes once and in its order, although others
// have ended the jobs of its lineage before it, which are under way or in line.
func TestWhatIsGivenBackBehindEndedJobsComesOnce(t *testing.T) {
	for name, c := range map[string]struct {
		first  []string // other lineages
		floor  int64    // below it jobs expire; 0: they are skipped
		end    delivery.Status
		posted []int64
	}{
		"skipped under way":      {nil, 0, delivery.StatusSkipped, []int64{1, 4, 5}},
		"expired under way":      {nil, 2, delivery.StatusExpired, []int64{1, 2, 3, 4, 5}},
		"expired with the next":  {nil, 3, delivery.StatusExpired, []int64{1, 3, 4, 5}},
		"expired, first in line": {[]string{"b"}, 3, delivery.StatusExpired, []int64{1, 3, 4, 5, 6}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := receive(t, Config{Workers: len(c.first)}) // one, or as many as there are by default
				release := r.withhold()
				r.serve()
				defer func() { r.stop() }()
				r.addWebhook("h1")
				r.add(c.first...)
				r.versions("a", 3)
				r.settled()
				if c.floor > 0 {
					r.must(logs{r.db}.Compact(bg, mem1, c.floor))
				} else {
					r.must2(r.q.SkipToHead(bg, mem1, "h1"))
				}
				r.versions("a", 2)
				r.settled()
				r.setState("h1", hook.Paused)
				r.settled()
				r.setState("h1", hook.Active)
				r.settled()
				if n := len(r.seen()); n != 1 {
					t.Errorf("%d posts while the first is under way", n)
				}
				release()
				r.settled()
				if got := seqs(r.seen()); !slices.Equal(got, c.posted) {
					t.Errorf("posts %v, want %v", got, c.posted)
				}
				delivered := len(c.posted) - 1 // what was under way counts no more
				wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: delivered, c.end: len(c.first) + 5 - delivered})
			})
		})
	}
}

// The place of a hook that stopped passes what had ended before an attempt that
// hung, whether that ends before the hook goes on or after: an idle hook would
// keep the log from compaction.
func TestThePlacePassesWhatEndedBeforeTheHookStopped(t *testing.T) {
	for _, late := range []bool{false, true} {
		t.Run(fmt.Sprint("it ends late: ", late), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r := receive(t, Config{})
				release := r.withhold(1)
				r.serve()
				defer func() { r.stop() }()
				r.addWebhook("h1")
				r.add(manyNames(5)...)
				r.settled()
				r.setState("h1", hook.Paused)
				if !late {
					release()
				}
				r.settled()
				r.setState("h1", hook.Active)
				r.settled()
				if late {
					release()
				}
				r.settled()
				needed, err := r.q.needed(bg)
				r.must(err)
				if len(needed) > 0 || len(r.seen()) != 5 {
					t.Errorf("%v are needed after %d deliveries of 5", needed, len(r.seen()))
				}
				if held := r.q.held.Load(); held != 0 {
					t.Errorf("%d entries are held by nobody", held)
				}
			})
		})
	}
}

// What a loader has read for a hook that stopped meanwhile is not kept.
func TestAHookThatStopsWhileItLoadsHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.setState("h1", hook.Paused)
		r.add("a", "b")
		r.settled()
		h, err := r.hookByID(bg, mem1, "h1")
		r.must(err)
		r.must(r.q.loadLog(r.q.byN[h.n], maxWindow)) // as one does that began before
		if held := r.q.held.Load(); held != 0 {
			t.Errorf("%d entries are held of a hook that is stopped", held)
		}
		r.setState("h1", hook.Active)
		r.settled()
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: 2})
	})
}
