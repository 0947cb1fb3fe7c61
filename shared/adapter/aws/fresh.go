package aws

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/memhooks/memhooks/shared/change"
)

// freshFor is how long a process may believe what it read of a memory or key:
// erasures and removals wait it out before they go on.
const freshFor = 2 * time.Second

// maxBeliefs bounds how much is believed at a time.
const maxBeliefs = 16384

// belief is that a key of a memory is live; without a key, that the memory is
// there. Nobody believes the opposite.
type belief struct {
	memory change.Memory
	key    string
}

// fresh is what this process believes without asking the tables.
type fresh struct {
	mu    sync.Mutex
	since map[belief]time.Time
}

// believed says whether a belief holds at a time.
func (f *fresh) believed(b belief, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	since, ok := f.since[b]
	age := now.Sub(since)
	return ok && age >= 0 && age < freshFor
}

// believe notes what was read; asked is a time before the reading began.
func (f *fresh) believe(b belief, asked time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.since == nil || len(f.since) >= maxBeliefs {
		f.since = make(map[belief]time.Time)
	}
	f.since[b] = asked
}

// doubt drops beliefs.
func (f *fresh) doubt(beliefs ...belief) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range beliefs {
		delete(f.since, b)
	}
}

// stamps numbers this process's writes: microseconds since 1970, each above
// the one before.
type stamps struct{ last atomic.Int64 }

func (s *stamps) stamp(now time.Time) int64 {
	for {
		last := s.last.Load()
		next := max(now.UnixMicro(), last+1)
		if s.last.CompareAndSwap(last, next) {
			return next
		}
	}
}
