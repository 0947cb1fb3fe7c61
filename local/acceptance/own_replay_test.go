package acceptance_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"
	"time"
)

// twins checks that later repeats the event of first as a delivery of its own.
func twins(t testing.TB, first, later request) {
	t.Helper()
	if first.header.Get("webhook-id") != later.header.Get("webhook-id") || !bytes.Equal(first.body, later.body) {
		t.Errorf("%s was repeated as %s", first.body, later.body)
	}
	if first.header.Get("X-Memhooks-Delivery") == later.header.Get("X-Memhooks-Delivery") {
		t.Errorf("delivery %s was used twice", first.header.Get("X-Memhooks-Delivery"))
	}
	if first.seq(t) != later.seq(t) || later.attempt(t) != 1 {
		t.Errorf("seq %d, repeated as %d, attempt %d", first.seq(t), later.seq(t), later.attempt(t))
	}
}

func TestRow088Redelivery(t *testing.T) {
	row(t, 88, "redelivery")
	m := shared(t).fresh(t)
	rx := receive(t)
	hook, feed := m.push(t, rx), m.feed(t)
	const n = 6
	for i := range n {
		m.add(t, belief(fmt.Sprint("subject ", i)))
		rx.wait(t, i+1)
	}
	m.settledCounts(t, hook, n)
	got := rx.exactly(t, n)
	replay := func(body object) object {
		t.Helper()
		return m.post(t, "/hooks/"+hook+"/replay", body).want(t, 200)
	}
	holdsAll(t, replay(object{"from_seq": 2, "to_seq": 4, "dry_run": true}), object{"matched": 3, "redriven": 0, "dry_run": true})
	holdsAll(t, replay(object{"from_seq": 2, "to_seq": 4}), object{"matched": 3, "redriven": 3})
	again := rx.exactly(t, n+3)[n:] // the dry run sent nothing
	slices.SortFunc(again, func(a, b request) int { return a.seq(t) - b.seq(t) })
	for i, r := range again {
		twins(t, got[i+1], r)
	}
	m.log(t, feed, n) // a repetition is no event
	m.settledCounts(t, hook, n)

	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	future := time.Now().Add(time.Hour).UTC().Format(time.RFC3339)
	holdsAll(t, replay(object{"from": past, "dry_run": true}), object{"matched": n})
	holdsAll(t, replay(object{"from": past, "to": past, "dry_run": true}), object{"matched": 0})
	holdsAll(t, replay(object{"from": future, "dry_run": true}), object{"matched": 0})
	holdsAll(t, replay(object{"from": past}), object{"matched": n, "redriven": n})
	rx.exactly(t, 2*n+3)
	for _, bad := range []object{{}, {"from_seq": 3, "to_seq": 2}, {"from_seq": -1}, {"from": "yesterday"}, {"from": 5}, {"from_seq": 1, "failed_since": past}, {"dry_run": true}, {"from_seq": 1, "dry_run": "yes"}} {
		m.post(t, "/hooks/"+hook+"/replay", bad).refused(t, 400, "")
	}
	m.post(t, "/hooks/hook-abc123/replay", object{"from_seq": 1}).refused(t, 404, "not_found")
	for id, times := range ids(rx.exactly(t, 2*n+3)) {
		if times < 2 || times > 3 {
			t.Errorf("event %s came %d times", id, times)
		}
	}
}

func TestRow088FailedSince(t *testing.T) {
	row(t, 88, "redelivery")
	m := shared(t).fresh(t)
	rx := receive(t, status(500), status(500), status(500), status(200))
	hook := m.push(t, rx, object{"max_retries": 0})
	for i := range 5 { // three die, two arrive
		m.add(t, belief(fmt.Sprint("subject ", i)))
		rx.wait(t, i+1)
	}
	m.settledCounts(t, hook, 2)
	got := rx.exactly(t, 5)
	past := time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	dry := m.post(t, "/hooks/"+hook+"/replay", object{"failed_since": past, "dry_run": true}).want(t, 200)
	holdsAll(t, dry, object{"matched": 3, "redriven": 0})
	if len(m.letters(t, hook)) != 3 {
		t.Errorf("after a dry run the dead letters are %v", m.letters(t, hook))
	}
	holdsAll(t, m.post(t, "/hooks/"+hook+"/replay", object{"failed_since": past}).want(t, 200), object{"matched": 3, "redriven": 3})
	again := rx.exactly(t, 8)[5:]
	slices.SortFunc(again, func(a, b request) int { return a.seq(t) - b.seq(t) })
	for i, r := range again {
		twins(t, got[i], r)
	}
	m.settledCounts(t, hook, 5)
	if left := m.letters(t, hook); len(left) != 0 {
		t.Errorf("delivered, and still dead: %v", left)
	}
}

func TestRow088OneDelivery(t *testing.T) {
	row(t, 88, "redelivery")
	c := tenant(t)
	rx := receive(t)
	hook := c.listen(t, rx, "default", "memory.created")
	c.remember(t, "default", "first")
	c.remember(t, "default", "second")
	got := rx.exactly(t, 2)
	path := "/v1/webhooks/" + hook + "/deliveries/"
	for i, r := range got {
		c.settled(t, hook, r)
		a := c.call(t, "POST", path+r.header.Get("X-Memhooks-Delivery")+"/redeliver", nil)
		holdsAll(t, a.want(t, 200), object{"matched": 1, "redriven": 1})
		twins(t, r, rx.exactly(t, 3+i)[2+i])
	}
	other := text(t, c.webhook(t, object{"url": rx.url, "events": list{"*"}}), "id")
	c.call(t, "POST", "/v1/webhooks/"+other+"/deliveries/"+got[0].header.Get("X-Memhooks-Delivery")+"/redeliver", nil).refused(t, 404, "not_found")
	c.call(t, "POST", path+"dlv_nothing/redeliver", nil).refused(t, 404, "not_found")
	rx.exactly(t, 4)
}
