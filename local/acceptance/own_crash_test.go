package acceptance_test

import (
	"maps"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
)

// verify checks, on a server that runs again, that everything that was
// answered is in the store and in the log, once; that the two hold the same,
// so that a write and its event stand or fall together; and that the log has
// no gap. It returns the log.
func (l *ledger) verify(t *testing.T, m instance, feed string) []entry {
	t.Helper()
	grains, _, _ := m.snapshot(t, feed)
	log := m.all(t, feed)
	if deployed() { // there the log follows the store
		eventually(t, "the log to have what is in the store", func() bool {
			log = m.all(t, feed)
			return len(log) >= len(grains)
		})
	}
	inLog := map[string]int{}
	for i, e := range log {
		if e.Seq != i+1 || *e.Prev != i {
			t.Fatalf("entry %d of the log has seq %d after %d", i+1, e.Seq, *e.Prev)
		}
		inLog[text(t, e.event, "hash")]++
		if !l.asked[text(t, e.event, "subject")] {
			t.Errorf("an event of a write that nobody made: %s", e.Body)
		}
	}
	inStore := map[string]bool{}
	for _, g := range grains {
		inStore[text(t, g["event"].(object), "hash")] = true
	}
	for _, hash := range l.hashes() {
		if inLog[hash] != 1 || !inStore[hash] {
			t.Errorf("the answered write %s: %d events, in the store %v", hash, inLog[hash], inStore[hash])
		}
	}
	for hash, n := range inLog {
		if n != 1 || !inStore[hash] {
			t.Errorf("%s: %d events, in the store %v", hash, n, inStore[hash])
		}
	}
	if len(inStore) != len(inLog) {
		t.Errorf("%d grains in the store, %d in the log", len(inStore), len(inLog))
	}
	return log
}

// delivered checks that a receiver gets every event of the log, and that what
// comes twice has the same id and body.
func delivered(t *testing.T, rx *receiver, log []entry) {
	t.Helper()
	bodies := map[string]string{}
	for _, r := range rx.distinct(t, len(log)) {
		id := r.header.Get("webhook-id")
		if before, twice := bodies[id]; twice && before != string(r.body) {
			t.Errorf("event %s came as %s and as %s", id, before, r.body)
		}
		bodies[id] = string(r.body)
	}
	for _, e := range log {
		if bodies[e.ID] == "" {
			t.Errorf("seq %d was never delivered", e.Seq)
		}
		delete(bodies, e.ID)
	}
	if len(bodies) != 0 {
		t.Errorf("delivered, and in no log: %v", slices.Collect(maps.Keys(bodies)))
	}
}

func TestRow078Serverless(t *testing.T) {
	aside(t, 78, "serverless")
	stopping(t, 78)
	s := start(t, 78, nil)
	m := s.fresh(t)
	feed := m.feed(t)
	if deployed() {
		heldOver(t, s, m, feed)
		return
	}
	var up atomic.Bool
	gate := func(w http.ResponseWriter, r *http.Request) {
		if !up.Load() {
			hang(w, r)
		}
	}
	rx := receive(t, gate)
	m.push(t, rx)
	l := newLedger()
	add := func(n int) {
		for range n {
			subject := name("subject")
			l.ask(subject)
			l.accept(m.add(t, belief(subject)), subject)
		}
	}
	total := 0
	for round := range rounds(3, 20) {
		up.Store(false)
		before, _ := rx.all()
		add(10)
		rx.wait(t, len(before)+1) // at least one POST is under way
		if round%2 == 0 {
			s.kill()
		} else {
			s.stop(t)
		}
		up.Store(true)
		s.start(t)
		total += 10
		rx.distinct(t, total)
	}
	delivered(t, rx, l.verify(t, m, feed))
	eventually(t, "nothing to be left over", func() bool {
		for _, d := range m.deliveries(t, m.only(t, "webhook")) {
			if d["status"] != "delivered" {
				return false
			}
		}
		return true
	})
}

