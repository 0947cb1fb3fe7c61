package acceptance_test

import (
	"fmt"
	"net/url"
	"testing"
)

// many adds n grains.
func (m instance) many(t testing.TB, prefix string, n int) {
	t.Helper()
	for from := 0; from < n; from += 500 {
		var grains list
		for i := from; i < min(n, from+500); i++ {
			grains = append(grains, object{"grain_type": "event", "fields": object{"content": fmt.Sprint(prefix, " ", i)}})
		}
		said := m.post(t, "/batch-add", object{"grains": grains}).want(t, 200)
		holdsAll(t, said, object{"added": len(grains), "failed": 0})
	}
}

// floor waits until the log's floor has risen to at least seq.
func (m instance) floor(t testing.TB, hook string, seq int) page {
	t.Helper()
	var p page
	eventually(t, fmt.Sprint("the log's floor to rise to ", seq), func() bool {
		p = m.page(t, hook, "limit=1&after=latest")
		return *p.Floor >= seq
	})
	return p
}

// snapshot reads a whole snapshot: the grains, what was kept from below the
// floor, and where to stream on from.
func (m instance) snapshot(t testing.TB, hook string) (grains, kept []object, from int) {
	t.Helper()
	from = -1
	for path := "/hooks/" + hook + "/snapshot?limit=25"; ; {
		p := m.get(t, path).want(t, 200)
		grains, kept = append(grains, objects(t, p, "grains")...), append(kept, objects(t, p, "events")...)
		at, ok := p["stream_from"].(float64)
		if !ok || from >= 0 && int(at) != from { // fixed by the first page
			t.Fatalf("stream_from is %v after %d", p["stream_from"], from)
		}
		from = int(at)
		next, _ := p["next_cursor"].(string)
		if next == "" {
			return grains, kept, from
		}
		path = "/hooks/" + hook + "/snapshot?limit=25&cursor=" + url.QueryEscape(next)
	}
}

// compacted checks that a place below the floor is told so, never silently
// skipped, with the floor and a link to a snapshot that can be followed.
func (m instance) compacted(t testing.TB, hook, place string, floor int) {
	t.Helper()
	a := m.get(t, "/hooks/"+hook+"/events?after="+url.QueryEscape(place))
	said := a.want(t, 410)
	problem, _ := said["error"].(object)
	holdsAll(t, problem, object{"code": "cursor_compacted"})
	text(t, problem, "message")
	if problem["floor_seq"] == nil { // inside of error or beside it
		problem["floor_seq"], problem["snapshot"] = said["floor_seq"], said["snapshot"]
	}
	holdsAll(t, problem, object{"floor_seq": floor})
	at, err := url.Parse(text(t, problem, "snapshot"))
	if err != nil || m.call(t, "GET", at.RequestURI(), nil).status != 200 {
		t.Errorf("the link leads nowhere (%v): %v", err, a)
	}
}

func TestRow073Compaction(t *testing.T) {
	row(t, 73, "compaction")
	const limit = 20
	s := start(t, 73, settings{"MEMHOOKS_FEED_MAX_EVENTS": fmt.Sprint(limit)})
	m := s.fresh(t)
	hook := m.feed(t)
	m.add(t, belief("ann", object{"user_id": "ann"}))
	early := m.page(t, hook, "limit=1").Next
	m.drop(t, object{"user_id": "ann"})
	rotated := m.post(t, "/keys/rotate", nil).want(t, 200)
	old := m.add(t, belief("bob"))
	m.supersede(t, old, belief("bob", object{"object": "milk"}))
	gone := m.add(t, belief("cat"))
	m.drop(t, object{"blob_hash": gone})
	m.many(t, "filler", 100)

	p := m.floor(t, hook, 1+limit)
	eventually(t, "the log to keep no more than it may", func() bool {
		p = m.page(t, hook, "limit=1&after=latest")
		return *p.Head-*p.Floor+1 <= limit
	})
	if got := m.all(t, hook); len(got) != limit || got[0].Seq != *p.Floor {
		t.Errorf("earliest is %d events from %d on, floor %d", len(got), got[0].Seq, *p.Floor)
	}
	for _, place := range []string{early, "1", fmt.Sprint(*p.Floor - 2)} {
		m.compacted(t, hook, place, *p.Floor)
	}
	m.page(t, hook, fmt.Sprint("after=", *p.Floor-1))

	grains, kept, from := m.snapshot(t, hook)
	if len(grains) != 101 || from != *p.Head {
		t.Errorf("%d grains, stream from %d, want 101 and %d", len(grains), from, *p.Head)
	}
	seen := map[string]bool{}
	for _, g := range grains {
		hash := text(t, g["event"].(object), "hash")
		if at, ok := g["last_seq"].(float64); !ok || at < 1 || seen[hash] || hash == old || hash == gone {
			t.Fatalf("in the snapshot: %v", g)
		}
		seen[hash] = true
	}
	if len(kept) != 2 { // tombstones outlive the log
		t.Fatalf("kept below the floor: %v", kept)
	}
	holdsAll(t, kept[0]["event"].(object), object{"event_type": "crypto_erase", "user_id": "ann"})
	holdsAll(t, kept[1]["event"].(object), object{"event_type": "key_rotated", "key_id": rotated["key_id"]})

	m.add(t, belief("late"))
	if next := m.page(t, hook, fmt.Sprint("after=", from)); len(next.Events) != 1 || next.Events[0].event["subject"] != "late" {
		t.Errorf("streaming on from the snapshot gives %v", eventBodies(next.Events))
	}
}

