package feed_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

func person(id string) seal.Selector { return seal.Selector{Person: id} }

func TestAPageShowsTheLogInOrder(t *testing.T) {
	h := open(t)
	h.add("n", "unseen")
	all := h.polled("hook-1", nil)
	for _, c := range []string{"a", "b", "c", "d", "e"} {
		h.add("n", c)
	}
	p := h.page(all, "", 2)
	if got := seqs(p.Items); !slices.Equal(got, []int64{2, 3}) || p.Items[0].Prev != 0 || p.Items[1].Prev != 2 {
		t.Errorf("the first page has %+v", p.Items)
	}
	if !p.HasMore || p.CaughtUp || p.Bounds != (feed.Bounds{Head: 6, Floor: 1}) || p.Lag.Events != 3 || p.Lag.Age <= 0 {
		t.Errorf("it says %+v", p)
	}
	if h.content(p.Items[0].Body) != "a" || !strings.HasPrefix(p.Items[0].ID, "evt_") {
		t.Errorf("its event is %s %s", p.Items[0].ID, p.Items[0].Body)
	}
	again := h.page(all, "", 2)
	if !slices.Equal(seqs(again.Items), seqs(p.Items)) || again.Next != p.Next {
		t.Error("reading consumed something")
	}
	rest := h.page(all, p.Next, 3)
	if got := seqs(rest.Items); !slices.Equal(got, []int64{4, 5, 6}) || rest.HasMore || !rest.CaughtUp || rest.Lag != (feed.Lag{}) || rest.Items[0].Prev != 3 {
		t.Errorf("the rest has %v and says %+v", got, rest)
	}
	end := h.page(all, rest.Next, 0)
	if len(end.Items) != 0 || end.Items == nil || !end.CaughtUp || end.Next != rest.Next {
		t.Errorf("the end says %+v", end)
	}
}

func TestAPageOfLargeEventsEndsEarly(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	const events, size = 30, 90_000
	for range events {
		_, err := h.Memory.Remember(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: "n", Fields: map[string]any{"content": strings.Repeat("x", size)}})
		h.must(err)
	}
	p := h.page(all, "", feed.MaxLimit)
	if len(p.Items) == 0 || len(p.Items)*size > 3<<20 || !p.HasMore || p.Lag.Events != int64(events-len(p.Items)) {
		t.Fatalf("%d items, more %v, lag %+v", len(p.Items), p.HasMore, p.Lag)
	}
	if rest := h.page(all, p.Next, feed.MaxLimit); len(rest.Items) != events-len(p.Items) || rest.HasMore {
		t.Errorf("the rest has %d items, more %v", len(rest.Items), rest.HasMore)
	}
}

// counting counts what is read of a log.
type counting struct {
	feed.Log
	read int
}

func (c *counting) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	all, err := c.Log.Read(ctx, m, after, limit)
	c.read += len(all)
	return all, err
}

func TestAPageReadsNoMoreOfTheLogThanItShows(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	some := h.polled("hook-2", func(s *hook.Settings) { s.Namespace = ptr(ptr("rare")) })
	for i := range 40 {
		h.add([]string{"rare", "n", "n", "n"}[i%4], strconv.Itoa(i))
	}
	const oldestLeft = 1 // its time is the page's lag
	for _, c := range []struct {
		of   hook.Hook
		most int
	}{{all, 5}, {some, 25}} {
		log := &counting{Log: h.Cloud.Log}
		p, err := h.over(log).Events(h.ctx, c.of, feed.Request{Limit: 5})
		h.must(err)
		if len(p.Items) != 5 || log.read > c.most+oldestLeft {
			t.Errorf("%d events of %s were found in %d entries of the log, want at most %d", len(p.Items), c.of.ID, log.read, c.most+oldestLeft)
		}
	}
}

// ahead notes what is read ahead and what is told.
type ahead struct {
	feed.Teller
	of    []string // the hooks that it was read for
	read  []int64
	early []int64 // told, and not read before
}

func (a *ahead) Ahead(_ context.Context, h hook.Hook, entries []feed.Entry) {
	a.of = append(a.of, h.ID)
	for _, e := range entries {
		a.read = append(a.read, e.Seq)
	}
}

func (a *ahead) Tell(ctx context.Context, c change.Change) (dialect.Event, error) {
	if !slices.Contains(a.read, c.Seq) {
		a.early = append(a.early, c.Seq)
	}
	return a.Teller.Tell(ctx, c)
}

