package roadtest_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/memhooks/memhooks/shared/road/roadtest"
)

func TestASeedDrawsOneSchedule(t *testing.T) {
	a, b := roadtest.Draw(7, 60), roadtest.Draw(7, 60)
	if !reflect.DeepEqual(a, b) || len(a.Ops) != 60 {
		t.Errorf("seed 7 drew %d ops, then %d others", len(a.Ops), len(b.Ops))
	}
	if other := roadtest.Draw(8, 60); reflect.DeepEqual(a.Ops, other.Ops) {
		t.Error("seeds 7 and 8 drew the same")
	}
}

// TestWhatFailsIsShrunkToWhatItNeeds: of a schedule that fails where two ops
// follow each other, however far apart, these two are left.
func TestWhatFailsIsShrunkToWhatItNeeds(t *testing.T) {
	for seed := range uint64(20) {
		s := roadtest.Draw(seed, 60)
		first, second := s.Ops[int(seed)], s.Ops[59-int(seed)]
		fails := func(s roadtest.Schedule) bool {
			from := slices.Index(s.Ops, first)
			return from >= 0 && slices.Contains(s.Ops[from+1:], second)
		}
		if short := roadtest.Shrink(s, 150, fails); len(short.Ops) != 2 || !fails(short) {
			t.Errorf("seed %d is shrunk to %s", seed, short)
		}
	}
}

func TestShrinkingIsBounded(t *testing.T) {
	s, runs := roadtest.Draw(1, 60), 0
	short := roadtest.Shrink(s, 10, func(roadtest.Schedule) bool { runs++; return false })
	if runs > 10 || len(short.Ops) != 60 {
		t.Errorf("after %d runs %d ops are left", runs, len(short.Ops))
	}
}

func TestEachDefectHasANameOfItsOwnAndAnInvariant(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range roadtest.Defects() {
		if seen[d.Name] || d.Name == "" || d.Invariant < 1 || d.Invariant > 12 {
			t.Errorf("%q, of invariant %d", d.Name, d.Invariant)
		}
		seen[d.Name] = true
	}
	if len(seen) < 15 {
		t.Errorf("there are %d defects", len(seen))
	}
}
