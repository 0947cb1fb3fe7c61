package acceptance_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// verify checks, on a server that runs again, that its log tells of each
// answered write once and of nothing else, from seq 1 without a gap, and that
// what it told before is unchanged.
func (r *torture) verify(t *testing.T) {
	t.Helper()
	log := r.m.all(t, r.feed)
	for i, e := range log {
		if e.Seq != i+1 || *e.Prev != i {
			r.gaps++
			t.Errorf("entry %d of the log has seq %d after %d", i+1, e.Seq, *e.Prev)
		}
		if i < len(r.log) && e.ID != r.log[i].ID {
			r.gaps++
			t.Errorf("seq %d was event %s and is %s", e.Seq, r.log[i].ID, e.ID)
		}
	}
	if len(log) < len(r.log) {
		t.Errorf("the log had %d entries and has %d", len(r.log), len(log))
	}
	r.log = log
	told := map[string]int{}
	for _, e := range log {
		told[text(t, e.event, "event_type")+" "+text(t, e.event, "hash")]++
	}
	for _, a := range r.authors {
		for _, o := range a.done {
			n := told[o.kind+" "+o.hash]
			r.lost, r.twice = r.lost+max(0, 1-n), r.twice+max(0, n-1)
			if n != 1 {
				t.Errorf("the answered %s of %s was told %d times", o.kind, o.subject, n)
			}
			delete(told, o.kind+" "+o.hash)
		}
	}
	r.unasked += len(told)
	for what, n := range told {
		t.Errorf("told %d times, and answered to nobody: %s", n, what)
	}
}

// delivered checks that each event ended in one state with each hook, that
// receivers got what was delivered, each lineage in order, and that the store
// holds what the log says.
func (r *torture) delivered(t *testing.T) {
	t.Helper()
	r.settled(t, r.fine, "delivered")
	r.settled(t, r.rough, "delivered")
	r.settled(t, r.refused, "dead", "held")
	got, _ := r.dead.all()
	for _, q := range got {
		if q.attempt(t) > 2 {
			t.Errorf("attempt %d of a hook with one retry", q.attempt(t))
		}
	}
	r.inOrder(t, "the steady receiver", r.steady)
	r.inOrder(t, "the flaky receiver", r.flaky)
	r.joined(t)
	stands := map[string]bool{}
	for _, a := range r.authors {
		for _, hash := range a.heads {
			stands[hash] = true
		}
	}
	grains, _, _ := r.m.snapshot(t, r.feed)
	for _, g := range grains {
		hash := text(t, g["event"].(object), "hash")
		if !stands[hash] {
			t.Errorf("%s is in the store and stands nowhere", hash)
		}
		delete(stands, hash)
	}
	if len(stands) != 0 {
		t.Errorf("not in the store: %v", slices.Collect(maps.Keys(stands)))
	}
}

// inOrder checks that a receiver got every event of the log and no other, and
// each lineage's in the order of the log.
func (r *torture) inOrder(t *testing.T, who string, rx *receiver) {
	t.Helper()
	subject := map[string]string{} // by hash
	for _, a := range r.authors {
		for _, o := range a.done {
			subject[o.hash] = o.subject
		}
	}
	event := map[string]entry{}
	for _, e := range r.log {
		event[e.ID] = e
	}
	last := map[string]int{}
	seen := map[string]bool{}
	got, _ := rx.all()
	for _, q := range got {
		id := q.header.Get("webhook-id")
		e, logged := event[id]
		if !logged || e.Seq != q.seq(t) {
			t.Errorf("%s got event %s of seq %d, which the log has as %d", who, id, q.seq(t), e.Seq)
		}
		if seen[id] {
			continue
		}
		seen[id] = true
		line := subject[text(t, e.event, "hash")]
		if e.Seq < last[line] {
			r.disorder++
			t.Errorf("%s got seq %d of %s after %d", who, e.Seq, line, last[line])
		}
		last[line] = e.Seq
	}
	if len(seen) != len(r.log) {
		t.Errorf("%s got %d of %d events", who, len(seen), len(r.log))
	}
}

// joined checks that each hook that was made under load got every event whose
// write began after its 201, and none is missing between its first and the head.
func (r *torture) joined(t *testing.T) {
	t.Helper()
	if len(r.late) == 0 {
		t.Error("no hook was made under load")
	}
	seq := map[string]int{}
	for _, e := range r.log {
		seq[text(t, e.event, "event_type")+" "+text(t, e.event, "hash")] = e.Seq
	}
	for _, h := range r.late {
		first := len(r.log) + 1 // of what it must have
		for _, a := range r.authors {
			for _, o := range a.done {
				if o.began.After(h.made) {
					first = min(first, seq[o.kind+" "+o.hash])
				}
			}
		}
		got := h.rx.until(t, func(q request) bool { return len(r.log) == 0 || q.seq(t) == len(r.log) })
		begun := len(r.log) + 1
		for _, q := range got {
			begun = min(begun, q.seq(t))
		}
		if begun > first {
			t.Errorf("a hook that was made before seq %d was written got %d first", first, begun)
		}
		h.rx.distinct(t, len(r.log)-begun+1)
	}
}

// readAlong checks that the consumer that read through all restarts saw the
// log as it is.
func (r *torture) readAlong(t *testing.T, got []entry) {
	t.Helper()
	if len(got) != len(r.log) {
		t.Errorf("the consumer read %d of %d events", len(got), len(r.log))
	}
	for i := range min(len(got), len(r.log)) {
		if got[i].Seq != r.log[i].Seq || got[i].ID != r.log[i].ID {
			t.Errorf("the consumer read seq %d as %s, the log has %d as %s", got[i].Seq, got[i].ID, r.log[i].Seq, r.log[i].ID)
			return
		}
	}
}

// settled waits until each event is in one of these states with a hook, and
// in no other.
func (r *torture) settled(t *testing.T, hook string, states ...string) {
	t.Helper()
	var counts map[string]int
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("of %d events the hook counted last: %v", len(r.log), counts)
		}
	})
	eventually(t, "all events to be "+strings.Join(states, " or "), func() bool {
		counts = r.m.counts(t, hook)
		n := 0
		for _, state := range states {
			n += counts[state]
		}
		return n == len(r.log)
	})
	if sum(counts) != len(r.log) {
		t.Errorf("of %d events the hook counts %v", len(r.log), counts)
	}
}

func sum(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
