package auth_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
)

func TestAKeyHasABurstAndThenItsRate(t *testing.T) {
	l := auth.NewLimiter(2, 3, nil)
	for left := 2; left >= 0; left-- {
		if got := l.Take(t.Context(), "a", noon); !got.OK || got.Limit != 3 || got.Remaining != left {
			t.Errorf("%+v, want %d left", got, left)
		}
	}
	over := l.Take(t.Context(), "a", noon)
	if over.OK || over.RetryAfter != 1 || over.Remaining != 0 || over.Reset != noon.Add(2*time.Second).Unix() {
		t.Errorf("%+v", over)
	}
	if got := l.Take(t.Context(), "b", noon); !got.OK || got.Remaining != 2 {
		t.Errorf("another key has its own: %+v", got)
	}
	if got := l.Take(t.Context(), "a", noon.Add(time.Duration(over.RetryAfter)*time.Second)); !got.OK {
		t.Errorf("after Retry-After: %+v", got)
	}
	if full := l.Full(noon); !full.OK || full.Remaining != 3 || full.Reset != noon.Unix() {
		t.Errorf("%+v", full)
	}
}

func TestRetryAfterIsLongEnough(t *testing.T) {
	l := auth.NewLimiter(0.1, 0, nil)
	l.Take(t.Context(), "a", noon)
	over := l.Take(t.Context(), "a", noon)
	if over.OK || over.RetryAfter != 10 {
		t.Errorf("%+v", over)
	}
	if got := l.Take(t.Context(), "a", noon.Add(9*time.Second)); got.OK {
		t.Error("it is no longer than needed")
	}
}

func TestNoRateIsNoLimit(t *testing.T) {
	l := auth.NewLimiter(0, 5, nil)
	for range 1000 {
		if got := l.Take(t.Context(), "a", noon); !got.OK || got.Limit != auth.Unlimited || got.Remaining != auth.Unlimited || got.Reset != auth.Unlimited {
			t.Fatalf("%+v", got)
		}
	}
}

func TestTheLimiterForgetsOnlyIdleKeys(t *testing.T) {
	l := auth.NewLimiter(0.001, 1, nil)
	for i := range 30_000 {
		l.Take(t.Context(), strconv.Itoa(i), noon)
		if got := l.Take(t.Context(), "busy", noon); got.OK != (i == 0) {
			t.Fatalf("after %d others: %+v", i, got)
		}
	}
	if !l.Take(t.Context(), "0", noon).OK {
		t.Error("the one that was idle for the longest begins anew")
	}
}

func TestTheLimiterCountsCallersAtOnce(t *testing.T) {
	l := auth.NewLimiter(1, 50, nil)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if l.Take(t.Context(), "a", noon).OK {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if passed.Load() != 50 {
		t.Errorf("%d passed", passed.Load())
	}
}
