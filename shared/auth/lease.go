package auth

import (
	"context"
	"sync"
	"time"
)

// Bucket is what a key's shared bucket is made like: it holds at most Burst
// requests and fills by PerSecond.
type Bucket struct {
	PerSecond float64
	Burst     int
}

// Leases are buckets that all processes of a cloud share. It is safe for
// concurrent use.
type Leases interface {
	// Draw takes up to want requests out of a key's bucket. It returns how many
	// it took, 0 where there is less than one, and what is left, parts of a
	// request included. A key that never drew has a full bucket.
	Draw(ctx context.Context, key string, b Bucket, want int, now time.Time) (granted int, left float64, err error)
}

// part is how much of a second's requests one lease is.
const part = 10

// lease is what a process has drawn of a key's shared bucket and not yet spent.
type lease struct {
	mu    sync.Mutex
	held  int
	left  float64   // in the shared bucket, when it was drawn from last
	empty time.Time // until then there is nothing to draw
}

// take spends one request, of what is held or of a new lease.
func (h *lease) take(ctx context.Context, l *Limiter, key string, now time.Time) (ok bool, left float64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held == 0 && !now.Before(h.empty) {
		granted, rest, err := l.leases.Draw(ctx, key, Bucket{l.rate, l.burst}, max(1, int(l.rate/part)), now)
		if err != nil {
			return true, 0
		}
		h.held, h.left = granted, rest
		if granted == 0 {
			h.empty = now.Add(time.Duration((1 - rest) / l.rate * float64(time.Second)))
		}
	}
	if h.held == 0 {
		return false, h.left
	}
	h.held--
	return true, float64(h.held) + h.left
}
