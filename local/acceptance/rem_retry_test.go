package acceptance_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"
)

// exhausted is how many requests a webhook gets for an event that never
// succeeds: the first and three retries.
const exhausted = 4

func TestRow031Retries(t *testing.T) {
	row(t, 31, "retries")
	s := start(t, 31, settings{"MEMHOOKS_RETRY_BASE": "100ms", "MEMHOOKS_RETRY_FACTOR": "2", "MEMHOOKS_RETRY_JITTER": "0"},
		"MEMHOOKS_RETRY_BASE", "MEMHOOKS_RETRY_JITTER")
	base, jitter := s.span(t, "MEMHOOKS_RETRY_BASE"), s.share(t, "MEMHOOKS_RETRY_JITTER")
	rx, witness := receive(t, status(500)), receive(t, status(500))
	id := s.listen(t, rx, "row-031", "memory.created")
	s.remember(t, "row-031", "never accepted")
	got := rx.exactly(t, exhausted)
	for i, r := range got {
		if r.attempt(t) != i+1 {
			t.Errorf("attempt %d says that it is %d", i+1, r.attempt(t))
		}
		if i == 0 {
			continue
		}
		// Each floor is twice the one before it, so the gaps grow; the clocks'
		// grain is a millisecond.
		due := base << (i - 1)
		floor := due - time.Duration(jitter*float64(due)) - 2*time.Millisecond
		if gap := r.at.Sub(got[i-1].at); gap < floor || gap > due+slower()*5*time.Second {
			t.Errorf("gap %d is %v, want %v", i, gap, due)
		}
	}
	// A fifth attempt would be due eight times the base after the last. The
	// witness goes the same way twice, which takes fourteen times as long.
	s.listen(t, witness, "row-031-witness", "memory.created")
	for i := range 2 {
		s.remember(t, "row-031-witness", "never accepted either")
		witness.exactly(t, exhausted*(i+1))
	}
	if all, _ := rx.all(); len(all) != exhausted {
		t.Errorf("%d requests, want %d", len(all), exhausted)
	}
	if letters := s.letters(t, id); len(letters) != 1 {
		t.Errorf("want one dead letter: %v", letters)
	}
}

func TestRow032RetryRecovers(t *testing.T) {
	row(t, 32, "retry recovers")
	c := shared(t)
	ns := name("row-032")
	rx := receive(t, status(500), status(500), status(200))
	id := c.listen(t, rx, ns, "memory.created")
	c.remember(t, ns, "accepted at the third attempt")
	got := rx.exactly(t, 3)
	done := c.settled(t, id, got[2])
	if done["status"] != "delivered" || done["attempts"] != 3.0 {
		t.Errorf("the delivery is %v, want delivered after 3 attempts", done)
	}
	c.remember(t, ns, "fence")
	fence := rx.exactly(t, 4)[3]
	unbroken(t, got[2], fence)
	if fence.attempt(t) != 1 || fence.data(t)["content"] != "fence" {
		t.Errorf("after the recovery came %s", fence.body)
	}
	if letters := c.letters(t, id); len(letters) != 0 {
		t.Errorf("dead letters of what was delivered: %v", letters)
	}
}

// settled waits until the delivery of a request is no longer pending, and
// returns it.
func (c caller) settled(t testing.TB, hook string, r request) object {
	t.Helper()
	id := r.header.Get("X-Memhooks-Delivery")
	if id == "" {
		t.Fatalf("no X-Memhooks-Delivery on %s", r.body)
	}
	var found object
	eventually(t, "the end of delivery "+id, func() bool {
		for _, d := range c.deliveries(t, hook) {
			if d["id"] == id {
				found = d
			}
		}
		return found != nil && found["status"] != "pending"
	})
	return found
}

