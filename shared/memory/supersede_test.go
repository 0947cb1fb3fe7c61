package memory_test

import (
	"encoding/binary"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

func TestANewVersionCarriesOverWhatItDoesNotSay(t *testing.T) {
	h := open(t)
	first := h.add("work", fields{"content": "one", "confidence": number("0.5"), "tags": []any{"a"}, "user_id": "ann", "scope_path": "acme", "extra": "gone"})
	next, err := h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, memory.Input{Fields: fields{"content": "two"}})
	h.must(err)
	g, err := h.get(next.Grain.Hash)
	h.must(err)
	want := fields{"content": "two", "confidence": number("0.5"), "tags": []any{"a"}, "user_id": "ann", "scope_path": "acme", "derived_from": []any{first.Grain.Hash}}
	if !reflect.DeepEqual(g.Fields, want) {
		t.Errorf("it has %v, want %v", g.Fields, want)
	}
	if g.Type != "event" || g.Namespace != "work" || g.Version != 2 || g.Lineage != first.Grain.Lineage || g.FirstAt != first.Grain.CreatedAt {
		t.Errorf("it stands as %+v", g.Stored)
	}
	c := h.raised(first.Seq, events.Superseded)[0]
	if c.Superseded != first.Grain.Hash || c.Hash != g.Hash || c.Lineage != first.Grain.Hash || c.CreatedAt != first.Grain.CreatedAt || c.UserID != "ann" {
		t.Errorf("raised %+v", c)
	}
}

func TestANewVersionMayChangeWhatCarriesOver(t *testing.T) {
	h := open(t)
	first := h.add("work", fields{"content": "one", "tags": []any{"a"}, "user_id": "ann"})
	next, err := h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, memory.Input{Type: "belief", Namespace: "play", Fields: fields{
		"subject": "a", "relation": "b", "object": "c", "tags": []any{}, "confidence": number("0.1"), "user_id": "bob",
	}})
	h.must(err)
	g := next.Grain
	if _, tagged := g.Fields["tags"]; tagged || g.Type != "belief" || g.Namespace != "play" || g.Person != "bob" || g.Fields["confidence"] != number("0.1") {
		t.Errorf("it stands as %+v %v", g.Stored, g.Fields)
	}
}

func TestOnlyTheCurrentGrainCanBeSuperseded(t *testing.T) {
	h := open(t)
	first := h.add("n", fields{"content": "one"})
	in := memory.Input{Fields: fields{"content": "two"}}
	second, err := h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, in)
	h.must(err)
	_, err = h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, in)
	h.refused(err, fault.Conflict)
	_, err = h.Supersede(h.ctx, home, h.draw(), "00"+first.Grain.Hash[2:], in)
	h.refused(err, fault.NotFound)
	if _, err := h.Forget(h.ctx, home, h.draw(), []store.Ref{{Hash: second.Grain.Hash}}); err != nil {
		t.Fatal(err)
	}
	for _, w := range []memory.Written{first, second} {
		_, err = h.Supersede(h.ctx, home, h.draw(), w.Grain.Hash, in)
		h.refused(err, fault.NotFound)
	}
	h.raised(0, events.Created, events.Superseded, events.Forgotten)
}

// An old version that is added again is part of its lineage still.
func TestASupersededGrainIsNotAddedAgain(t *testing.T) {
	h := open(t)
	in := fields{"content": "one", "created_at": number("1767000000000")}
	first := h.add("n", in)
	_, err := h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, memory.Input{Fields: fields{"content": "two"}})
	h.must(err)
	_, err = h.Add(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: "n", Fields: in})
	h.refused(err, fault.Conflict)
	h.raised(0, events.Created, events.Superseded)
}

func TestOfManyWhoSupersedeOneWins(t *testing.T) {
	h := open(t)
	first := h.add("n", fields{"content": "one"})
	var all sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = h.Supersede(h.ctx, home, h.draw(), first.Grain.Hash, memory.Input{Fields: fields{"content": "mine", "n": number("1"), "by": string(rune('a' + i))}})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			h.refused(err, fault.Conflict)
		}
	}
	if won != 1 {
		t.Errorf("%d of 16 won", won)
	}
	h.raised(0, events.Created, events.Superseded)
}

