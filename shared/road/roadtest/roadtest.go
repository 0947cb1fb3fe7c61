package roadtest

import (
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
)

const (
	steps      = 60  // of a schedule, where STEPS says nothing else
	shrinkRuns = 150 // at most, of a schedule that failed
	roomy      = 400 // percent of what is in use: worlds are small and soon thrown away
)

// number reads a setting of the environment.
func number(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s=%q: a whole number", name, text)
	}
	return n
}

// Simulate runs the schedules of SCHEDULES seeds (some, where that is not set)
// from SEED on, STEPS ops each, on worlds of their own. One that fails is
// shrunk, and told with the command that repeats it; where is the package to run.
func Simulate(t *testing.T, where string, some int, open func(t *testing.T, seed uint64) World) {
	schedules, first, ops := number(t, "SCHEDULES", some), number(t, "SEED", 1), number(t, "STEPS", steps)
	defer debug.SetGCPercent(debug.SetGCPercent(roomy))
	abreast(first, first+schedules, func(seed int) {
		t.Run(strconv.Itoa(seed), func(t *testing.T) {
			s := Draw(uint64(seed), ops)
			broken := simulate(t, open, s, None)
			if len(broken) == 0 {
				return
			}
			short := Shrink(s, shrinkRuns, func(s Schedule) bool { return among(simulate(t, open, s, None), broken[0].Invariant) })
			if again := simulate(t, open, short, None); len(again) > 0 {
				broken = again
			}
			t.Errorf("seed %d:\n%s\nafter %d of %d ops:\n\t%s\nit is repeated by: SEED=%d STEPS=%d SCHEDULES=1 go test -count=1 -run '^TestSimulation$' %s",
				seed, list(broken), len(short.Ops), len(s.Ops), short, seed, ops, where)
		})
	})
}

// simulate runs a schedule in a bubble of its own.
func simulate(t *testing.T, open func(t *testing.T, seed uint64) World, s Schedule, d Defect) (broken []Broken) {
	synctest.Test(t, func(t *testing.T) { broken = Run(open(t, s.Seed), s, d) })
	return broken
}

// abreast calls each for the numbers of a range, as many at once as there are
// processors.
func abreast(from, to int, each func(n int)) {
	numbers := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for n := range numbers {
				each(n)
			}
		})
	}
	for n := from; n < to; n++ {
		numbers <- n
	}
	close(numbers)
	workers.Wait()
}

func among(all []Broken, invariant int) bool {
	for _, b := range all {
		if b.Invariant == invariant {
			return true
		}
	}
	return false
}

func list(all []Broken) string {
	var b strings.Builder
	for _, one := range all {
		fmt.Fprintf(&b, "\t%s\n", one)
	}
	return strings.TrimRight(b.String(), "\n")
}

// findWithin is how many seeds may be tried until a defect is found.
const findWithin = 200

// FindDefects puts each defect into worlds of one seed after the other, and
// wants the checker to find it: the invariant that it breaks, within
// findWithin seeds. It logs after how many, as rows of a table.
func FindDefects(t *testing.T, open func(t *testing.T, seed uint64) World) {
	abreast(0, len(Defects()), func(n int) {
		d := Defects()[n]
		t.Run(d.Name, func(t *testing.T) {
			if d.Invariant == 12 && free(t, open) {
				t.Logf("| %s | %d | nothing is charged |", d.Name, d.Invariant)
				return
			}
			for seed := 1; seed <= findWithin; seed++ {
				if broken := simulate(t, open, Draw(uint64(seed), steps), Defects()[n]); among(broken, d.Invariant) {
					t.Logf("| %s | %d | %d |", d.Name, d.Invariant, seed)
					return
				}
			}
			t.Errorf("%d schedules with it broke no invariant %d: the checker has a hole", findWithin, d.Invariant)
		})
	})
}

// free says whether a world has nothing that charges by use.
func free(t *testing.T, open func(t *testing.T, seed uint64) World) (free bool) {
	synctest.Test(t, func(t *testing.T) { free = open(t, 1).Spent == nil })
	return free
}