func TestRow033SameBytes(t *testing.T) {
	row(t, 33, "same bytes")
	c := shared(t)
	ns := name("row-033")
	rx := receive(t, status(500), status(503), status(404), status(500), status(200))
	c.webhook(t, object{"url": rx.url, "events": list{"memory.updated"}, "namespace": ns, "secret": "secret", "max_retries": 4})
	id := c.remember(t, ns, "first version")
	c.call(t, "PATCH", "/v1/memories/"+id, object{"content": "second ✓ version", "tags": list{"b", "a"}}).want(t, 200)
	got := rx.exactly(t, 5)
	first := got[0]
	for i, r := range got {
		if !bytes.Equal(r.body, first.body) {
			t.Errorf("attempt %d carries %s, the first %s", i+1, r.body, first.body)
		}
		for _, same := range []string{"webhook-id", "X-REM-Signature", "X-Memhooks-Seq", "X-Memhooks-Delivery", "X-Memhooks-Hook"} {
			if value := r.header.Get(same); value == "" || value != first.header.Get(same) {
				t.Errorf("%s is %q at attempt %d, %q at the first", same, value, i+1, first.header.Get(same))
			}
		}
		if r.attempt(t) != i+1 {
			t.Errorf("attempt %d says that it is %d", i+1, r.attempt(t))
		}
	}
}

func TestRow034Timeout(t *testing.T) {
	aside(t, 34, "timeout")
	s := start(t, 34, settings{"MEMHOOKS_TIMEOUT": "1500ms"}, "MEMHOOKS_TIMEOUT")
	released := make(chan time.Time, 8)
	told := func(h http.HandlerFunc) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			h(w, r)
			released <- time.Now()
		}
	}
	// The emulator of AWS starts a queue's batches one after another, so there
	// the healthy receiver waits for attempts that hang, and not for their end.
	hangs := load(1, 3)
	hanging := func(h http.HandlerFunc) *receiver {
		return receive(t, append(slices.Repeat([]http.HandlerFunc{told(h)}, hangs), status(200))...)
	}
	before, middle, healthy := hanging(hang), hanging(dribble), receive(t)
	hooks := []string{s.listen(t, before, "row-034", "memory.created"), s.listen(t, middle, "row-034", "memory.created")}
	s.listen(t, healthy, "row-034-healthy", "memory.created")
	s.remember(t, "row-034", "for those that hang")
	before.exactly(t, 1)
	middle.exactly(t, 1)
	const n = 20
	for i := range n {
		s.remember(t, "row-034-healthy", fmt.Sprint(i))
	}
	last := healthy.exactly(t, n)[n-1]
	for range load(0, 2*hangs-1) {
		<-released
	}
	for range load(2, 1) {
		if given := <-released; last.at.After(given) {
			t.Errorf("the healthy receiver got its last event %v after a hanging one had been given up", last.at.Sub(given))
		}
	}
	for i, rx := range []*receiver{before, middle} {
		got := rx.exactly(t, hangs+1)
		if gap := got[1].at.Sub(got[0].at); gap < s.span(t, "MEMHOOKS_TIMEOUT")-100*time.Millisecond {
			t.Errorf("the second attempt came after %v, before the first was given up", gap)
		}
		if done := s.settled(t, hooks[i], got[hangs]); done["status"] != "delivered" || done["attempts"] != float64(hangs+1) {
			t.Errorf("the delivery is %v, want delivered at the attempt that was answered", done)
		}
	}
}

func TestRow037RestartSafety(t *testing.T) {
	aside(t, 37, "restart safety")
	stopping(t, 37)
	for _, how := range []struct {
		name string
		end  func(*server, *testing.T)
	}{
		{"stopped", func(s *server, t *testing.T) { s.stop(t) }},
		{"killed", func(s *server, _ *testing.T) { s.kill() }},
	} {
		t.Run(how.name, func(t *testing.T) {
			s := start(t, 37, settings{"MEMHOOKS_RETRY_BASE": "700ms", "MEMHOOKS_RETRY_JITTER": "0"}, "MEMHOOKS_RETRY_BASE", "MEMHOOKS_RETRY_JITTER")
			failing := load(1, 3) // deployed, the pause behind the third leaves time to stop what is idle again
			rx := receive(t, append(slices.Repeat([]http.HandlerFunc{status(500)}, failing), status(200))...)
			id := s.listen(t, rx, "row-037", "memory.created")
			s.remember(t, "row-037", "survives")
			first := rx.exactly(t, failing)[failing-1]
			if deployed() {
				eventually(t, "the failure to be written down", func() bool { return s.deliveries(t, id)[0]["attempts"] == float64(failing) })
			}
			how.end(s, t)
			if got, _ := rx.all(); len(got) != failing {
				t.Fatal("the retry came before the process ended: nothing is proven")
			}
			s.start(t)
			second := rx.exactly(t, failing+1)[failing]
			if !bytes.Equal(first.body, second.body) || first.header.Get("webhook-id") != second.header.Get("webhook-id") ||
				first.header.Get("X-REM-Signature") != second.header.Get("X-REM-Signature") {
				t.Errorf("before %s %v, after %s %v", first.body, first.header, second.body, second.header)
			}
			if how.name == "stopped" && second.attempt(t) != failing+1 {
				t.Errorf("after the restart comes attempt %d, want %d", second.attempt(t), failing+1)
			}
			if done := s.settled(t, id, second); done["status"] != "delivered" {
				t.Errorf("the delivery is %v", done)
			}
		})
	}
}

