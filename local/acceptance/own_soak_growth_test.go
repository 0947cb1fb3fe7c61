package acceptance_test

import (
	"fmt"
	"slices"
	"testing"
)

// bound is what a figure of a server may grow by over the second half of a
// soak, as a straight line through the least of each of its spans says; 0: it is
// printed only.
type bound struct {
	what string
	most float64
	unit string
	per  float64 // what one of the unit is
}

// limit is how the bound is printed.
func (b bound) limit() string {
	if b.most == 0 {
		return ""
	}
	return fmt.Sprint(b.most)
}

var bounds = []bound{
	{"memory that stays", 4, "MiB", 1 << 20},             // of it up to 3 that the connections of a burst hold
	{"lag", 50, "events", 1},                             // written and not yet with the healthy receiver
	{"process_resident_memory_bytes", 0, "MiB", 1 << 20}, // garbage swings it
	{"go_goroutines", 0, "", 1},                          // as many as connections are open, see atRest
	{"process_open_fds", 0, "", 1},
}

// atRest are figures that are compared before and after the load, when nobody is
// connected.
var atRest = []string{"go_goroutines", "process_open_fds"}

// atRestMore is by how much these may be more than before the load.
const atRestMore = 20

// gcPercent is the GOGC that the soaked server is started with: its live heap is
// worked out of it.
const gcPercent = 200

// stays is the memory of a server without garbage: what is resident beside Go's
// heap, most of it SQLite's pages, and of the heap what the last collection
// left. Resident memory itself swings with the collector, by more than a leak
// of some minutes adds.
func stays(t *testing.T, now map[string]float64) float64 {
	t.Helper()
	of := func(name string) float64 {
		v, there := now[name]
		if !there {
			t.Fatalf("/metrics has no %s", name)
		}
		return v
	}
	heap := of("go_memstats_heap_inuse_bytes") + of("go_memstats_heap_idle_bytes") - of("go_memstats_heap_released_bytes")
	live := of("go_memstats_next_gc_bytes") / (1 + gcPercent/100.0)
	return of("process_resident_memory_bytes") - heap + live
}

// floors parts samples into ten spans and gives the least of each: a burst
// leaves it where it is, a leak raises it.
func floors(samples []float64) (least []float64) {
	const spans = 10
	for i := range spans {
		if span := samples[len(samples)*i/spans : len(samples)*(i+1)/spans]; len(span) > 0 {
			least = append(least, slices.Min(span))
		}
	}
	return least
}

// growth is what a straight line through samples taken at even times rises by
// from the first to the last.
func growth(samples []float64) float64 {
	n := float64(len(samples))
	if n < 2 {
		return 0
	}
	var x, y, xx, xy float64
	for i, v := range samples {
		at := float64(i)
		x, y, xx, xy = x+at, y+v, xx+at*at, xy+at*v
	}
	return (n*xy - x*y) / (n*xx - x*x) * (n - 1)
}

func TestSoakLeavesGarbageOut(t *testing.T) {
	now := map[string]float64{
		"process_resident_memory_bytes": 160, "go_memstats_next_gc_bytes": 54,
		"go_memstats_heap_inuse_bytes": 40, "go_memstats_heap_idle_bytes": 80, "go_memstats_heap_released_bytes": 60,
	}
	if got := stays(t, now); got != 160-60+18 {
		t.Errorf("of 160, of which Go has 60 and needs 18, %v stay", got)
	}
}

func TestSoakSeesGrowth(t *testing.T) {
	noise := []float64{3, -2, 1, -4, 2, 0, -1, 3, -3, 1}
	bursts := slices.Repeat([]float64{50, 51, 90, 50, 52, 50, 50, 200, 51, 50}, 10)
	if got := growth(floors(bursts)); got < -1 || got > 1 {
		t.Errorf("of bursts on a level floor, growth is %v", got)
	}
	for slope, least := range map[float64]float64{0: -4, 1: 7, -1: -12} {
		var samples []float64
		for i, n := range noise {
			samples = append(samples, 100+slope*float64(i)+n)
		}
		if got := growth(samples); got < least || got > least+5 {
			t.Errorf("of a line that rises by %v a step, growth is %v", slope, got)
		}
	}
}
