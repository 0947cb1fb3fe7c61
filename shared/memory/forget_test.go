package memory_test

import (
	"reflect"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func (h *house) forget(refs ...store.Ref) int {
	h.Helper()
	n, err := h.Forget(h.ctx, home, h.draw(), refs)
	h.must(err)
	return n
}

// versions adds a lineage of two and returns both.
func (h *house) versions(namespace string, f fields) (first, second memory.Written) {
	h.Helper()
	first = h.add(namespace, f)
	second, err := h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, memory.Input{Fields: fields{"content": "newer"}})
	h.must(err)
	return first, second
}

func TestAnyHashForgetsTheWholeLineage(t *testing.T) {
	h := open(t)
	first, second := h.versions("n", fields{"tags": []any{"a", "b"}, "user_id": "ann", "scope_path": "acme"})
	if n := h.forget(store.Ref{Hash: first.Grain.Hash}); n != 1 {
		t.Errorf("%d forgotten", n)
	}
	for _, w := range []memory.Written{first, second} {
		_, err := h.get(w.Grain.Hash)
		h.refused(err, fault.NotFound)
	}
	c := h.raised(0, events.Created, events.Superseded, events.Forgotten)[2]
	if c.Hash != second.Grain.Hash || c.Lineage != first.Grain.Hash || c.UserID != "ann" || c.GrainType != "event" || c.Namespace != "n" || c.CreatedAt != first.Grain.CreatedAt {
		t.Errorf("raised %+v", c)
	}
	told, err := h.Tell(h.ctx, c)
	if err != nil || told.Gone != "" || !reflect.DeepEqual(told.Fields, fields{"tags": []any{"a", "b"}}) {
		t.Errorf("it is told with %v, %q, %v", told.Fields, told.Gone, err)
	}
	if n := h.forget(store.Ref{Hash: second.Grain.Hash}, store.Ref{Hash: first.Grain.Hash}); n != 0 {
		t.Errorf("forgotten again: %d", n)
	}
}

func TestDeletedCountsLineages(t *testing.T) {
	h := open(t)
	first, second := h.versions("n", fields{})
	other := h.add("n", fields{"content": "other"})
	n := h.forget(store.Ref{Hash: first.Grain.Hash}, store.Ref{Hash: second.Grain.Hash}, store.Ref{Lineage: first.Grain.Lineage},
		store.Ref{Hash: other.Grain.Hash}, store.Ref{Hash: other.Grain.Hash}, store.Ref{Hash: "00" + other.Grain.Hash[2:]})
	if n != 2 {
		t.Errorf("%d lineages forgotten, want 2", n)
	}
	if n := h.forget(); n != 0 {
		t.Errorf("no reference forgets %d", n)
	}
}

func TestEverythingAboutASubjectIsForgotten(t *testing.T) {
	h := open(t)
	about := func(subject string) memory.Written {
		w, err := h.Add(h.ctx, home, h.draw(), memory.Input{Type: "belief", Namespace: "n", Fields: fields{"subject": subject, "relation": "is", "object": "here"}})
		h.must(err)
		return w
	}
	about("Zoe\u0308")
	about("Zo\u00eb")
	changed := about("Zoë")
	_, err := h.Supersede(h.ctx, home, h.draw(), changed.Grain.Hash, memory.Input{Fields: fields{"subject": "Bob", "relation": "is", "object": "here"}})
	h.must(err)
	other := about("zoë")
	n, err := h.ForgetSubject(h.ctx, home, h.draw(), "Zoe\u0308")
	if err != nil || n != 2 {
		t.Errorf("%d forgotten, %v; want 2: the third is about Bob by now, the fourth about another", n, err)
	}
	if _, err := h.get(other.Grain.Hash); err != nil {
		t.Errorf("another subject went too: %v", err)
	}
}

func TestANamespaceIsForgottenOverManyPages(t *testing.T) {
	h := open(t)
	in := make([]memory.Input, 520)
	for i := range in {
		in[i] = memory.Input{Type: "event", Namespace: "much", Fields: fields{"content": "x", "i": number(strconv.Itoa(i))}}
	}
	for _, r := range h.AddMany(h.ctx, home, h.draw(), in) {
		h.must(r.Err)
	}
	kept := h.add("other", fields{})
	n, err := h.ForgetAll(h.ctx, home, h.draw(), store.Filter{Namespace: ptr("much")})
	if err != nil || n != 520 {
		t.Errorf("%d forgotten, %v", n, err)
	}
	if _, err := h.get(kept.Grain.Hash); err != nil {
		t.Error(err)
	}
	ids := map[string]bool{}
	for _, e := range h.log(521) {
		if e.Change.Cause != events.Forgotten || ids[e.Change.ID] {
			t.Fatalf("seq %d is %s %s", e.Seq, e.Change.Cause, e.Change.ID)
		}
		ids[e.Change.ID] = true
	}
	if len(ids) != 520 {
		t.Errorf("%d events", len(ids))
	}
}