func TestRow038Order(t *testing.T) {
	row(t, 38, "order")
	c := shared(t)
	ns := name("row-038")
	// Every third request fails, so that retries mix with what follows.
	replies := make([]http.HandlerFunc, 0, 300)
	for range 100 {
		replies = append(replies, status(500), status(200), status(200))
	}
	rx := receive(t, replies...)
	c.listen(t, rx, ns, "memory.created", "memory.updated", "memory.deleted")
	const memories, updates = 5, 4
	ids := make([]string, memories)
	for i := range ids {
		ids[i] = c.remember(t, ns, "version 0")
	}
	for version := 1; version <= updates; version++ {
		for _, id := range ids {
			c.call(t, "PATCH", "/v1/memories/"+id, object{"content": fmt.Sprintf("version %d", version)}).want(t, 200)
		}
	}
	for _, id := range ids {
		c.forget(t, id).want(t, 200)
	}
	want := []string{"memory.created version 0"}
	for version := 1; version <= updates; version++ {
		want = append(want, fmt.Sprintf("memory.updated version %d", version))
	}
	want = append(want, "memory.deleted")
	story := map[any][]string{}
	rx.await(t, func(got []request) bool {
		told := map[string]bool{}
		story = map[any][]string{}
		whole := 0
		for _, r := range got {
			if id := r.header.Get("webhook-id"); !told[id] {
				told[id] = true
				data := r.data(t)
				said := text(t, r.json(t), "event")
				if content, ok := data["content"].(string); ok {
					said += " " + content
				}
				memory := data["memory_id"]
				if story[memory] = append(story[memory], said); len(story[memory]) == len(want) {
					whole++
				}
			}
		}
		return whole == memories
	})
	for id, heard := range story {
		// Forgotten content may go out empty; names alone then tell the order.
		if !slices.EqualFunc(heard, want, sameEvent) {
			t.Errorf("of %v was heard %q, want %q", id, heard, want)
		}
	}
}

// sameEvent compares an event's name and, where there still is one, its text.
func sameEvent(heard, want string) bool {
	return heard == want || len(heard) < len(want) && heard == want[:len("memory.created")]+" "
}

func TestRow039NoRedirect(t *testing.T) {
	row(t, 39, "no redirect")
	c := shared(t)
	ns := name("row-039")
	target := receive(t)
	var hooks []string
	var redirecting []*receiver
	for _, code := range []int{301, 302, 303, 307, 308} {
		rx := receive(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, target.url, code) })
		hooks = append(hooks, c.listen(t, rx, ns, "memory.created"))
		redirecting = append(redirecting, rx)
	}
	c.remember(t, ns, "not to be led away")
	for i, rx := range redirecting {
		got := rx.exactly(t, exhausted)
		if done := c.settled(t, hooks[i], got[exhausted-1]); done["status"] != "dead" {
			t.Errorf("a redirect counts as %v, want a failure", done)
		}
	}
	c.listen(t, target, ns+"-fence", "memory.created")
	c.remember(t, ns+"-fence", "fence")
	if got := target.exactly(t, 1); got[0].data(t)["content"] != "fence" {
		t.Errorf("the redirect's target was sent %s", got[0].body)
	}
}
