package embedded

import (
	"context"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

func TestJobsOfTheSchemaBeforeKeepWhatIsKnownOfTheirAttempts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := receive(t, Config{Workers: 1})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome { return failing(j, 4) }
		r.addWebhook("h")
		r.serve()
		defer func() { r.stop() }()
		r.versions("a", 1)
		pass(1500 * time.Millisecond)
		r.stop()
		r.must(r.close())
		alter(t, r.dir, unfile+"ALTER TABLE job DROP COLUMN earlier; DROP TABLE removed; PRAGMA user_version=2")
		r.open()
		trail := func() (ns []int) {
			r.settled()
			rec, err := r.q.Find(bg, mem1, "h", 1, 0)
			r.must(err)
			for _, a := range rec.Trail {
				ns = append(ns, a.N)
			}
			return ns
		}
		if got := trail(); !slices.Equal(got, []int{2}) {
			t.Errorf("of two attempts made before, these are told: %v", got)
		}
		r.serve()
		pass(3 * time.Second)
		if got := trail(); !slices.Equal(got, []int{2, 3, 4}) {
			t.Errorf("of two attempts made before and two after, these are told: %v", got)
		}
	})
}