func TestWhatIsToldWasReadAheadOnceAndTogether(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	some := h.polled("hook-2", func(s *hook.Settings) { s.Namespace = ptr(ptr("rare")) })
	const events = 150
	var every []int64
	for i := range events {
		h.add([]string{"rare", "n", "n"}[i%3], strconv.Itoa(i))
		every = append(every, int64(i+1))
	}
	for _, c := range []struct {
		of              hook.Hook
		limit, shown    int
		readings, ahead int // at most, and of how many entries
	}{{all, events, events, 2, events}, {all, 7, 7, 1, 7}, {some, events, events / 3, 2, events}, {some, 10, 10, 2, 50}} {
		a := &ahead{Teller: h.Memory}
		with := h.config()
		with.Teller, with.Ahead = a, a.Ahead
		p, err := feed.New(with).Events(h.ctx, c.of, feed.Request{Limit: c.limit})
		h.must(err)
		if len(p.Items) != c.shown || len(a.early) > 0 || !slices.Equal(a.read, every[:min(c.ahead, len(a.read))]) {
			t.Errorf("%d events of %s, of them not read ahead %v; read were %v, want each of the first %d once", len(p.Items), c.of.ID, a.early, a.read, c.ahead)
		}
		if len(a.of) > c.readings || slices.ContainsFunc(a.of, func(id string) bool { return id != c.of.ID }) {
			t.Errorf("%d events of %s were read ahead for %v, want %d readings at most", c.shown, c.of.ID, a.of, c.readings)
		}
	}
}

func TestAPlaceIsASeqACursorOrAWord(t *testing.T) {
	h := open(t)
	h.add("n", "unseen")
	all := h.polled("hook-1", nil)
	h.add("n", "a")
	h.add("n", "b")
	for after, want := range map[string][]int64{"earliest": {2, 3}, "": {2, 3}, "0": {2, 3}, "2": {3}, "3": {}, "latest": {}} {
		if got := seqs(h.page(all, after, 0).Items); !slices.Equal(got, want) {
			t.Errorf("after %q come %v, want %v", after, got, want)
		}
	}
	other := h.polled("hook-2", nil)
	foreign := h.page(other, "", 0).Next
	own := h.page(all, "", 0).Next
	for _, after := range []string{"-1", "1.5", "first", "99999999999999999999", foreign, own + "A", own[1:], strings.ToLower(own)} {
		_, err := h.Feed.Events(h.ctx, all, feed.Request{After: after})
		h.refused("after "+after, err, fault.InvalidField)
	}
	if seq, err := h.Feed.ReadCursor(h.ctx, all, own); err != nil || seq != 3 {
		t.Errorf("the cursor stands behind %d, %v", seq, err)
	}
}

// To go on from a place that nobody was at would pass over what comes there.
func TestAPlaceAheadOfTheLogIsRefused(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	h.add("n", "a")
	_, err := h.Feed.Events(h.ctx, all, feed.Request{After: "2", Wait: feed.MaxWait})
	h.refused("events", err, fault.InvalidField)
	_, err = h.Feed.Register(h.ctx, all, "eager", "2")
	h.refused("a consumer", err, fault.InvalidField)
}

func TestTheBoundsOfARequestAreRefused(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	for name, r := range map[string]feed.Request{
		"limit below": {Limit: -1}, "limit above": {Limit: feed.MaxLimit + 1}, "wait below": {Wait: -1}, "wait above": {Wait: feed.MaxWait + 1},
	} {
		_, err := h.Feed.Events(h.ctx, all, r)
		h.refused(name, err, fault.InvalidField)
	}
	_, err := h.Feed.Events(h.ctx, all, feed.Request{Limit: feed.MaxLimit})
	h.must(err)
}

func TestAFilteredCursorMovesPastWhatIsNotSeen(t *testing.T) {
	h := open(t)
	some := h.polled("hook-1", func(s *hook.Settings) {
		n := ptr("wanted")
		s.Namespace = &n
	})
	h.add("other", "a")
	h.add("wanted", "b")
	h.add("other", "c")
	h.add("other", "d")
	p := h.page(some, "", 0)
	if got := seqs(p.Items); !slices.Equal(got, []int64{2}) || !p.CaughtUp || p.Lag.Events != 0 {
		t.Errorf("it sees %v and says %+v", got, p)
	}
	if seq, err := h.Feed.ReadCursor(h.ctx, some, p.Next); err != nil || seq != 4 {
		t.Errorf("its cursor stands behind %d, %v", seq, err)
	}
	h.add("wanted", "e")
	if p = h.page(some, p.Next, 0); len(p.Items) != 1 || p.Items[0].Seq != 5 || p.Items[0].Prev != 2 {
		t.Errorf("then it sees %+v", p.Items)
	}
	if p = h.page(some, "", 1); len(p.Items) != 1 || !p.HasMore {
		t.Errorf("a page of one says %+v", p)
	}
}

