package delivery

import (
	"sync"
	"sync/atomic"
	"time"
)

// tolerated is how many timeouts in a row a hook may have before its jobs are
// put back without a POST.
const tolerated = 5

// remembered is how many hanging hooks are kept before those that nobody tried
// for a long time (deleted ones among them) are forgotten.
const remembered = 1024

// breaker keeps hooks whose receivers hang from holding slots. It remembers
// only hooks that timed out since their last answer.
type breaker struct {
	pause   time.Duration
	mu      sync.Mutex
	hanging map[string]*hang
	count   atomic.Int64 // of hanging, so that the usual case takes no lock
}

// hang is one hook's timeouts in a row and when it may be tried again.
type hang struct {
	timeouts int
	until    time.Time
}

func newBreaker(pause time.Duration) *breaker {
	return &breaker{pause: pause, hanging: make(map[string]*hang)}
}

// wait is how long the hook's jobs are to be put back, 0 = not at all. When a
// pause is over one attempt is let through to see; the others wait for a
// further pause, or until that attempt ends well.
func (b *breaker) wait(hook string, now time.Time) time.Duration {
	if b.count.Load() == 0 {
		return 0
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	h := b.hanging[hook]
	if h == nil || h.timeouts < tolerated {
		return 0
	}
	if left := h.until.Sub(now); left > 0 {
		return left
	}
	h.until = now.Add(b.pause)
	return 0
}

// record takes note of how an attempt ended.
func (b *breaker) record(hook string, timedOut bool, now time.Time) {
	if !timedOut && b.count.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !timedOut {
		delete(b.hanging, hook)
	} else {
		h := b.hanging[hook]
		if h == nil {
			b.sweep(now)
			h = new(hang)
			b.hanging[hook] = h
		}
		h.timeouts++
		h.until = now.Add(b.pause)
	}
	b.count.Store(int64(len(b.hanging)))
}

// sweep forgets hooks that nobody tried for ten pauses, when there are many.
func (b *breaker) sweep(now time.Time) {
	if len(b.hanging) < remembered {
		return
	}
	for id, h := range b.hanging {
		if now.Sub(h.until) > 10*b.pause {
			delete(b.hanging, id)
		}
	}
}
