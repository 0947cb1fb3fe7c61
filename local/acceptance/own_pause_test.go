package acceptance_test

import (
	"fmt"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"
)

func TestRow090PauseAndResume(t *testing.T) {
	row(t, 90, "pause and resume")
	m := shared(t).fresh(t)
	for _, resume := range []string{"backlog", "", "latest"} {
		rx, fence := receive(t), receive(t)
		hook := m.push(t, rx)
		m.push(t, fence)
		first := m.add(t, belief("before "+resume))
		rx.wait(t, 1)
		holdsAll(t, m.patch(t, hook, object{"active": false}), object{"state": "paused"})
		const n = 10
		for i := range n {
			first = m.supersede(t, first, belief(fmt.Sprint("paused ", i)))
		}
		fence.wait(t, n+1)
		rx.exactly(t, 1) // nothing arrives while paused
		if counts := m.counts(t, hook); counts["held"] != n {
			t.Errorf("%d events wait, and the counts say %v", n, counts)
		}
		body, want := object{"active": true}, n+2
		if resume != "" {
			body["resume"] = resume
		}
		if resume == "latest" {
			want = 2
		}
		holdsAll(t, m.patch(t, hook, body), object{"state": "active"})
		m.add(t, belief("after "+resume))
		got := rx.exactly(t, want)
		subjects := make([]string, len(got))
		for i, r := range got {
			subjects[i] = text(t, r.json(t), "subject")
		}
		if resume == "latest" {
			if subjects[1] != "after latest" {
				t.Errorf("resumed at the latest, and heard %v", subjects)
			}
			if counts := m.settledCounts(t, hook, 2); counts["skipped"] != n {
				t.Errorf("%d events were skipped, and the counts say %v", n, counts)
			}
			continue
		}
		for i := range n { // one lineage: in order, and none is missing
			if at := slices.Index(subjects, fmt.Sprint("paused ", i)); at < 0 || i > 0 && at < slices.Index(subjects, fmt.Sprint("paused ", i-1)) {
				t.Errorf("the backlog came as %v", subjects)
			}
		}
		m.settledCounts(t, hook, n+2)
	}
	hook := m.feed(t)
	for _, bad := range []object{{"active": true, "resume": "earliest"}, {"active": "no"}, {"active": true, "resume": 5}} {
		m.call(t, "PATCH", m.path("/hooks/"+hook), bad).refused(t, 400, "")
	}
}

func TestRow090REMWebhook(t *testing.T) {
	row(t, 90, "pause and resume")
	c := tenant(t)
	rx, fence := receive(t), receive(t)
	hook := c.listen(t, rx, "default", "memory.created")
	c.listen(t, fence, "default", "memory.created")
	holdsAll(t, c.call(t, "PATCH", "/v1/webhooks/"+hook, object{"active": false}).want(t, 200), object{"active": false, "state": "paused"})
	c.remember(t, "default", "while paused")
	fence.wait(t, 1)
	rx.exactly(t, 0)
	holdsAll(t, c.call(t, "PATCH", "/v1/webhooks/"+hook, object{"active": true, "resume": "backlog"}).want(t, 200), object{"active": true, "state": "active"})
	rx.exactly(t, 1)
	c.call(t, "PATCH", "/v1/webhooks/"+hook, object{"active": false}).want(t, 200)
	c.remember(t, "default", "skipped")
	fence.wait(t, 2) // it is in the log, which is what "latest" is the end of
	c.call(t, "PATCH", "/v1/webhooks/"+hook, object{"active": true, "resume": "latest"}).want(t, 200)
	c.remember(t, "default", "fresh")
	got := rx.exactly(t, 2)
	if got[0].data(t)["content"] != "while paused" || got[1].data(t)["content"] != "fresh" {
		t.Errorf("heard %s", bodies(got))
	}
}

func TestRow091Gone(t *testing.T) {
	row(t, 91, "410 and Retry-After")
	m := shared(t).fresh(t)
	rx, fence := receive(t, status(410), status(200)), receive(t)
	hook := m.push(t, rx)
	m.push(t, fence)
	m.add(t, belief("first"))
	eventually(t, "the hook to be disabled", func() bool { return m.state(t, hook) == "disabled" })
	if listed := objects(t, m.get(t, "/hooks").want(t, 200), "hooks")[0]; listed["state"] != "disabled" {
		t.Errorf("the list says %v", listed)
	}
	m.add(t, belief("second"))
	fence.wait(t, 2)
	rx.exactly(t, 1) // no retry, and nothing that came after
	letters := m.letters(t, hook)
	if len(letters) != 1 || letters[0]["last_status"] != 410.0 {
		t.Errorf("dead letters %v", letters)
	}
	m.patch(t, hook, object{"active": true})
	if o := rx.wait(t, 2)[1].json(t); o["subject"] != "second" {
		t.Errorf("after the hook was enabled again: %v", o)
	}
}

