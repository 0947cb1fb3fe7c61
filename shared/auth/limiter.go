package auth

import (
	"container/list"
	"context"
	"math"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Unlimited is what all three numbers say where there is no limit.
const Unlimited = 1_000_000

// maxBuckets bounds how many keys are remembered; the one that was idle for
// the longest is forgotten first and begins with a full bucket again.
const maxBuckets = 10_000

// Taken is where a key's rate stands after a request.
type Taken struct {
	OK         bool
	Limit      int   // requests that a rested key may make at once
	Remaining  int   // of them, now
	Reset      int64 // when the key is rested again, Unix seconds
	RetryAfter int   // seconds until the next request can pass, 1 or more; 0 where OK
}

// Limiter gives every key a bucket of requests. It is safe for concurrent use.
type Limiter struct {
	rate   float64
	burst  int
	leases Leases // nil where no other process serves

	mu      sync.Mutex
	buckets map[string]*list.Element
	used    *list.List // of *bucket, the last one used in front
}

type bucket struct {
	key    string
	tokens *rate.Limiter
	lease  lease
}

// NewLimiter makes a Limiter of so many requests per second and a burst; a
// rate of 0 or below means no limit, a burst below 1 means 1. Where several
// processes serve, they share each key's bucket through leases.
func NewLimiter(perSecond float64, burst int, leases Leases) *Limiter {
	return &Limiter{rate: perSecond, burst: max(burst, 1), leases: leases, buckets: map[string]*list.Element{}, used: list.New()}
}

// Take spends one request of a key, if it has one. Where the bucket that all
// share can't be reached, the request passes.
func (l *Limiter) Take(ctx context.Context, key string, now time.Time) Taken {
	if l.rate <= 0 {
		return unlimited
	}
	b := l.bucket(key)
	t := Taken{Limit: l.burst}
	var left float64
	if l.leases == nil {
		t.OK = b.tokens.AllowN(now, 1)
		left = b.tokens.TokensAt(now)
	} else {
		t.OK, left = b.lease.take(ctx, l, key, now)
	}
	t.Remaining = max(0, int(left))
	t.Reset = now.Add(l.refill(float64(l.burst) - left)).Unix()
	if !t.OK {
		t.RetryAfter = max(1, int(math.Ceil((1-left)/l.rate)))
	}
	return t
}

// Full is what a rested key would be told; it spends nothing.
func (l *Limiter) Full(now time.Time) Taken {
	if l.rate <= 0 {
		return unlimited
	}
	return Taken{OK: true, Limit: l.burst, Remaining: l.burst, Reset: now.Unix()}
}

var unlimited = Taken{OK: true, Limit: Unlimited, Remaining: Unlimited, Reset: Unlimited}

// refill is how long it takes until so many tokens are there, up to a full
// second, so that a caller who waits for it finds them.
func (l *Limiter) refill(tokens float64) time.Duration {
	return time.Duration(math.Ceil(tokens/l.rate)) * time.Second
}

func (l *Limiter) bucket(key string) *bucket {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e, ok := l.buckets[key]; ok {
		l.used.MoveToFront(e)
		return e.Value.(*bucket)
	}
	if l.used.Len() >= maxBuckets {
		oldest := l.used.Back()
		delete(l.buckets, l.used.Remove(oldest).(*bucket).key)
	}
	b := &bucket{key: key, tokens: rate.NewLimiter(rate.Limit(l.rate), l.burst)}
	l.buckets[key] = l.used.PushFront(b)
	return b
}
