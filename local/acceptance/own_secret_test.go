package acceptance_test

import (
	"bytes"
	"testing"
	"time"
)

func TestRow086SecretRotation(t *testing.T) {
	row(t, 86, "secret rotation")
	m := shared(t).fresh(t)
	rx := receive(t)
	const first, second = "the first secret", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
	hook := m.push(t, rx, object{"secret": first})
	next := func() request {
		t.Helper()
		got, _ := rx.all()
		m.add(t, belief(name("subject")))
		return rx.exactly(t, len(got)+1)[len(got)]
	}
	signed := func(r request, product string, standard ...string) {
		t.Helper()
		if got := r.header.Values("X-Areev-Signature"); len(got) != 1 || got[0] != signature(product, r.body) {
			t.Errorf("X-Areev-Signature %v is not by %q", got, product)
		}
		if got := r.header.Get("webhook-signature"); got != r.standard(standard...) {
			t.Errorf("webhook-signature %q, want %q", got, r.standard(standard...))
		}
	}
	signed(next(), first, first)
	before := time.Now()
	rotated := m.post(t, "/hooks/"+hook+"/rotate-secret", object{"secret": second, "overlap_seconds": 2})
	if rotated.want(t, 200); bytes.Contains(rotated.body, []byte(first)) {
		t.Errorf("the old secret is shown: %v", rotated)
	}
	during := next()
	if time.Since(before) < 2*time.Second { // else the machine was too slow to see it
		signed(during, first, second, first)
	}
	var after request
	eventually(t, "the new secret to take over", func() bool {
		after = next()
		return after.header.Get("X-Areev-Signature") == signature(second, after.body)
	})
	if after.at.Sub(before) < 1900*time.Millisecond {
		t.Errorf("the product signature switched after %v, before the overlap's end", after.at.Sub(before))
	}
	signed(next(), second, second) // the old one is gone

	generated := text(t, m.post(t, "/hooks/"+hook+"/rotate-secret", object{"overlap_seconds": 0}).want(t, 200), "secret")
	signed(next(), generated, generated)
	if a := m.get(t, "/hooks/"+hook); bytes.Contains(a.body, []byte(generated)) {
		t.Errorf("the secret is shown twice: %v", a)
	}
	last := text(t, m.post(t, "/hooks/"+hook+"/rotate-secret", nil).want(t, 200), "secret") // a day, by default
	signed(next(), generated, last, generated)
	for _, bad := range []object{{"secret": ""}, {"overlap_seconds": -1}, {"overlap_seconds": "1"}, {"secret": 5}} {
		m.post(t, "/hooks/"+hook+"/rotate-secret", bad).refused(t, 400, "")
	}
	signed(next(), generated, last, generated)
}

func TestRow086REMRotation(t *testing.T) {
	row(t, 86, "secret rotation")
	c := tenant(t)
	rx := receive(t)
	hook := text(t, c.webhook(t, object{"url": rx.url, "events": list{"memory.created"}, "secret": "old"}), "id")
	made := c.call(t, "POST", "/v1/webhooks/"+hook+"/rotate-secret", object{"secret": "new", "overlap_seconds": 3600}).want(t, 200)
	text(t, made, "id")
	c.remember(t, "default", "during the overlap")
	r := rx.exactly(t, 1)[0]
	if r.header.Get("X-REM-Signature") != signature("old", r.body) || r.header.Get("webhook-signature") != r.standard("new", "old") {
		t.Errorf("during the overlap: %v", r.header)
	}
	c.call(t, "POST", "/v1/webhooks/"+hook+"/rotate-secret", object{"secret": "newest", "overlap_seconds": 0}).want(t, 200)
	c.remember(t, "default", "at once")
	r = rx.exactly(t, 2)[1]
	if r.header.Get("X-REM-Signature") != signature("newest", r.body) || r.header.Get("webhook-signature") != r.standard("newest") {
		t.Errorf("after a rotation without overlap: %v", r.header)
	}
}

func TestRow087TestEvent(t *testing.T) {
	row(t, 87, "test event")
	m := shared(t).fresh(t)
	rx := receive(t, status(200), status(200), status(200), status(200), status(500))
	hook := m.push(t, rx, object{"secret": "s", "redaction_mode": "metadata_only", "event_filters": list{"grain_created"}})
	feed := m.feed(t)
	m.add(t, belief("real"))
	rx.exactly(t, 1)
	before := m.settledCounts(t, hook, 1)
	test := func(n int, delivered bool) request {
		t.Helper()
		said := m.post(t, "/hooks/"+hook+"/test", nil).want(t, 200)
		r := rx.exactly(t, n)[n-1]
		holdsAll(t, said, object{"delivered": delivered, "event_id": r.header.Get("webhook-id")})
		return r
	}
	r := test(2, true)
	if id := r.header.Get("webhook-id"); len(id) < 10 || id[:9] != "evt_test_" || r.header.Get("X-Memhooks-Test") != "true" {
		t.Errorf("not marked as a test: %v", r.header)
	}
	for _, numbered := range []string{"X-Memhooks-Seq", "X-Memhooks-Prev-Seq"} {
		if r.header.Get(numbered) != "" {
			t.Errorf("%s on a test", numbered)
		}
	}
	exactKeys(t, r.json(t), "event_type timestamp_ms hash grain_type namespace")
	if r.header.Get("X-Areev-Signature") != signature("s", r.body) || r.header.Get("webhook-signature") != r.standard("s") {
		t.Errorf("signatures of the test: %v", r.header)
	}
	m.patch(t, hook, object{"active": false})
	if test(3, true).header.Get("webhook-id") == r.header.Get("webhook-id") {
		t.Error("two tests have one id")
	}
	m.patch(t, hook, object{"active": true, "redaction_mode": "hash_only"})
	exactKeys(t, test(4, true).json(t), "event_type hash")
	test(5, false) // refused by the receiver: said, and nothing else comes of it
	rx.exactly(t, 5)
	if after := m.settledCounts(t, hook, 1); len(m.letters(t, hook)) != 0 || !equalJSON(t, after, before) {
		t.Errorf("counts %v before the tests, %v after; dead letters %v", before, after, m.letters(t, hook))
	}
	m.log(t, feed, 1)
	holdsAll(t, m.get(t, "/hooks/"+hook).want(t, 200), object{"state": "active"})
	m.post(t, "/hooks/hook-abc123/test", nil).refused(t, 404, "not_found")
	m.post(t, "/hooks/"+feed+"/test", nil).refused(t, 409, "conflict") // nothing is posted to it

	c := tenant(t)
	taking := receive(t)
	webhook := text(t, c.webhook(t, object{"url": taking.url, "events": list{"memory.deleted"}, "secret": "s"}), "id")
	c.call(t, "POST", "/v1/webhooks/"+webhook+"/test", nil).want(t, 200)
	got := taking.exactly(t, 1)[0]
	if got.json(t)["event"] != "memory.deleted" || got.header.Get("X-Memhooks-Test") != "true" || got.header.Get("X-REM-Signature") != signature("s", got.body) {
		t.Errorf("test of a REM webhook: %v %s", got.header, got.body)
	}
	if all := c.deliveries(t, webhook); len(all) != 0 {
		t.Errorf("the test is among the deliveries: %v", all)
	}
}

// settledCounts are a hook's counts once it has delivered n.
func (m instance) settledCounts(t testing.TB, hook string, n int) map[string]int {
	t.Helper()
	var counts map[string]int
	eventually(t, "the delivery to be counted", func() bool {
		counts = m.counts(t, hook)
		return counts["delivered"] == n
	})
	return counts
}
