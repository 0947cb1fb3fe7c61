package acceptance_test

import (
	"slices"
	"strings"
	"testing"
)

// forgets drops the requests so far.
func (rx *receiver) forgets() {
	rx.mu.Lock()
	defer rx.mu.Unlock()
	rx.got = nil
}

// newProbe starts a server with hooks of both dialects, one whose receiver
// takes everything and one whose takes nothing each.
func newProbe(t *testing.T) probe {
	t.Helper()
	s := start(t, 74, settings{"MEMHOOKS_HOLD_AFTER": "100000"})
	p := probe{s: s, m: s.memory("default"), fine: receive(t), never: receive(t, status(500))}
	for _, dialect := range []string{"areev", "rem"} {
		as := object{"dialect": dialect}
		p.feeds = append(p.feeds, p.m.feed(t, as))
		p.hooks = append(p.hooks, p.m.push(t, p.fine, as), p.m.push(t, p.never, as, object{"max_retries": 0}))
	}
	return p
}

// settled waits until no delivery is pending.
func (p probe) settled(t *testing.T) {
	t.Helper()
	eventually(t, "all deliveries to have ended", func() bool {
		for _, hook := range p.hooks {
			counts := p.m.counts(t, hook)
			if counts["delivered"]+counts["dead"] != sum(counts) || sum(counts) == 0 {
				return false
			}
		}
		return true
	})
}

// TestErasureProbe writes a word of its own to each place that takes text,
// sees that it can be read there, erases, and looks for it everywhere: right
// after the answer, after later deliveries, after a kill and after a stop.
func TestErasureProbe(t *testing.T) {
	if deployed() {
		t.Skip("looks into files; what services hold: go test ./shared/adapter/aws -run TestErasureLeavesNothingInServices")
	}
	t.Parallel()
	p := newProbe(t)
	gone, stay := map[string]string{}, map[string]string{}
	for _, at := range probed {
		gone[at.name] = word()
		at.write(t, p, gone[at.name])
	}
	for _, at := range bystanders {
		stay[at.name] = word()
		at.write(t, p, stay[at.name])
	}
	p.settled(t)
	before := p.readings(t)
	for _, at := range slices.Concat(probed, bystanders) {
		w := gone[at.name] + stay[at.name]
		names := found(before, w)
		for _, want := range strings.Fields(at.before) {
			if !slices.Contains(names, want) {
				t.Errorf("%s: before the erasure the word is not in %s, only in %v", at.name, want, names)
			}
		}
		if slices.Contains(names, "what the server printed") || slices.Contains(names, "metrics") {
			t.Errorf("%s: the word is in %v", at.name, names)
		}
	}
	p.files(t, "before the erasure", gone) // content is sealed from the first write
	p.files(t, "before the erasure", stay)
	marks := p.marks(t)
	p.m.drop(t, object{"user_id": erasedPerson})
	p.m.drop(t, object{"scope_path": erasedScope})
	p.fine.forgets()
	p.never.forgets()
	p.files(t, "right after the answer", gone)
	p.gone(t, "right after the answer", marks)
	p.reads(t, "right after the answer", gone, stay)
	p.m.post(t, "/dead-letters/redrive", object{"all": true}).want(t, 200)
	for _, hook := range p.hooks {
		p.m.post(t, "/hooks/"+hook+"/replay", object{"from_seq": 1}).want(t, 200)
	}
	p.fine.wait(t, 2*len(probed))
	p.never.wait(t, 2*len(probed))
	p.settled(t)
	p.reads(t, "after everything was sent again", gone, stay)
	p.s.kill()
	p.files(t, "after a kill", gone)
	p.gone(t, "after a kill", marks)
	p.s.start(t)
	p.reads(t, "after a restart", gone, stay)
	p.s.stop(t)
	p.files(t, "after a stop", gone)
	p.gone(t, "after a stop", marks)
}

// files looks for words in every file of the data folder, as raw bytes in each
// form, and sees that the search does find what stands there in the open.
func (p probe) files(t *testing.T, when string, words map[string]string) {
	t.Helper()
	if len(search(t, p.s.dir, besideScope)) == 0 {
		t.Fatalf("%s: the search finds no scope's name in the files, where it does stand", when)
	}
	for at, w := range words {
		if where := search(t, p.s.dir, w); len(where) != 0 {
			t.Errorf("%s: the word from %s is in files: %v", when, at, where)
		}
	}
}

// reads looks for words with all readers: those that are gone, and those that
// must still be there.
func (p probe) reads(t *testing.T, when string, gone, stay map[string]string) {
	t.Helper()
	all := p.readings(t)
	for at, w := range gone {
		if names := found(all, w); len(names) != 0 {
			t.Errorf("%s: the word from %s is in %v", when, at, names)
		}
	}
	for at, w := range stay {
		names := found(all, w)
		for _, want := range []string{"recall", "feed", "log", "grains", "console"} {
			if !slices.Contains(names, want) {
				t.Errorf("%s: the word of %s, which was not erased, is not in %s, only in %v", when, at, want, names)
			}
		}
	}
}
