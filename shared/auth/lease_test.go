package auth_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
)

// shared is one bucket for several limiters.
type shared struct {
	mu    sync.Mutex
	left  float64
	at    time.Time
	draws int
	err   error
}

func (s *shared) Draw(_ context.Context, _ string, b auth.Bucket, want int, now time.Time) (int, float64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.draws++
	s.left = min(float64(b.Burst), s.left+now.Sub(s.at).Seconds()*b.PerSecond)
	s.at = now
	granted := min(want, int(s.left))
	s.left -= float64(granted)
	return granted, s.left, s.err
}

func TestProcessesShareAKeysRequests(t *testing.T) {
	bucket := &shared{left: 100, at: noon}
	var all []*auth.Limiter
	for range 3 {
		all = append(all, auth.NewLimiter(50, 100, bucket))
	}
	passed := 0
	for i := range 300 {
		if all[i%3].Take(t.Context(), "a", noon).OK {
			passed++
		}
	}
	if passed != 100 {
		t.Errorf("%d of 300 requests passed a bucket of 100", passed)
	}
	if bucket.draws > 100/5+3 {
		t.Errorf("%d draws for 100 requests in leases of 5", bucket.draws)
	}
	over := all[0].Take(t.Context(), "a", noon)
	if over.OK || over.RetryAfter != 1 || over.Remaining != 0 {
		t.Errorf("over the limit: %+v", over)
	}
	if later := all[0].Take(t.Context(), "a", noon.Add(time.Second)); !later.OK || later.Remaining != 49 {
		t.Errorf("a second later: %+v", later)
	}
}

func TestALimitThatCannotBeReadLetsPass(t *testing.T) {
	l := auth.NewLimiter(1, 1, &shared{err: errors.New("no table")})
	for range 5 {
		if !l.Take(t.Context(), "a", noon).OK {
			t.Fatal("a request was refused because the limit could not be read")
		}
	}
}
