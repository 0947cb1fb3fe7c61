package memory_test

import (
	"slices"
	"sync"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func (h *house) set(namespace, key, value string) memory.Written {
	h.Helper()
	w, err := h.Set(h.ctx, home, h.draw(), key, memory.Input{Type: "event", Namespace: namespace, Fields: fields{"content": value}})
	h.must(err)
	return w
}

func (h *house) named(namespace, key string) (memory.Grain, error) {
	ref, err := h.Named(h.ctx, home, namespace, key)
	h.must(err)
	return h.Get(h.ctx, home, ref)
}

func TestAKeyKeepsItsMemoryAndCountsItsVersions(t *testing.T) {
	h := open(t)
	first := h.set("n", "colour", "red")
	for i, value := range []string{"blue", "blue", "red"} {
		w := h.set("n", "colour", value)
		if w.Grain.Lineage != first.Grain.Lineage || w.Grain.Version != i+2 {
			t.Errorf("set %d is version %d of another memory", i+2, w.Grain.Version)
		}
	}
	g, err := h.named("n", "colour")
	if err != nil || g.Fields["content"] != "red" || g.Fields["key"] != "colour" || g.Version != 4 {
		t.Errorf("it holds %v, %v", g.Fields, err)
	}
	h.raised(0, events.Created, events.Superseded, events.Superseded, events.Superseded)
}

func TestAKeyBelongsToItsNamespaceExactly(t *testing.T) {
	h := open(t)
	a, b, c := h.set("n", "k", "1"), h.set("m", "k", "2"), h.set("", "nk", "3")
	if a.Grain.Lineage == b.Grain.Lineage || a.Grain.Lineage == c.Grain.Lineage {
		t.Error("two namespaces share a key")
	}
	_, err := h.named("n", "K")
	h.refused(err, fault.NotFound)
}

func TestTheSameKeyInAnotherUnicodeFormIsTheSameKey(t *testing.T) {
	h := open(t)
	composed, apart := "caf\u00e9", "cafe\u0301"
	h.set(composed, composed, "1")
	if w := h.set(apart, apart, "2"); w.Grain.Version != 2 {
		t.Errorf("it is version %d", w.Grain.Version)
	}
	if g, err := h.named(apart, composed); err != nil || g.Fields["content"] != "2" {
		t.Errorf("it holds %v, %v", g.Fields, err)
	}
}

func TestARepeatedRequestSetsOnce(t *testing.T) {
	h := open(t)
	d := h.draw()
	in := memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": "red"}}
	for i := range 3 {
		again := d
		again.Rand = h.seeded(7)
		w, err := h.Set(h.ctx, home, again, "colour", in)
		h.must(err)
		if w.Existing != (i > 0) || w.Grain.Version != 1 {
			t.Errorf("repetition %d: existing %v, version %d", i, w.Existing, w.Grain.Version)
		}
	}
	h.set("n", "colour", "blue")
	h.raised(0, events.Created, events.Superseded)
}

func TestADeletedKeyStartsAnew(t *testing.T) {
	h := open(t)
	first := h.set("n", "k", "1")
	h.set("n", "k", "2")
	ref, err := h.Named(h.ctx, home, "n", "k")
	h.must(err)
	n, err := h.Forget(h.ctx, home, h.draw(), []store.Ref{ref})
	if err != nil || n != 1 {
		t.Fatalf("%d deleted, %v", n, err)
	}
	_, err = h.named("n", "k")
	h.refused(err, fault.NotFound)
	if n, err := h.Forget(h.ctx, home, h.draw(), []store.Ref{ref}); err != nil || n != 0 {
		t.Errorf("deleted again: %d, %v", n, err)
	}
	if again := h.set("n", "k", "3"); again.Grain.Version != 1 || again.Grain.Lineage == first.Grain.Lineage {
		t.Errorf("it goes on at version %d", again.Grain.Version)
	}
	h.raised(0, events.Created, events.Superseded, events.Forgotten, events.Created)
}

func TestThirtyTwoWritersOfOneKeyGetThirtyTwoVersions(t *testing.T) {
	h := open(t)
	const writers = 32
	var all sync.WaitGroup
	got := make([]memory.Written, writers)
	for i := range got {
		all.Go(func() {
			w, err := h.Set(h.ctx, home, h.draw(), "k", memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": "x"}})
			if err != nil {
				t.Error(err)
			}
			got[i] = w
		})
	}
	all.Wait()
	versions := make([]int, writers)
	for i, w := range got {
		versions[i] = w.Grain.Version
		if w.Grain.Lineage != got[0].Grain.Lineage || w.Existing {
			t.Errorf("writer %d wrote another memory, or none", i)
		}
	}
	slices.Sort(versions)
	for i, v := range versions {
		if v != i+1 {
			t.Fatalf("the versions are %v", versions)
		}
	}
	if h.head() != writers {
		t.Errorf("%d changes of %d writes", h.head(), writers)
	}
}

func TestNamedGrainsAreListedByPages(t *testing.T) {
	h := open(t)
	for _, k := range []string{"a", "b", "c", "d", "e"} {
		h.set("n", k, k)
		h.set("m", k, k)
		h.add("n", fields{"content": "no key " + k})
	}
	seen := map[any]int{}
	after := ""
	for {
		grains, page, err := h.List(h.ctx, home, store.Filter{Namespace: ptr("n"), Named: true}, after, 2)
		h.must(err)
		for _, g := range grains {
			seen[g.Fields["key"]]++
		}
		if after = page.Next; after == "" {
			break
		}
	}
	if len(seen) != 5 || seen["c"] != 1 {
		t.Errorf("listed %v", seen)
	}
}