func TestRow073Consumers(t *testing.T) {
	row(t, 73, "compaction")
	const limit = 20
	s := start(t, 73, settings{"MEMHOOKS_FEED_MAX_EVENTS": fmt.Sprint(limit)})
	m := s.fresh(t)
	hook := m.feed(t)
	consumers := "/hooks/" + hook + "/consumers/"
	m.many(t, "first", 10)
	made := m.call(t, "PUT", m.path(consumers+"slow"), nil).want(t, 200)
	holdsAll(t, made, object{"name": "slow"})
	cursor := m.page(t, hook, "limit=5").Next
	m.post(t, consumers+"slow/ack", object{"cursor": cursor}).want(t, 200)
	m.post(t, consumers+"slow/ack", object{"cursor": m.page(t, hook, "limit=2").Next}).want(t, 200) // never back
	shown := m.get(t, consumers+"slow").want(t, 200)
	at := text(t, shown, "cursor")
	if p := m.page(t, hook, "limit=1&after="+url.QueryEscape(at)); p.Events[0].Seq != 6 {
		t.Errorf("acked up to %d", p.Events[0].Seq-1)
	}
	m.post(t, consumers+"slow/ack", object{"cursor": "nonsense"}).refused(t, 400, "")
	m.get(t, consumers+"nobody").refused(t, 404, "not_found")

	// A live consumer holds what it has not read, up to twice the bound.
	m.many(t, "second", 25)
	other := s.fresh(t) // compacted in the same turn, so its floor is the fence
	fence := other.feed(t)
	other.many(t, "other", 3*limit)
	other.floor(t, fence, 2*limit)
	p := m.page(t, hook, "limit=1&after="+url.QueryEscape(at))
	if p.Events[0].Seq != 6 || *p.Floor > 6 {
		t.Errorf("the live consumer goes on at %d, floor %d", p.Events[0].Seq, *p.Floor)
	}
	m.many(t, "third", 4*limit)
	p = m.floor(t, hook, 7)
	eventually(t, "the hard limit to hold", func() bool {
		p = m.page(t, hook, "limit=1&after=latest")
		return *p.Head-*p.Floor+1 <= 2*limit
	})
	m.get(t, "/hooks/"+hook+"/events?after="+url.QueryEscape(at)).want(t, 410)
	m.post(t, consumers+"slow/ack", object{"cursor": p.Next}).want(t, 200)
	m.floor(t, hook, *p.Head-limit+1)
}

func TestRow073Expired(t *testing.T) {
	row(t, 73, "compaction")
	const limit = 20
	s := start(t, 73, settings{"MEMHOOKS_FEED_MAX_EVENTS": fmt.Sprint(limit)})
	m := s.fresh(t)
	feed := m.feed(t)
	rx := receive(t)
	hook := m.push(t, rx)
	m.call(t, "PATCH", m.path("/hooks/"+hook), object{"active": false}).want(t, 200)
	const n = 100
	m.many(t, "backlog", n)
	p := m.floor(t, feed, n-2*limit+1)
	if kept := n - *p.Floor + 1; kept != 2*limit {
		t.Errorf("for a paused hook %d events are kept, want %d", kept, 2*limit)
	}
	m.call(t, "PATCH", m.path("/hooks/"+hook), object{"active": true}).want(t, 200)
	for _, r := range rx.exactly(t, 2*limit) {
		if r.seq(t) < *p.Floor {
			t.Errorf("seq %d was delivered from below the floor %d", r.seq(t), *p.Floor)
		}
	}
	eventually(t, "what was lost to the limit to be counted as expired", func() bool {
		return m.counts(t, hook)["expired"] == n-2*limit && m.counts(t, hook)["delivered"] == 2*limit
	})
}