func TestConcurrentForgetsRaiseOneChange(t *testing.T) {
	h := open(t)
	w := h.add("n", fields{})
	var all sync.WaitGroup
	counts := make([]int, 16)
	for i := range counts {
		all.Go(func() {
			n, err := h.Forget(h.ctx, home, h.draw(), []store.Ref{{Hash: w.Grain.Hash}})
			if err != nil {
				t.Error(err)
			}
			counts[i] = n
		})
	}
	all.Wait()
	slices.Sort(counts)
	if counts[14] != 0 || counts[15] != 1 {
		t.Errorf("they say %v", counts)
	}
	h.raised(0, events.Created, events.Forgotten)
}

func TestAForgetTakesTheVersionThatStandsByThen(t *testing.T) {
	h := open(t)
	first := h.add("n", fields{})
	var second memory.Written
	h.on(&before{h.cloud.Grains, func(store.Write) {
		var err error
		second, err = h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, memory.Input{Fields: fields{"content": "newer"}})
		h.must(err)
	}})
	if n := h.forget(store.Ref{Hash: first.Grain.Hash}); n != 1 {
		t.Errorf("%d forgotten", n)
	}
	if c := h.raised(0, events.Created, events.Superseded, events.Forgotten)[2]; c.Hash != second.Grain.Hash {
		t.Errorf("told of %s", c.Hash)
	}
}

func TestAForgottenGrainThatIsAddedAgainIsANewCreation(t *testing.T) {
	h := open(t)
	in := fields{"content": "x", "created_at": number("1767000000000")}
	w := h.add("n", in)
	h.forget(store.Ref{Hash: w.Grain.Hash})
	if again := h.add("n", in); again.Existing || again.Grain.Hash != w.Grain.Hash || again.Grain.Version != 1 {
		t.Errorf("it answers %+v", again)
	}
	if _, err := h.get(w.Grain.Hash); err != nil {
		t.Error(err)
	}
	h.raised(0, events.Created, events.Forgotten, events.Created)
}

func TestWhatIsToldOfAGrainIsWhatCanStillBeRead(t *testing.T) {
	h := open(t)
	first, second := h.versions("n", fields{"content": "older", "user_id": "ann"})
	tell := func(seq int64) (any, dialect.Gone) {
		e, err := h.Tell(h.ctx, h.log(seq - 1)[0].Change)
		h.must(err)
		if e.Gone != "" && e.Fields != nil {
			t.Errorf("gone, and yet %v", e.Fields)
		}
		return e.Fields["content"], e.Gone
	}
	expect := func(when string, want any, wantNewer any, gone dialect.Gone) {
		t.Helper()
		for seq, content := range map[int64]any{first.Seq: want, second.Seq: wantNewer} {
			if got, why := tell(seq); got != content || why != gone {
				t.Errorf("%s: seq %d is told as %v, %q", when, seq, got, why)
			}
		}
	}
	expect("as long as it stands", "older", "newer", "")
	h.forget(store.Ref{Hash: first.Grain.Hash})
	expect("forgotten", nil, nil, dialect.Forgotten)
	h.erase(personSelector("ann"))
	expect("erased after that", nil, nil, dialect.Erased)
	unknown, err := h.Tell(h.ctx, change.Change{Memory: home, Cause: events.Created, Hash: "00" + first.Grain.Hash[2:]})
	if err != nil || unknown.Gone != dialect.Forgotten {
		t.Errorf("a grain that was never there is %q, %v", unknown.Gone, err)
	}
}

// An event tells of the life that it belongs to, not of what was remembered
// again after it was forgotten.
func TestAGrainThatIsAddedAgainBringsBackNoOldEvent(t *testing.T) {
	h := open(t)
	in := fields{"content": "a secret", "created_at": number("1767000000000")}
	first := h.add("n", in)
	h.forget(store.Ref{Hash: first.Grain.Hash})
	again := h.add("n", in)
	if again.Grain.Hash != first.Grain.Hash {
		t.Fatal("it is another grain: the test shows nothing")
	}
	tell := func(seq int64) dialect.Event {
		c := h.log(seq - 1)[0].Change
		c.Seq = seq
		told, err := h.Tell(h.ctx, c)
		h.must(err)
		return told
	}
	if told := tell(first.Seq); told.Gone != dialect.Forgotten || told.Fields != nil {
		t.Errorf("the first life is told with %v", told.Fields)
	}
	if told := tell(again.Seq); told.Fields["content"] != "a secret" {
		t.Errorf("the second life is told as %+v", told)
	}
}