func TestAnEditKeepsTheMemorysNameAndWhatItDoesNotTouch(t *testing.T) {
	h := open(t)
	w, err := h.Remember(h.ctx, home, h.draw(), memory.Input{Type: "event", Namespace: "n", Fields: fields{"content": "one", "tags": []any{"a"}}})
	h.must(err)
	prefix, _ := change.LineagePrefix(change.MemoryID(w.Grain.Lineage))
	ref := store.Ref{Prefix: prefix}
	for _, content := range []string{"two", "one", "two"} {
		_, err = h.Edit(h.ctx, home, h.draw(), ref, func(f map[string]any) { f["content"] = content })
		h.must(err)
	}
	_, err = h.Edit(h.ctx, home, h.draw(), ref, func(f map[string]any) { f["tags"] = []any{} })
	h.must(err)
	g, err := h.Get(h.ctx, home, ref)
	h.must(err)
	if _, tagged := g.Fields["tags"]; tagged || g.Fields["content"] != "two" || g.Lineage != w.Grain.Lineage || g.FirstAt != w.Grain.CreatedAt || g.Version != 5 {
		t.Errorf("it stands as %+v %v", g.Stored, g.Fields)
	}
	h.raised(0, events.Created, events.Superseded, events.Superseded, events.Superseded, events.Superseded)
	_, err = h.Edit(h.ctx, home, h.draw(), store.Ref{Prefix: "00" + prefix[2:]}, func(map[string]any) {})
	h.refused(err, fault.NotFound)
}

func TestConcurrentEditsAreAllKept(t *testing.T) {
	h := open(t)
	w := h.add("n", fields{"content": "one"})
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			_, err := h.Edit(h.ctx, home, h.draw(), store.Ref{Lineage: w.Grain.Lineage}, func(f map[string]any) { f["by-"+string(rune('a'+i))] = true })
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	g, err := h.Get(h.ctx, home, store.Ref{Lineage: w.Grain.Lineage})
	h.must(err)
	if g.Version != 17 || len(g.Fields) != 16+3 {
		t.Errorf("version %d with %v", g.Version, g.Fields)
	}
}

// A request that died after its commit is run again with the same draw.
func TestAVersionThatIsMadeAgainIsTheOneThatStands(t *testing.T) {
	h := open(t)
	repeated := func(n uint64) change.Draw {
		var seed [32]byte
		binary.LittleEndian.PutUint64(seed[:], n)
		return change.Seeded(noon.Add(time.Duration(n)*time.Hour), seed)
	}
	first := h.add("n", fields{"content": "one"})
	var made, edited memory.Written
	for range 3 {
		w, err := h.Supersede(h.ctx, home, repeated(1), first.Grain.Hash, memory.Input{Fields: fields{"content": "two"}})
		h.must(err)
		if made.Seq != 0 && (w.Grain.Hash != made.Grain.Hash || w.Grain.Version != 2 || w.Seq != made.Seq || !w.Existing) {
			t.Errorf("again it is %+v", w)
		}
		made = w
	}
	for range 3 {
		w, err := h.Edit(h.ctx, home, repeated(2), store.Ref{Lineage: first.Grain.Lineage}, func(f map[string]any) { f["content"] = "three" })
		h.must(err)
		if edited.Seq != 0 && (w.Grain.Hash != edited.Grain.Hash || w.Grain.Version != 3 || w.Seq != edited.Seq || !w.Existing) {
			t.Errorf("again it is %+v", w)
		}
		edited = w
	}
	w, err := h.Supersede(h.ctx, home, repeated(1), first.Grain.Hash, memory.Input{Fields: fields{"content": "two"}})
	if err != nil || w.Grain.Hash != made.Grain.Hash {
		t.Errorf("long after: %+v, %v", w, err)
	}
	_, err = h.Supersede(h.ctx, home, repeated(1), first.Grain.Hash, memory.Input{Fields: fields{"content": "other"}})
	h.refused(err, fault.Conflict)
	_, err = h.Supersede(h.ctx, home, repeated(1), first.Grain.Hash, memory.Input{Type: "belief", Fields: fields{"object": "no belief"}})
	h.refused(err, fault.Conflict)
	h.raised(0, events.Created, events.Superseded, events.Superseded)
}
