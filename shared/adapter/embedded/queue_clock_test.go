package embedded

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// The clock that an attempt is recorded by may be set forward or back while the
// queue's own goes on: gaps between attempts stay what they are.
func TestAClockThatIsSetMovesNoRetry(t *testing.T) {
	for _, off := range []time.Duration{72 * time.Hour, -72 * time.Hour} {
		synctest.Test(t, func(t *testing.T) {
			r := receive(t, Config{})
			r.addWebhook("h1")
			r.versions("a", 1)
			r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
				o := failing(j, 3)
				o.At += off.Milliseconds()
				return o
			}
			r.serve()
			defer func() { r.stop() }()
			pass(5 * time.Second)
			got := r.seen()
			if len(got) != 3 {
				t.Fatalf("set by %v: %d attempts in 5 s, want 3 with a second between", off, len(got))
			}
			for i := range 2 {
				if gap := got[i+1].at - got[i].at; gap < time.Second || gap > 2*time.Second {
					t.Errorf("set by %v: a gap of %v", off, gap)
				}
			}
		})
	}
}

// A start with a clock that was days ahead leaves no retry waiting for them.
func TestAClockSetBackBetweenStartsHoldsUpNoRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ahead := 72 * time.Hour
		r := receive(t, Config{Now: func() time.Time { return time.Now().Add(ahead) }})
		r.addWebhook("h1")
		r.versions("a", 1)
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome { return failing(j, 9) }
		r.serve()
		r.settled()
		r.answer, ahead = nil, 0
		r.restart()
		defer func() { r.stop() }()
		pass(5 * time.Second)
		if counts := r.counts("h1"); counts[delivery.StatusDelivered] != 1 {
			t.Errorf("after the clock was set back: %v", counts)
		}
	})
}
