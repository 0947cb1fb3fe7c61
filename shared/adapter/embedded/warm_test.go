package embedded

import (
	"fmt"
	"testing"
)

func TestWhatAHookIsAboutToBeToldOfIsReadTogether(t *testing.T) {
	s := open(t)
	s.add("before")
	h := s.addHook("hook-1")
	names := []string{"gone"}
	for i := range warmAtOnce + 5 {
		names = append(names, fmt.Sprint(i))
	}
	s.add(names...)
	_, err := s.commit(forget(stored("gone")))
	s.must(err)
	s.again() // nothing is held
	all, err := logs{s.db}.Read(bg, mem1, 0, 1000)
	s.must(err)
	s.must(s.ahead(bg, h, all))
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