// asking answers once with a status and Retry-After, then takes everything.
func asking(t *testing.T, code int, after func() string) *receiver {
	t.Helper()
	return receive(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after())
		w.WriteHeader(code)
	}, status(200))
}

func TestRow091RetryAfter(t *testing.T) {
	row(t, 91, "410 and Retry-After")
	m := shared(t).fresh(t)
	seconds := asking(t, 429, func() string { return "7" })
	date := asking(t, 503, func() string { return time.Now().Add(7 * time.Second).UTC().Format(http.TimeFormat) })
	nonsense := asking(t, 503, func() string { return "soon" })
	past := asking(t, 503, func() string { return "0" })
	for _, rx := range []*receiver{seconds, date, nonsense, past} {
		m.push(t, rx)
	}
	m.add(t, belief("first"))
	gap := func(rx *receiver) time.Duration {
		t.Helper()
		got := rx.exactly(t, 2)
		return got[1].at.Sub(got[0].at)
	}
	if waited := max(gap(nonsense), gap(past)); waited > 5*time.Second {
		t.Errorf("%v although nothing was asked for", waited)
	}
	if waited := gap(seconds); waited < 7*time.Second || waited > 12*time.Second {
		t.Errorf("the next attempt came after %v, asked for 7 s", waited)
	}
	if waited := gap(date); waited < 5900*time.Millisecond || waited > 12*time.Second { // a date has whole seconds
		t.Errorf("the next attempt came after %v, asked for a date 7 s ahead", waited)
	}
}

func TestRow092HeldHook(t *testing.T) {
	row(t, 92, "held hook")
	after := load(3, 20)
	s := start(t, 92, settings{"MEMHOOKS_HOLD_AFTER": fmt.Sprint(after)})
	m := s.fresh(t)
	var well atomic.Bool
	rx := receive(t, func(w http.ResponseWriter, _ *http.Request) {
		if !well.Load() {
			w.WriteHeader(500)
		}
	})
	fence := receive(t)
	hook := m.push(t, rx, object{"max_retries": 0})
	m.push(t, fence)
	const n = 30
	var hashes []string
	for i := range n {
		hashes = append(hashes, m.add(t, belief(fmt.Sprint("subject ", i))))
		if i < after {
			rx.wait(t, i+1)
		}
		if i == after {
			eventually(t, "the hook to be held", func() bool { return m.state(t, hook) == "held" })
		}
	}
	fence.wait(t, n)
	tried, _ := rx.all()
	if len(tried) > after+1 { // one may have been under way
		t.Errorf("%d attempts although the hook is held after %d", len(tried), after)
	}
	dead := len(tried)
	eventually(t, "every event to be counted", func() bool {
		counts := m.counts(t, hook)
		return counts["dead"] == dead && counts["held"] == n-dead
	})
	if !deployed() {
		s.restart(t, nil)
	}
	if m.state(t, hook) != "held" {
		t.Error("after a restart the hook is no longer held")
	}
	well.Store(true)
	holdsAll(t, m.patch(t, hook, object{"active": true, "resume": "backlog"}), object{"state": "active"})
	rx.exactly(t, n) // those that died, and the rest
	m.settledCounts(t, hook, n-dead)
	holdsAll(t, m.post(t, "/dead-letters/redrive", object{"hook": hook}).want(t, 200), object{"redriven": dead})
	nothingLost(t, hashes, rx.exactly(t, n+dead)[dead:])
	m.settledCounts(t, hook, n)
	if len(m.letters(t, hook)) != 0 {
		t.Error("dead letters are left")
	}
}

// nothingLost checks that each of these grains has arrived.
func nothingLost(t *testing.T, hashes []string, got []request) {
	t.Helper()
	arrived := map[any]bool{}
	for _, r := range got {
		arrived[r.json(t)["hash"]] = true
	}
	for _, hash := range hashes {
		if !arrived[hash] {
			t.Errorf("%s is lost", hash)
		}
	}
}

func TestRow092SuccessBetween(t *testing.T) {
	row(t, 92, "held hook")
	after := load(3, 20)
	s := start(t, 92, settings{"MEMHOOKS_HOLD_AFTER": fmt.Sprint(after)})
	m := s.fresh(t)
	failing := slices.Repeat([]http.HandlerFunc{status(500)}, after-1)
	rx := receive(t, slices.Concat(failing, []http.HandlerFunc{status(200)}, failing, []http.HandlerFunc{status(200)})...)
	hook := m.push(t, rx, object{"max_retries": 0})
	for i := range 2*after + 2 { // never so many dead letters in a row that it is held
		m.add(t, belief(fmt.Sprint("subject ", i)))
		rx.wait(t, i+1)
		eventually(t, "the outcome", func() bool { c := m.counts(t, hook); return c["delivered"]+c["dead"] == i+1 })
	}
	if m.state(t, hook) != "active" {
		t.Errorf("the hook is %s", m.state(t, hook))
	}
}
