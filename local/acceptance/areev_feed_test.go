package acceptance_test

import (
	"fmt"
	"net/url"
	"slices"
	"testing"
	"time"
)

// chained checks that seq rises, and that each event names the one before it.
func chained(t testing.TB, entries []entry, before int) {
	t.Helper()
	for _, e := range entries {
		if *e.Prev != before || e.Seq <= before {
			t.Errorf("seq %d after %d says that %d came before", e.Seq, before, *e.Prev)
		}
		before = e.Seq
	}
}

func TestRow071CDCOrder(t *testing.T) {
	row(t, 71, "CDC order")
	c := tenant(t)
	m := c.memory("default")
	all, created := m.feed(t), m.feed(t, object{"event_filters": list{"grain_created"}})
	rem := m.feed(t, object{"dialect": "rem"})
	const rounds = 20
	beside(t, rounds, func(i int) error {
		a, err := m.try(t.Context(), "POST", m.path("/add"), belief(fmt.Sprint("subject ", i)))
		if err == nil && a.status != 200 {
			err = fmt.Errorf("%v", a)
		}
		return err
	})
	entries := m.log(t, all, rounds)
	chained(t, entries, 0)
	for i, e := range entries { // it sees every event so far, so no number is missing
		if e.Seq != i+1 {
			t.Errorf("event %d has seq %d", i+1, e.Seq)
		}
	}
	for i := range 5 {
		c.recall(t, "default", "subject") // for the rem dialect alone
		hash := m.supersede(t, text(t, entries[i].event, "hash"), belief("superseded"))
		m.drop(t, object{"blob_hash": hash})
		m.add(t, belief("late"))
	}
	entries = m.log(t, all, rounds+15)
	chained(t, entries, 0)
	chained(t, m.log(t, created, rounds+5), 0)
	whole := m.log(t, rem, rounds+20)
	chained(t, whole, 0)
	for i, e := range whole {
		if e.Seq != i+1 {
			t.Errorf("event %d of all has seq %d", i+1, e.Seq)
		}
	}
	ids := map[string]bool{}
	for _, e := range whole {
		ids[e.ID] = true
	}
	for _, e := range entries {
		if !ids[e.ID] {
			t.Errorf("event %s has another id for another hook", e.ID)
		}
	}
	if len(ids) != len(whole) {
		t.Errorf("%d ids for %d events", len(ids), len(whole))
	}
}

func TestRow071Resume(t *testing.T) {
	row(t, 71, "CDC order")
	m := shared(t).fresh(t)
	hook, other := m.feed(t), m.feed(t)
	for i := range 25 {
		m.add(t, belief(fmt.Sprint("subject ", i)))
	}
	entries := m.log(t, hook, 25)
	var resumed []int
	cursor, before := "earliest", 0
	for len(resumed) < 25 {
		p := m.page(t, hook, "limit=7&after="+url.QueryEscape(cursor))
		again := m.page(t, hook, "limit=7&after="+url.QueryEscape(cursor)) // reading consumes nothing
		if len(p.Events) == 0 || len(again.Events) != len(p.Events) || again.Events[0].Seq != p.Events[0].Seq {
			t.Fatalf("after %d: %d events, then %d", before, len(p.Events), len(again.Events))
		}
		chained(t, p.Events, before)
		for _, e := range p.Events {
			resumed, before = append(resumed, e.Seq), e.Seq
		}
		cursor = p.Next
	}
	if !slices.IsSorted(resumed) || len(resumed) != 25 || resumed[24] != entries[24].Seq {
		t.Errorf("resumed %v", resumed)
	}
	if p := m.page(t, hook, "after=10&limit=1"); p.Events[0].Seq != 11 {
		t.Errorf("after seq 10 comes %d", p.Events[0].Seq)
	}
	if p := m.page(t, hook, "after=latest"); len(p.Events) != 0 || !*p.CaughtUp {
		t.Errorf("after latest: %v", p)
	}
	flipped := []byte(cursor)
	flipped[len(flipped)/2] ^= 1
	for _, bad := range []string{string(flipped), cursor + "x", cursor[:len(cursor)-1], "nonsense", "-1", "1.5", "0x5"} {
		m.get(t, "/hooks/"+hook+"/events?after="+url.QueryEscape(bad)).refused(t, 400, "")
	}
	m.get(t, "/hooks/"+other+"/events?after="+url.QueryEscape(cursor)).refused(t, 400, "")
}

