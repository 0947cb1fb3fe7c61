package embedded

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
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

// A hook that stops holds no more than what is under way, and sends the rest
// when it goes on: each once, and each lineage in its order.
func TestAHookThatStopsGivesItsWindowBack(t *testing.T) {
	for _, stop := range []hook.State{hook.Paused, hook.Held, hook.Disabled} {
		synctest.Test(t, func(t *testing.T) {
			r := receive(t, Config{})
			release := r.withhold()
			r.serve()
			defer func() { r.stop() }()
			r.addWebhook("h1")
			r.add(manyNames(300)...)
			r.versions("a", 20) // each waits for the one before
			for range maxWindow {
				r.must2(r.commit(put(r.fresh(), "")))
			}
			synctest.Wait()
			if held := r.q.held.Load(); held != maxWindow {
				t.Errorf("%d entries are held, want a full window", held)
			}
			r.setState("h1", stop)
			synctest.Wait()
			if held := r.q.held.Load(); held > firstSlots {
				t.Errorf("%s: %d entries are held, want what is under way, %d", stop, held, firstSlots)
			}
			release()
			r.settled()
			if held := r.q.held.Load(); held != 0 || len(r.seen()) != firstSlots {
				t.Errorf("%s: %d entries are held after %d deliveries", stop, held, len(r.seen()))
			}
			r.setState("h1", hook.Active)
			r.settled()
			came := make(map[int64]int)
			for i, p := range r.seen() {
				if came[p.seq] > 0 || p.seq > 301 && p.seq <= 320 && came[p.seq-1] == 0 {
					t.Fatalf("%s: seq %d came at %d, before that at %d; the one before it at %d", stop, p.seq, i+1, came[p.seq], came[p.seq-1])
				}
				came[p.seq] = i + 1
			}
			wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: 300 + 20 + maxWindow})
			if held := r.q.held.Load(); held != 0 {
				t.Errorf("%s: %d entries are held by nobody", stop, held)
			}
		})
	}
}

// A hook that nobody answers holds few entries; when somebody does again, all
// of it comes.
func TestAHookThatNobodyAnswersHoldsFewEntries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		var ill atomic.Bool
		ill.Store(true)
		r.answer = func(ctx context.Context, j delivery.Job) delivery.Outcome {
			if !ill.Load() {
				return ok(j)
			}
			o := hanging(ctx, j)
			o.Verdict, o.Delay = delivery.RetryAfter, time.Second
			return o
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.versions("a", 20)
		r.add(manyNames(2 * maxWindow)...)
		r.settled()
		if held := r.q.held.Load(); held != maxWindow {
			t.Errorf("%d entries are held at first, want a full window", held)
		}
		pass(2 * time.Minute)
		r.settled()
		if held := r.q.held.Load(); held > minWindow {
			t.Errorf("%d entries are held of a hook that nobody answers", held)
		}
		ill.Store(false)
		pass(time.Minute)
		r.settled()
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: 20 + 2*maxWindow})
		if held := r.q.held.Load(); held != 0 {
			t.Errorf("%d entries are held by nobody", held)
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
