package embedded

import (
	"fmt"
	"testing"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

func TestWhatAHookIsAboutToBeToldOfIsReadTogether(t *testing.T) {
	s := open(t)
	s.add("before")
	h := s.addHook("hook-1")
	names := []string{"gone"}
	for i := range warmAtOnce + 5 {
		names = append(names, fmt.Sprint(i))
	}
	s.add(names[:10]...)
	other := change.Memory{Tenant: "t", ID: "other"}
	s.addMemory(other)
	s.addKey(other, "k1", seal.Pair{})
	for _, name := range names {
		g := stored(name)
		g.Box = []byte("of another memory")
		_, err := grains{s.db}.Commit(bg, store.Write{Memory: other, Steps: []store.Step{put(g, "")}})
		s.must(err)
	}
	s.add(names[10:]...)
	_, err := s.commit(forget(stored("gone")))
	s.must(err)
	s.again() // nothing is held
	all, err := logs{s.db}.Read(bg, mem1, 0, 1000)
	s.must(err)
	s.must(s.warm(bg, h.Memory, h.ID, all))
	if held, ok := s.boxes.get(boxOf{mem1, hashOf("gone")}); ok && held.Box != nil {
		t.Errorf("a forgotten grain is held with %q", held.Box)
	}
	for _, name := range names[1:] {
		if held, ok := s.boxes.get(boxOf{mem1, hashOf(name)}); !ok || string(held.Box) != "box of "+name {
			t.Fatalf("%s was not read: %q", name, held.Box)
		}
	}
	if _, ok := s.boxes.get(boxOf{mem1, hashOf("before")}); ok {
		t.Error("what the hook does not see was read too")
	}
}

func TestGrainsThatStandFarFromEachOtherAreReadAheadToo(t *testing.T) {
	s := open(t)
	other := change.Memory{Tenant: "t", ID: "other"}
	s.addMemory(other)
	s.addKey(other, "k1", seal.Pair{})
	h := s.addHook("hook-1")
	names := []string{"a", "b", "c", "d"}
	for _, name := range names {
		s.add(name)
		for range apart * len(names) {
			_, err := grains{s.db}.Commit(bg, store.Write{Memory: other, Steps: []store.Step{put(s.fresh(), "")}})
			s.must(err)
		}
	}
	s.again()
	all, err := logs{s.db}.Read(bg, mem1, 0, 1000)
	s.must(err)
	s.must(s.warm(bg, h.Memory, h.ID, all))
	for _, name := range names {
		if held, ok := s.boxes.get(boxOf{mem1, hashOf(name)}); !ok || string(held.Box) != "box of "+name {
			t.Errorf("%s was not read: %q", name, held.Box)
		}
	}
	if len(s.boxes.index) != len(names) {
		t.Errorf("%d grains are held, want %d", len(s.boxes.index), len(names))
	}
}