func TestRow071LongPoll(t *testing.T) {
	row(t, 71, "CDC order")
	m := shared(t).fresh(t)
	hook := m.feed(t)
	begun := time.Now()
	if deployed() { // where nothing waits: the answer comes at once
		if p := m.page(t, hook, "wait_ms=20000"); len(p.Events) != 0 || time.Since(begun) > 10*time.Second {
			t.Errorf("%d events after %v", len(p.Events), time.Since(begun))
		}
		return
	}
	if p := m.page(t, hook, "wait_ms=300"); len(p.Events) != 0 || time.Since(begun) < 290*time.Millisecond {
		t.Errorf("%d events after %v", len(p.Events), time.Since(begun))
	}
	got := make(chan answer, 1)
	go func() {
		a, _ := m.try(t.Context(), "GET", m.path("/hooks/"+hook+"/events?wait_ms=20000"), nil)
		got <- a
	}()
	m.add(t, belief("ann"))
	a := <-got
	if events := objects(t, a.want(t, 200), "events"); len(events) != 1 || time.Since(begun) > 15*time.Second {
		t.Errorf("after %v: %v", time.Since(begun), a)
	}
	m.get(t, "/hooks/"+hook+"/events?wait_ms=20001").refused(t, 400, "")
	m.get(t, "/hooks/"+hook+"/events?wait_ms=-1").refused(t, 400, "")
}

func TestRow072CDCPaging(t *testing.T) {
	row(t, 72, "CDC paging")
	m := shared(t).fresh(t)
	hook := m.feed(t)
	empty := m.page(t, hook, "")
	if len(empty.Events) != 0 || *empty.HasMore || !*empty.CaughtUp || *empty.Head != 0 || *empty.Lag.Events != 0 || empty.Next == "" {
		t.Errorf("an empty log: %+v", empty)
	}
	const n = 120
	m.many(t, "number", n)
	m.log(t, hook, n)
	for _, limit := range []int{1, 7, 40, 119, 120, 121, 1000} {
		after, seen := "earliest", 0
		for {
			p := m.page(t, hook, fmt.Sprintf("limit=%d&after=%s", limit, url.QueryEscape(after)))
			seen += len(p.Events)
			left := n - seen
			if want := min(limit, n-seen+len(p.Events)); len(p.Events) != want {
				t.Fatalf("limit %d: a page of %d, want %d", limit, len(p.Events), want)
			}
			if *p.HasMore != (left > 0) || *p.CaughtUp != (left == 0) || *p.Lag.Events != left || *p.Head != n || *p.Floor != 1 {
				t.Fatalf("limit %d, %d left: has_more %v, caught_up %v, lag %d, head %d, floor %d",
					limit, left, *p.HasMore, *p.CaughtUp, *p.Lag.Events, *p.Head, *p.Floor)
			}
			if left == 0 && *p.Lag.MS != 0 {
				t.Errorf("caught up, and %d ms behind", *p.Lag.MS)
			}
			if after = p.Next; left == 0 {
				break
			}
		}
		if p := m.page(t, hook, "after="+url.QueryEscape(after)); len(p.Events) != 0 || *p.HasMore {
			t.Errorf("behind the end: %+v", p)
		}
	}
	if p := m.page(t, hook, ""); len(p.Events) != 100 || !*p.HasMore {
		t.Errorf("a page has %d events unless a limit is given", len(p.Events))
	}
	for _, bad := range []string{"limit=0", "limit=-1", "limit=1001", "limit=x", "limit=1.5"} {
		m.get(t, "/hooks/"+hook+"/events?"+bad).refused(t, 400, "")
	}
}

// A filtered consumer's cursor gets past what it does not see.
func TestRow072Filtered(t *testing.T) {
	row(t, 72, "CDC paging")
	m := shared(t).fresh(t)
	goals, whole := m.feed(t, object{"filter": object{"grain_type": list{"goal"}}}), m.feed(t)
	const n = 120
	m.many(t, "number", n)
	m.log(t, whole, n)
	m.log(t, m.feed(t), 0)
	p := m.page(t, goals, "")
	if len(p.Events) != 0 || *p.HasMore || *p.Lag.Events != 0 {
		t.Errorf("nothing for the filter: %+v", p)
	}
	m.add(t, object{"grain_type": "goal", "description": "ship it"})
	m.log(t, whole, n+1)
	next := m.page(t, goals, "after="+url.QueryEscape(p.Next))
	if len(next.Events) != 1 || next.Events[0].Seq != n+1 || *next.Events[0].Prev != 0 {
		t.Errorf("after the filtered ones: %+v", next)
	}
	if next.Next == p.Next {
		t.Error("the cursor did not move")
	}
}
