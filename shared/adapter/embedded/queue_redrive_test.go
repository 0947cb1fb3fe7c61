package embedded

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/hook"
)

func TestADeadLetterIsRedrivenUnderTheNextNumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{HoldAfter: 1})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if j.Redrive < 2 {
				return failing(j, 1)
			}
			return ok(j)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a", "b")
		r.settled()
		if r.state("h1") != hook.Held {
			t.Fatalf("state %s", r.state("h1"))
		}
		r.setState("h1", hook.Active)
		for n := 1; n <= 2; n++ {
			jobs, err := r.q.Redrive(bg, mem1, "h1", []int64{1, 1, 77, 0})
			r.must(err)
			if len(jobs) != 1 || jobs[0].Redrive != n || jobs[0].Entry.Seq != 1 || jobs[0].Attempts != 0 {
				t.Fatalf("redrive %d: %+v", n, jobs)
			}
			r.settled()
		}
		// The first one failed and held the hook again; the second was sent all the same.
		if r.state("h1") != hook.Held {
			t.Errorf("state %s", r.state("h1"))
		}
		last, err := r.q.Find(bg, mem1, "h1", 1, 2)
		r.must(err)
		first, err := r.q.Find(bg, mem1, "h1", 1, 0)
		r.must(err)
		if last.Status != delivery.StatusDelivered || last.Job.Attempts != 1 ||
			first.Status != delivery.StatusDiscarded || first.Reason != "redriven as dlv_h1.1.1" {
			t.Errorf("records %+v, %+v", first, last)
		}
		counts := r.counts("h1")
		if counts[delivery.StatusDelivered] != 1 || counts[delivery.StatusDead]+counts[delivery.StatusHeld] != 1 {
			t.Errorf("counts %v", counts)
		}
	})
}

func TestWhatWasDeliveredOrSkippedCanBeReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a")
		r.settled()
		r.setState("h1", hook.Paused)
		r.add("b", "c")
		_, err := r.q.SkipToHead(bg, mem1, "h1")
		r.must(err)
		jobs, err := r.q.Redrive(bg, mem1, "h1", []int64{1, 2})
		r.must(err)
		if len(jobs) != 2 {
			t.Fatalf("jobs %+v", jobs)
		}
		if again, err := r.q.Redrive(bg, mem1, "h1", []int64{1, 2}); err != nil || len(again) != 0 {
			t.Errorf("jobs that wait are not redriven: %+v, %v", again, err)
		}
		r.settled()
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusHeld: 2, delivery.StatusSkipped: 1})
		r.restart()
		r.setState("h1", hook.Active)
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 1, 2}) && !slices.Equal(got, []int64{1, 2, 1}) {
			t.Errorf("posts %v", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: 2, delivery.StatusSkipped: 1})
		if skipped, err := r.q.Find(bg, mem1, "h1", 3, 0); err != nil || skipped.Status != delivery.StatusSkipped {
			t.Errorf("%+v, %v", skipped, err)
		}
	})
}

// A success is recorded a little later; who replays it at once does not miss it.
func TestWhatHasJustBeenDeliveredCanBeReplayed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a", "b")
		synctest.Wait()
		if n := r.counts("h1")[delivery.StatusDelivered]; n != 0 || len(r.seen()) != 2 {
			t.Fatalf("%d of %d posts are recorded: this is to be asked before", n, len(r.seen()))
		}
		jobs, err := r.q.Redrive(bg, mem1, "h1", []int64{1, 2})
		r.must(err)
		if len(jobs) != 2 {
			t.Errorf("%d of 2 are sent again", len(jobs))
		}
		r.settled()
		if got := seqs(r.seen()); len(got) != 4 {
			t.Errorf("posts %v", got)
		}
		r.stop()
		_, err = r.q.Redrive(bg, mem1, "h1", []int64{1})
		r.must(err)
		r.serve()
	})
}

func TestMoreThanFitsIsRedriven(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		const n = 2*maxHeldRows + 500
		var all []int64
		for i := range n {
			r.add(time.Duration(i).String())
			all = append(all, int64(i+1))
		}
		pass(time.Second)
		r.settled()
		r.forgetPosts()
		jobs, err := r.q.Redrive(bg, mem1, "h1", all)
		r.must(err)
		pass(time.Second)
		r.settled()
		if got := len(r.seen()); len(jobs) != n || got != n {
			t.Errorf("%d jobs, %d posts, want %d", len(jobs), got, n)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: n})
	})
}

func TestADeadLetterIsDiscarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome { return failing(j, 1) }
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a", "b")
		r.settled()
		r.must(r.q.Discard(bg, mem1, "h1", 1, 0, "not wanted"))
		for _, missing := range []struct {
			hook string
			seq  int64
		}{{"h1", 1}, {"h1", 9}, {"h9", 1}} {
			if err := r.q.Discard(bg, mem1, missing.hook, missing.seq, 0, ""); fault.KindOf(err) != fault.NotFound {
				t.Errorf("Discard(%v) = %v", missing, err)
			}
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDead: 1, delivery.StatusDiscarded: 1})
		if got, err := r.q.Find(bg, mem1, "h1", 1, 0); err != nil || got.Reason != "not wanted" || got.Status != delivery.StatusDiscarded {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestADeletedHookIsSentNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		release := make(chan struct{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if j.Entry.Seq == 2 {
				<-release
			}
			return failing(j, 3)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a", "b")
		r.settled()
		r.must(hooks{r.db}.Remove(bg, mem1, "h1"))
		close(release)
		time.Sleep(time.Minute)
		r.settled()
		if got := len(r.seen()); got != 2 {
			t.Errorf("%d posts", got)
		}
		for _, table := range []string{"job", "place", "tally", "delivered"} {
			var rows int
			if _, err := r.row("SELECT count(*) FROM "+table, nil, &rows); err != nil || rows != 0 {
				t.Errorf("%d rows are left in %s: %v", rows, table, err)
			}
		}
		if _, err := r.q.Find(bg, mem1, "h1", 1, 0); fault.KindOf(err) != fault.NotFound {
			t.Errorf("Find: %v", err)
		}
	})
}

func TestWhatIsCompactedHasExpired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			switch j.Entry.Seq {
			case 1:
				return failing(j, 1)
			case 2:
				return failing(j, 9)
			}
			return ok(j)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("dead")
		r.versions("retried", 2) // 2, and 3 behind it
		r.add("delivered")       // 4
		r.settled()
		r.setState("h1", hook.Paused)
		r.add("waits", "waits too") // 5, 6
		if n, err := r.q.needed(bg); err != nil || n[1] != 2 {
			t.Errorf("needed from seq %d, %v", n[1], err)
		}
		r.must(logs{r.db}.Compact(bg, mem1, 6))
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusExpired: 4, delivery.StatusDelivered: 1, delivery.StatusHeld: 1})
		if n, err := r.q.needed(bg); err != nil || n[1] != 6 {
			t.Errorf("needed from seq %d, %v", n[1], err)
		}
		r.forgetPosts()
		r.setState("h1", hook.Active)
		time.Sleep(time.Minute)
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{6}) {
			t.Errorf("posts %v", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusExpired: 4, delivery.StatusDelivered: 2})
		if n, err := r.q.needed(bg); err != nil || n[1] != 0 {
			t.Errorf("needed from seq %d, %v", n[1], err)
		}
	})
}

// listing makes deliveries of two hooks in every state that a list can show.
func (r *receiver) listing() {
	r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
		if j.Entry.Seq%5 == 0 {
			return failing(j, 1+int(j.Entry.Seq%2)*8) // some die at once, some are retried
		}
		return ok(j)
	}
	r.serve()
	r.addWebhook("h1")
	r.addWebhook("h2")
	r.addHook("cdc")
	for i := range 40 {
		r.add(time.Duration(i).String())
		if i%7 == 0 {
			r.settled()
		}
	}
	r.settled()
	_, err := r.q.Redrive(bg, mem1, "h2", []int64{40, 39})
	r.must(err)
	r.settled()
	r.setState("h1", hook.Paused)
	r.add("x", "y")
	r.settled()
}

func TestListsAreNarrowedPagedAndNewestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.listing()
		defer func() { r.stop() }()
		for _, limit := range []int{1, 3, 100} {
			all := r.list(delivery.Query{Limit: limit})
			if !slices.IsSortedFunc(all, func(a, b delivery.Record) int {
				return int(b.Job.Entry.Seq-a.Job.Entry.Seq)*10 + b.Job.Redrive - a.Job.Redrive
			}) || len(all) != 2*42+2 {
				t.Errorf("limit %d: %d records", limit, len(all))
			}
			got := map[string]int{}
			for _, rec := range all {
				got[rec.Job.Hook+" "+string(rec.Status)]++
			}
			got["h2 delivered"]-- // 39 was delivered twice
			for _, id := range []string{"h1", "h2"} {
				for status, n := range r.counts(id) {
					listed := len(r.list(delivery.Query{Hook: id, Status: status, Limit: limit}))
					if id == "h2" && status == delivery.StatusDelivered {
						listed--
					}
					if got[id+" "+string(status)] != n || listed != n {
						t.Errorf("limit %d: %d and %d records of %s are %s, counted %d", limit, got[id+" "+string(status)], listed, id, status, n)
					}
				}
			}
		}
		if since := r.list(delivery.Query{Since: time.Now().Add(time.Hour).UnixMilli()}); len(since) != 0 {
			t.Errorf("%d records of the future", len(since))
		}
	})
}

func TestCursorsThatNoListGaveAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		for _, cursor := range []string{"1", "1.2", "1.2.3.4", "-1.0.0", "01.0.0", "a.b.c", strings.Repeat("9", 30) + ".0.0"} {
			if _, _, err := r.q.List(bg, mem1, delivery.Query{After: cursor}); fault.KindOf(err) != fault.InvalidField {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
		if _, _, err := r.q.List(bg, mem1, delivery.Query{Hook: "h9"}); fault.KindOf(err) != fault.NotFound {
			t.Errorf("unknown hook: %v", err)
		}
	})
}

func FuzzParsePosition(f *testing.F) {
	for _, s := range []string{"", "9.1.2", "01.0.0", "1.2", "-1.0.0", "9223372036854775808.0.0"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, err := parsePosition(s); err == nil && s != "" && p.String() != s {
			t.Fatalf("%q was read as %v", s, p)
		}
	})
}