// heldOver is row 78 on a deployed stack, whose queue would keep for minutes
// what a killed delivery had: the hook is paused while all instances stop.
func heldOver(t *testing.T, s *server, m instance, feed string) {
	t.Helper()
	rx := receive(t)
	hook := m.push(t, rx)
	l := newLedger()
	for round := range 3 {
		m.patch(t, hook, object{"active": false})
		for range 10 {
			subject := name("subject")
			l.ask(subject)
			l.accept(m.add(t, belief(subject)), subject)
		}
		s.kill() // perhaps before any of it is in the log
		m.log(t, feed, 10*(round+1))
		s.kill()
		m.patch(t, hook, object{"active": true, "resume": "backlog"})
		rx.distinct(t, 10*(round+1))
		m.settledCounts(t, hook, 10*(round+1))
	}
	delivered(t, rx, l.verify(t, m, feed))
}

// only is the id of the memory's one hook of a delivery mode.
func (m instance) only(t testing.TB, mode string) string {
	t.Helper()
	var found []string
	for _, h := range objects(t, m.get(t, "/hooks").want(t, 200), "hooks") {
		if h["delivery_mode"] == mode {
			found = append(found, text(t, h, "id"))
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d hooks of mode %s", len(found), mode)
	}
	return found[0]
}

func TestRow079Outbox(t *testing.T) {
	aside(t, 79, "outbox")
	stopping(t, 79)
	s := start(t, 79, nil)
	m := s.fresh(t)
	feed := m.feed(t)
	l := newLedger()
	for round := range rounds(4, 20) {
		enough := l.expect(5 + 13*round%60) // another moment each time
		wait := l.write(t, m, 8)
		<-enough
		s.kill()
		wait()
		s.start(t)
		l.verify(t, m, feed)
	}
	// Other writes than adds: a supersede and a forget that were answered.
	hash := l.hashes()[0]
	next := m.supersede(t, hash, belief("superseded"))
	s.kill()
	s.start(t)
	m.drop(t, object{"blob_hash": next})
	s.kill()
	s.start(t)
	var last []entry
	eventually(t, "both to be in the log", func() bool {
		log := m.all(t, feed)
		last = log[len(log)-2:]
		return !deployed() || kinds(t, last) == "grain_superseded grain_forgotten"
	})
	if kinds(t, last) != "grain_superseded grain_forgotten" || last[1].event["hash"] != next {
		t.Errorf("after two more kills the log ends with %v", eventBodies(last))
	}
	if len(m.find(t, object{"subject": "superseded"})) != 0 {
		t.Error("the forgotten grain is found")
	}
}

// underWay is how many attempts of one hook can be under way at a kill: a lane's
// slots.
const underWay = 32

// fewRepeated: what a healthy receiver gets twice was under way at a kill, which
// is little of all.
func fewRepeated(t *testing.T, events, repeated, kills int) {
	t.Helper()
	if few := min(underWay*kills, events/2); repeated > few {
		t.Errorf("%d of %d events came again, want at most %d", repeated, events, few)
	}
}

func TestRow099Crash(t *testing.T) {
	row(t, 99, "crash")
	ownProcess(t, 99, "the queue keeps what a killed delivery had for 12 minutes, longer than a run; tested in shared/adapter/aws, TestSimulation")
	s := start(t, 99, nil)
	m := s.fresh(t)
	feed := m.feed(t)
	steady := receive(t)
	flaky := receive(t, status(500), status(503), status(200), status(500), status(200))
	m.push(t, steady)
	m.push(t, flaky, object{"max_retries": 20})
	l := newLedger()
	for round := range rounds(5, 50) {
		enough := l.expect(1 + 37*round%150)
		wait := l.write(t, m, 6)
		<-enough
		s.kill()
		wait()
		s.start(t)
		if round%3 == 2 { // and again, while it takes up what it left
			s.kill()
			s.start(t)
		}
	}
	log := l.verify(t, m, feed)
	delivered(t, steady, log)
	delivered(t, flaky, log)
	repeated := 0
	got, _ := steady.all()
	for _, n := range ids(got) {
		repeated += n - 1
	}
	kills := rounds(5, 50) + rounds(5, 50)/3
	fewRepeated(t, len(log), repeated, kills)
	for _, hook := range objects(t, m.get(t, "/hooks").want(t, 200), "hooks") {
		if id := text(t, hook, "id"); hook["delivery_mode"] == "webhook" {
			eventually(t, "every event to be counted once", func() bool {
				return m.counts(t, id)["delivered"] == len(log)
			})
		}
	}
	t.Logf("%d answered, %d in the log, %d repetitions", len(l.hashes()), len(log), repeated)
}
