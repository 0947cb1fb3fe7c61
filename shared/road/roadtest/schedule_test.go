package roadtest_test

import (
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
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

// TestThePageListsEachDefect: the rows of the page of what was put in on purpose
// are the defects, in their order.
func TestThePageListsEachDefect(t *testing.T) {
	page, err := os.ReadFile("../../../docs/reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(page), "| put in on purpose |")
	lines := strings.Split(table, "\n")
	if !found || len(lines) < 2 {
		t.Fatal("the page has no table of defects")
	}
	lines = lines[2:] // behind the table's head
	for _, d := range roadtest.Defects() {
		if row := fmt.Sprintf("| %s | %d |", d.Name, d.Invariant); !strings.HasPrefix(lines[0], row) {
			t.Fatalf("%q is not the next row of the page: %q", row, lines[0])
		}
		lines = lines[1:]
	}
	if strings.HasPrefix(lines[0], "|") {
		t.Errorf("the page has a row more: %q", lines[0])
	}
}
