package embedded

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// What ends by two ways at once is counted once.

func TestAnOutcomeThatASkipOvertookCountsNoMore(t *testing.T) {
	for _, status := range []string{string(delivery.StatusDelivered), string(delivery.StatusDead), statusRetry} {
		t.Run(status, func(t *testing.T) {
			r := receive(t, Config{})
			l := r.admitted(1, "a", "b", "c")
			sheets := r.q.sheets([]ending{{lane: l, it: l.window[0], fresh: true, status: status, attempts: 1, at: 1, code: 200}})
			r.must2(r.q.SkipToHead(bg, mem1, "h1"))
			for range 2 { // a request to the writer may be run again
				r.must(r.writer.do(bg, sheets[0].apply))
			}
			wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusSkipped: 3})
			var cursor int64
			if _, err := r.row("SELECT cursor FROM place", nil, &cursor); err != nil || cursor != 3 {
				t.Errorf("the place went back to %d: %v", cursor, err)
			}
		})
	}
}

func TestWritingASheetTwiceIsHarmless(t *testing.T) {
	r := receive(t, Config{})
	l := r.admitted(3, "a", "b", "c")
	var batch []ending
	for i, status := range []delivery.Status{delivery.StatusDead, delivery.StatusDelivered, delivery.StatusDelivered} {
		batch = append(batch, ending{lane: l, it: l.window[i], fresh: true, status: string(status), attempts: 1, at: 1, code: 200})
	}
	sheets := r.q.sheets(batch)
	for range 2 {
		r.must(r.writer.do(bg, sheets[0].apply))
	}
	wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDead: 1, delivery.StatusDelivered: 2})
}

func TestWhatTheStoreRefusedUntilTheEndIsPassedByNothing(t *testing.T) {
	r := receive(t, Config{})
	l := r.admitted(2, "a", "b")
	l.recovered, l.slots = true, 0 // nothing is sent
	items, end := slices.Clone(l.window), make(chan struct{})
	close(end)
	record := func(i int, status string) {
		r.q.record([]ending{{lane: l, it: items[i], fresh: true, status: status, attempts: 1, at: 1, code: 200}}, end)
	}
	rename := func(from, to string) {
		r.must(r.writer.do(bg, func(t *tx) error {
			_, err := t.exec("ALTER TABLE " + from + " RENAME TO " + to)
			return err
		}))
	}
	rename("job", "taken")
	record(0, statusRetry)
	rename("taken", "job")
	record(1, string(delivery.StatusDelivered))
	var cursor int64
	if _, err := r.row("SELECT cursor FROM place", nil, &cursor); err != nil || cursor != 0 {
		t.Errorf("the place went on to %d, past a retry that is recorded nowhere: %v", cursor, err)
	}
}

func TestAnAttemptUnderWayWhileItsHookSkipsCountsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		release := r.withhold(1)
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.versions("a", 2)
		r.settled()
		_, err := r.q.SkipToHead(bg, mem1, "h1")
		r.must(err)
		_, err = r.commit(put(newer(newer(stored("a"), "ab"), "third"), hashOf("ab")))
		r.must(err)
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1}) {
			t.Errorf("posts %v: 3 must wait for 1, which is under way", got)
		}
		release()
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 3}) {
			t.Errorf("posts %v", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusSkipped: 2, delivery.StatusDelivered: 1})
	})
}

// An attempt that two skips overtook still holds up its lineage, and what comes
// while it is under way keeps its order.
func TestAnAttemptUnderWayWhileItsHookSkipsTwiceIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		release := r.withhold()
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		for range 2 {
			r.versions("a", 1)
			r.settled()
			r.must2(r.q.SkipToHead(bg, mem1, "h1"))
		}
		r.versions("a", 2)
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1}) {
			t.Errorf("posts %v: 3 must wait for 1, which is under way", got)
		}
		release()
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 3, 4}) {
			t.Errorf("posts %v", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusSkipped: 2, delivery.StatusDelivered: 2})
	})
}

func TestWhatWaitsBehindAnExpiredRetryGoesOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if j.Entry.Seq == 1 {
				o := failing(j, 9)
				o.Delay = 12 * time.Hour
				return o
			}
			return ok(j)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.versions("a", 2)
		r.settled()
		r.must(logs{r.db}.Compact(bg, mem1, 2))
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 2}) {
			t.Errorf("posts %v", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusExpired: 1, delivery.StatusDelivered: 1})
	})
}

func TestAPutOfAHookReadBeforeItWasHeldDoesNotResumeIt(t *testing.T) {
	l := &lane{state: hook.Active, slots: 1}
	l.judge(delivery.Health{Dead: 3, Held: true}, false)
	if l.move(hook.Active) || l.state != hook.Held {
		t.Errorf("state %s", l.state)
	}
	s := &sheet{lane: l, state: hook.Held}
	s.recorded()
	if !l.move(hook.Active) || l.state != hook.Active || l.health.Dead != 0 {
		t.Errorf("a hook that was held is resumed afterwards: %s, %+v", l.state, l.health)
	}
}
