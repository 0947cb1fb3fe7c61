package aws

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// TestCountsAgreeWithWhatIsListed does all that moves counts in random order:
// deliveries that end in every way, redrives, skips, discards, compaction and
// upkeep, and compares the counts with the newest deliveries in the list.
func TestCountsAgreeWithWhatIsListed(t *testing.T) {
	for seed := range uint64(150) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			in(t, func(t *testing.T, y *yard) {
				r := rand.New(rand.NewPCG(seed, 7))
				y.Adapter.cfg.HoldAfter = 0
				for range 60 {
					y.move(r)
				}
				y.agree()
			})
		})
	}
}

func (y *yard) move(r *rand.Rand) {
	ctx, l := y.t.Context(), ledger{y.Adapter}
	seq := 1 + r.Int64N(y.head+1)
	switch r.IntN(12) {
	case 0, 1, 2:
		lineages := make([]string, 1+r.IntN(4))
		for i := range lineages {
			lineages[i] = fmt.Sprint(r.IntN(5))
		}
		y.tell(lineages...)
	case 3, 4, 5, 6:
		if len(y.jobs.Bodies()) > 0 {
			v := [...]delivery.Verdict{delivery.Delivered, delivery.Delivered, delivery.RetryAfter, delivery.GiveUp, delivery.PutBack}
			shift := r.IntN(len(v)) // drawn here: receivers answer side by side
			y.deliver(func(j delivery.Job) delivery.Outcome {
				return ends(v[(int(j.Entry.Seq)+shift)%len(v)], time.Second)(j)
			})
		}
	case 7:
		jobs, err := l.Redrive(ctx, yardOf, "h", []int64{seq, seq + 1})
		y.must(err)
		for _, j := range jobs {
			y.must(y.sendJobs(ctx, []job{{Job: j, again: true}}))
		}
	case 8:
		if rec, err := l.Find(ctx, yardOf, "h", seq, 0); err == nil && rec.Status == delivery.StatusDead {
			y.must(l.Discard(ctx, yardOf, "h", seq, 0, "known"))
		}
	case 9:
		y.must(logs{y.Adapter}.Compact(ctx, yardOf, max(1, seq-4)))
	case 10:
		if r.IntN(4) == 0 {
			_, err := mover{y.Adapter}.SkipToHead(ctx, yardOf, "h")
			y.must(err)
			_, err = y.catchUp(ctx, yardOf, "h", catchUpEnd(ctx, catchUpUpkeep))
			y.must(err)
		}
	default:
		_, err := y.neededBy(ctx, yardOf, y.hook(), y.head)
		y.must(err)
	}
	pass(time.Second)
}

// agree compares the counts with the list. What compaction has taken is in the
// counts alone.
func (y *yard) agree() {
	y.t.Helper()
	ctx, l := y.t.Context(), ledger{y.Adapter}
	counts, err := l.Counts(ctx, yardOf, "h")
	y.must(err)
	listed := map[delivery.Status]int{}
	seen := map[int64]bool{}
	for q := (delivery.Query{Hook: "h", Limit: 7}); ; {
		page, next, err := l.List(ctx, yardOf, q)
		y.must(err)
		for _, rec := range page {
			if !seen[rec.Job.Entry.Seq] {
				seen[rec.Job.Entry.Seq] = true
				listed[rec.Status]++
			}
		}
		if q.After = next; next == "" {
			break
		}
	}
	sum, gone := 0, 0
	for status, n := range counts {
		sum += n
		gone += n - listed[status]
	}
	floor, err := y.floor(ctx, yardOf)
	y.must(err)
	if sum != int(y.head) || gone != int(floor-1) {
		y.t.Errorf("of %d changes, %d of them compacted, %v are counted and %v listed", y.head, floor-1, counts, listed)
	}
	if n := counts[delivery.StatusPending]; n != listed[delivery.StatusPending] || y.hook().State != hook.Active {
		y.t.Errorf("%d are counted as pending, %d listed", n, listed[delivery.StatusPending])
	}
}
