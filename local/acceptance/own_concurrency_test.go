package acceptance_test

import (
	"fmt"
	"testing"
)

func TestRow080ParallelWrites(t *testing.T) {
	row(t, 80, "no duplicate on concurrency")
	c := tenant(t)
	m := c.memory("default")
	rx := receive(t)
	m.push(t, rx)
	feed := m.feed(t)
	const n = 100
	beside(t, n, func(i int) error {
		return expect(200)(m.try(t.Context(), "POST", m.path("/add"), belief(fmt.Sprint("subject ", i))))
	})
	log := m.log(t, feed, n)
	chained(t, log, 0)
	seen, byID := map[any]bool{}, map[string]bool{}
	for _, e := range log {
		seen[e.event["hash"]], byID[e.ID] = true, true
	}
	if len(seen) != n || len(byID) != n {
		t.Errorf("%d hashes and %d ids for %d writes", len(seen), len(byID), n)
	}
	for id, times := range ids(rx.exactly(t, n)) {
		if times != 1 || !byID[id] {
			t.Errorf("event %s came %d times", id, times)
		}
	}
}

// expect makes an error of an answer with another status.
func expect(status int) func(answer, error) error {
	return func(a answer, err error) error {
		if err == nil && a.status != status {
			err = fmt.Errorf("want %d: %v", status, a)
		}
		return err
	}
}

func TestRow080OneWinner(t *testing.T) {
	row(t, 80, "no duplicate on concurrency")
	c := tenant(t)
	m := c.memory("default")
	feed := m.feed(t)
	n := load(60, 20)
	hash := m.add(t, belief("contested"))
	answers := make([]answer, n)
	beside(t, n, func(i int) (err error) {
		answers[i], err = m.try(t.Context(), "POST", m.path("/supersede"), belief("contested", object{"blob_hash": hash, "object": fmt.Sprint(i)}))
		return err
	})
	won := map[int]int{}
	for _, a := range answers {
		won[a.status]++
	}
	if won[200] != 1 || won[409] != n-1 {
		t.Errorf("statuses %v, want one 200 and %d 409", won, n-1)
	}
	m.log(t, feed, 2)

	same := belief("the same", object{"created_at": 1768471200000})
	beside(t, n, func(int) error { return expect(200)(m.try(t.Context(), "POST", m.path("/add"), same)) })
	m.log(t, feed, 3) // one grain, one event
	repeat := func() (answer, error) {
		return m.try(t.Context(), "POST", m.path("/add"), belief("repeated"), header("Idempotency-Key", "row-080"))
	}
	beside(t, n, func(int) error {
		a, err := repeat()
		if a.status == 409 { // while the first is still running
			return err
		}
		return expect(200)(a, err)
	})
	if err := expect(200)(repeat()); err != nil {
		t.Error(err)
	}
	m.log(t, feed, 4)

	beside(t, n, func(i int) error {
		return expect(200)(c.try(t.Context(), "POST", "/v1/memory-set", object{"key": "one", "value": fmt.Sprint(i)}))
	})
	kinds := map[string]int{}
	for _, e := range m.log(t, feed, 4+n)[4:] {
		kinds[text(t, e.event, "event_type")]++
	}
	if kinds["grain_created"] != 1 || kinds["grain_superseded"] != n-1 {
		t.Errorf("%d sets of one key raised %v", n, kinds)
	}
	holdsAll(t, c.call(t, "POST", "/v1/memory-get", object{"key": "one"}).want(t, 200), object{"found": true, "version": n})
}
