package embedded

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

func seqs(posts []post) []int64 {
	var all []int64
	for _, p := range posts {
		all = append(all, p.seq)
	}
	return all
}

func wantCounts(t *testing.T, got map[delivery.Status]int, want map[delivery.Status]int) {
	t.Helper()
	if !maps.Equal(got, want) {
		t.Errorf("counts %v, want %v", got, want)
	}
}

func TestEveryEntryIsDeliveredOnceAndRecorded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.serve()
		defer func() { r.stop() }()
		r.add("before any hook")
		r.addWebhook("h1")
		r.addWebhook("h2")
		r.add("a", "b", "c")
		r.settled()
		if got := seqs(r.seen()); len(got) != 6 || !slices.Contains(got, 4) || slices.Contains(got, 1) {
			t.Errorf("posts of seqs %v", got)
		}
		for _, id := range []string{"h1", "h2"} {
			wantCounts(t, r.counts(id), map[delivery.Status]int{delivery.StatusDelivered: 3})
		}
		records := r.list(delivery.Query{Hook: "h1", Limit: 2})
		if len(records) != 3 || records[0].Job.Entry.Seq != 4 || records[2].Job.Prev != 0 || records[0].Job.Prev != 3 ||
			records[0].Code != 200 || records[0].Status != delivery.StatusDelivered || records[0].Took != time.Millisecond ||
			records[0].Job.Entry.Change.Hash != hashOf("c") {
			t.Errorf("records %+v", records)
		}
	})
}

func TestAGroupWaitsForItsFirstAndOthersDoNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if j.Entry.Seq == 1 && j.Attempts < 2 {
				return failing(j, 4)
			}
			return ok(j)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.versions("a", 3) // seqs 1 to 3, one lineage
		r.add("b")         // 4
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 4}) {
			t.Fatalf("posts %v: 2 and 3 must wait for 1, 4 must not", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusPending: 3, delivery.StatusDelivered: 1})
		time.Sleep(2 * time.Second)
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 4, 1, 1, 2, 3}) {
			t.Errorf("posts %v", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: 4})
		if got := r.seen(); got[2].attempt != 2 || got[3].attempt != 3 || got[2].at-got[0].at < time.Second || got[3].at-got[2].at < time.Second {
			t.Errorf("retries %+v", got)
		}
		first, err := r.q.Find(bg, mem1, "h1", 1, 0)
		r.must(err)
		if first.Job.Attempts != 3 || first.Status != delivery.StatusDelivered || first.LastAt-first.FirstAt < 2000 {
			t.Errorf("record %+v", first)
		}
	})
}

func TestARestartKeepsRetriesPlacesAndCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if j.Entry.Seq == 1 {
				return failing(j, 4)
			}
			return ok(j)
		}
		r.serve()
		r.addWebhook("h1")
		r.versions("a", 3)
		r.add("b")
		r.settled()
		r.restart()
		defer func() { r.stop() }()
		r.add("c")
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 4, 5}) {
			t.Fatalf("posts %v", got)
		}
		r.restart()
		time.Sleep(5 * time.Second)
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got, []int64{1, 4, 5, 1, 1, 1, 2, 3}) {
			t.Errorf("posts %v", got)
		}
		if got := r.seen(); got[5].attempt != 4 {
			t.Errorf("the attempts went on from %+v", got[5])
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: 4, delivery.StatusDead: 1})
		if dead := r.list(delivery.Query{Status: delivery.StatusDead}); len(dead) != 1 || dead[0].Error != "answered 500" || dead[0].Code != 500 {
			t.Errorf("dead letters %+v", dead)
		}
	})
}

func TestWhatWasPostedButNotRecordedComesAgainWithItsIDs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		hang := make(chan struct{})
		r.answer = func(ctx context.Context, j delivery.Job) delivery.Outcome {
			if j.Entry.Seq != 2 {
				return ok(j)
			}
			select {
			case <-hang:
				return ok(j)
			case <-ctx.Done(): // the process ends
				return delivery.Outcome{Job: j, Verdict: delivery.PutBack}
			}
		}
		r.serve()
		r.addWebhook("h1")
		r.add("a", "b", "c")
		r.settled()
		began := time.Now()
		r.restart()
		if took := time.Since(began); took < grace || took > grace+time.Second {
			t.Errorf("a hanging attempt was given %v", took)
		}
		close(hang)
		defer func() { r.stop() }()
		r.settled()
		posts := r.seen()
		if got := seqs(posts); len(got) != 4 || got[3] != 2 {
			t.Fatalf("posts %v: only 2 was unrecorded", got)
		}
		for _, p := range posts[:3] {
			if p.seq == 2 && p.id != posts[3].id {
				t.Error("the repeat has another event id")
			}
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDelivered: 3})
	})
}

func TestAHangingHookHoldsUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.answer = func(ctx context.Context, j delivery.Job) delivery.Outcome {
			if j.Hook == "hangs" {
				return hanging(ctx, j)
			}
			return ok(j)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("hangs")
		r.addWebhook("works")
		for i := range 200 {
			r.versions(string(rune('A'+i%26))+time.Duration(i).String(), 1)
		}
		r.settled()
		wantCounts(t, r.counts("works"), map[delivery.Status]int{delivery.StatusDelivered: 200})
		hang := 0
		for _, p := range r.seen() {
			if p.hook == "hangs" {
				hang++
			}
		}
		if hang == 0 || hang > firstSlots {
			t.Errorf("%d attempts hang at once", hang)
		}
		wantCounts(t, r.counts("hangs"), map[delivery.Status]int{delivery.StatusPending: 200})
	})
}

// Together they hold as many attempts as there may be, beside one of each; what
// does not hang gets through all the same.
func TestManyHangingHooksHoldUpNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const hooks, most = 40, 32
		r := receive(t, Config{Attempts: most})
		r.answer = func(ctx context.Context, j delivery.Job) delivery.Outcome {
			if j.Hook == "works" {
				return ok(j)
			}
			return hanging(ctx, j)
		}
		r.serve()
		defer func() { r.stop() }()
		for i := range hooks {
			r.addWebhook(time.Duration(i).String())
		}
		r.add("a", "b", "c", "d", "e", "f", "g", "h", "i", "j")
		r.settled()
		hang := len(r.seen())
		if hang < hooks || hang > hooks+most {
			t.Errorf("%d attempts of %d hooks hang at once, with room for %d", hang, hooks, most)
		}
		r.addWebhook("works")
		r.add("k", "l", "m")
		r.settled()
		wantCounts(t, r.counts("works"), map[delivery.Status]int{delivery.StatusDelivered: 3})
		pass(time.Second)
		if now := len(r.seen()); now != hang+3 {
			t.Errorf("%d attempts more than were made hang", now-hang-3)
		}
		r.stop()
		if left := r.q.busy.Load(); left != 0 {
			t.Errorf("%d places stay taken by nobody", left)
		}
		r.serve()
	})
}

func TestAHookIsHeldAndCatchesUpWhenItIsResumed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{HoldAfter: 3, Workers: 1})
		broken := true
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if broken {
				return failing(j, 1)
			}
			return ok(j)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a", "b", "c", "d", "e")
		r.settled()
		if r.state("h1") != hook.Held || len(r.seen()) != 3 {
			t.Fatalf("state %s after %d posts", r.state("h1"), len(r.seen()))
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDead: 3, delivery.StatusHeld: 2})
		r.add("f")
		r.restart()
		r.settled()
		if len(r.seen()) != 3 {
			t.Fatal("a held hook was sent to")
		}
		broken = false
		r.setState("h1", hook.Active)
		r.settled()
		if got := seqs(r.seen()); !slices.Equal(got[3:], []int64{4, 5, 6}) {
			t.Errorf("posts %v", got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDead: 3, delivery.StatusDelivered: 3})
	})
}

func TestResumedAtLatestSkipsWhatWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if j.Entry.Seq == 1 {
				return failing(j, 9)
			}
			return ok(j)
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.versions("a", 2)
		r.settled()
		r.setState("h1", hook.Paused)
		r.add("b", "c")
		r.settled()
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusHeld: 4})
		n, err := r.q.SkipToHead(bg, mem1, "h1")
		r.must(err)
		r.setState("h1", hook.Active)
		r.add("d")
		time.Sleep(time.Minute)
		r.settled()
		if got := seqs(r.seen()); n != 4 || !slices.Equal(got, []int64{1, 5}) {
			t.Errorf("skipped %d, posts %v", n, got)
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusSkipped: 4, delivery.StatusDelivered: 1})
	})
}

func TestAGoneReceiverDisablesItsHook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{Workers: 1})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			o := attempted(j, 410, "answered 410")
			o.Verdict, o.Disable = delivery.GiveUp, true
			return o
		}
		r.serve()
		defer func() { r.stop() }()
		r.addWebhook("h1")
		r.add("a", "b")
		r.settled()
		if r.state("h1") != hook.Disabled || len(r.seen()) != 1 {
			t.Errorf("state %s after %d posts", r.state("h1"), len(r.seen()))
		}
		wantCounts(t, r.counts("h1"), map[delivery.Status]int{delivery.StatusDead: 1, delivery.StatusHeld: 1})
	})
}