func TestBelowTheFloorIsNeverASilentSkip(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	for _, c := range []string{"a", "b", "c"} {
		h.add("n", c)
	}
	start := h.page(all, "0", 1)
	h.must(h.Cloud.Compactor.Compact(h.ctx, home, 3))
	for _, after := range []string{"0", "1", start.Next} {
		_, err := h.Feed.Events(h.ctx, all, feed.Request{After: after})
		h.refused("after "+after, err, fault.Compacted)
		_, late := h.Feed.Register(h.ctx, all, "late", after)
		h.refused("a consumer at "+after, late, fault.Compacted)
		var f *fault.Error
		if !errors.As(err, &f) || f.Details["floor_seq"] != int64(3) {
			t.Errorf("the refusal says %+v", f)
		}
	}
	for _, after := range []string{"2", "earliest", ""} {
		if p := h.page(all, after, 0); !slices.Equal(seqs(p.Items), []int64{3}) || p.Bounds.Floor != 3 {
			t.Errorf("after %q come %v", after, seqs(p.Items))
		}
	}
}

// waiting says when somebody waits.
type waiting struct {
	feed.Log
	begun chan struct{}
	calls int
	still bool // it can't wait
}

func (w *waiting) Wait(ctx context.Context, m change.Memory, after int64) error {
	w.calls++
	if w.still {
		return nil
	}
	w.begun <- struct{}{}
	return w.Log.Wait(ctx, m, after)
}

func TestAWaitEndsWithTheFirstEventThatTheHookSees(t *testing.T) {
	h := open(t)
	some := h.polled("hook-1", func(s *hook.Settings) { s.Events = ptr([]string{"grain_forgotten"}) })
	w := &waiting{Log: h.Cloud.Log, begun: make(chan struct{})}
	service := h.over(w)
	got := make(chan feed.Page, 1)
	go func() {
		p, err := service.Events(h.ctx, some, feed.Request{Wait: feed.MaxWait})
		if err != nil {
			t.Error(err)
		}
		got <- p
	}()
	<-w.begun
	a := h.add("n", "a") // which it does not see
	<-w.begun
	n, err := h.Memory.Forget(h.ctx, home, h.draw(), []store.Ref{{Hash: a.Grain.Hash}})
	if err != nil || n != 1 {
		t.Fatal(n, err)
	}
	if p := <-got; !slices.Equal(seqs(p.Items), []int64{2}) || !p.CaughtUp {
		t.Errorf("it ends with %+v", p)
	}
}

func TestAWaitThatNothingEndsAnswersEmpty(t *testing.T) {
	h := open(t)
	all := h.polled("hook-1", nil)
	p, err := h.Feed.Events(h.ctx, all, feed.Request{Wait: time.Millisecond})
	if err != nil || len(p.Items) != 0 || !p.CaughtUp || p.Next == "" {
		t.Errorf("%+v, %v", p, err)
	}
	can := &waiting{Log: h.Cloud.Log, still: true}
	p, err = h.over(can).Events(h.ctx, all, feed.Request{Wait: feed.MaxWait})
	if err != nil || len(p.Items) != 0 || can.calls != 1 {
		t.Errorf("where the cloud can't wait: %+v, %v, after %d waits", p, err, can.calls)
	}
	w := &waiting{Log: h.Cloud.Log, begun: make(chan struct{})}
	ctx, leave := context.WithCancel(h.ctx)
	done := make(chan error, 1)
	go func() {
		_, err := h.over(w).Events(ctx, all, feed.Request{Wait: feed.MaxWait})
		done <- err
	}()
	<-w.begun
	leave()
	if err := <-done; err != nil {
		t.Errorf("a caller who leaves: %v", err)
	}
}

func TestTheFeedShowsWhatTheHookMayStillSee(t *testing.T) {
	h := open(t)
	full := h.polled("hook-1", nil)
	tight := h.polled("hook-2", func(s *hook.Settings) { s.Redaction = ptr("hash_only") })
	rem := h.polled("hook-3", func(s *hook.Settings) { s.Dialect = "rem" })
	h.add("n", "sentinel")
	keys := func(of hook.Hook) int { return len(h.decoded(h.page(of, "", 1).Items[0].Body)) }
	if keys(full) != 7 || keys(tight) != 2 || keys(rem) != 4 { // neither triple nor tags
		t.Errorf("the bodies have %d, %d and %d keys", keys(full), keys(tight), keys(rem))
	}
	i, err := h.Cloud.Memories.Get(h.ctx, home)
	h.must(err)
	i.Policies, i.Version = []string{"gdpr"}, i.Version+1
	h.must(h.Cloud.Memories.Put(h.ctx, i))
	if body := h.page(full, "", 1).Items[0].Body; strings.Contains(string(body), "sentinel") {
		t.Errorf("a policy came, and the feed shows %s", body)
	}
	i.Policies, i.Version = nil, i.Version+1
	h.must(h.Cloud.Memories.Put(h.ctx, i))
	_, err = h.Memory.Erase(h.ctx, home, h.draw(), person("u-sentinel"))
	h.must(err)
	for _, of := range []hook.Hook{full, tight, rem} {
		body := string(h.page(of, "", 1).Items[0].Body)
		if strings.Contains(body, "sentinel") || strings.Contains(body, `"redacted":"erased"`) != (of.ID != tight.ID) {
			t.Errorf("erased, and %s shows %s", of.ID, body)
		}
	}
}
