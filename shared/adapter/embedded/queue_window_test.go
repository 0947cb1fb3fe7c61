package embedded

import (
	"context"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// manyNames are n different names.
func manyNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("n", i)
	}
	return names
}

// What the windows hold is counted over all hooks, so that one that is busy
// among idle ones is not kept short, and is 0 once all has ended.
func TestTheWindowsOfAllHooksAreBoundedTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		release := r.withhold()
		r.serve()
		defer func() { r.stop() }()
		for i := range allWindows / minWindow {
			r.addWebhook(fmt.Sprintf("h%d", i))
		}
		held := func() int { synctest.Wait(); return int(r.q.held.Load()) }
		r.add("a")
		if got := held(); got != allWindows/minWindow {
			t.Errorf("%d entries are held, want one a hook", got)
		}
		for i := range minWindow + 10 {
			r.add(fmt.Sprint(i))
		}
		if got := held(); got != allWindows {
			t.Errorf("%d entries are held of all hooks together, want %d", got, allWindows)
		}
		r.must(hooks{r.db}.Remove(bg, mem1, "h0"))
		release()
		r.settled()
		if got := held(); got != 0 || len(r.seen()) == 0 {
			t.Errorf("%d entries are held after %d deliveries", got, len(r.seen()))
		}
	})
}

// A full window that compaction takes whole makes room for what comes after,
// although nothing is recorded of what it held.
func TestAWindowThatExpiresWholeMakesRoom(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		release := r.withhold()
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add(manyNames(maxWindow + 200)...)
		synctest.Wait()
		const floor = maxWindow + 100
		r.must(logs{r.db}.Compact(bg, mem1, floor))
		release()
		r.settled()
		pass(time.Second)
		r.settled()
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusExpired: floor - 1, delivery.StatusDelivered: 101})
		if held := r.q.held.Load(); held != 0 {
			t.Errorf("%d entries are held by nobody", held)
		}
	})
}

// A job whose entry must be read goes out although all before it in line were
// taken by compaction and nothing is recorded of them.
func TestWhatStandsBehindExpiredJobsGoesOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{Workers: 1})
		release := make(chan struct{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			switch {
			case j.Entry.Seq == 3:
				return ok(j)
			case j.Attempts > 0:
				<-release
			}
			return failing(j, 9)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("b")         // seq 1
		r.versions("a", 2) // 2 and 3: 3 waits for 2
		r.settled()
		pass(2 * time.Second) // 1 is under way again, 2 in line
		r.must(logs{r.db}.Compact(bg, mem1, 3))
		close(release)
		pass(time.Second)
		r.settled()
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusExpired: 2, delivery.StatusDelivered: 1})
	})
}

// What a loader has read for a hook that was removed meanwhile is not kept.
func TestAHookThatIsGoneHoldsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a", "b")
		r.settled()
		h, err := r.hookByID(bg, mem1, "h1")
		r.must(err)
		l := r.q.byN[h.n]
		l.read = 0 // as a loader that has just begun finds it
		r.must(hooks{r.db}.Remove(bg, mem1, "h1"))
		r.must(r.q.loadLog(l, maxWindow))
		if held := r.q.held.Load(); held != 0 {
			t.Errorf("%d entries are held of a hook that is gone", held)
		}
	})
}
