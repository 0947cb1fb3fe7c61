package aws

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// A delivery that is posted and not yet recorded is passed over, and the answer
// shows it: fewer jobs than were asked for. Two seconds later it is sent again,
// even while another of its batch hangs.
func TestWhatHasJustBeenDeliveredIsPassedOverForASecond(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.Adapter.cfg.Company = company
		redriven := func() int {
			jobs, err := ledger{y.Adapter}.Redrive(t.Context(), yardOf, "h", []int64{1, 2})
			y.must(err)
			return len(jobs)
		}
		y.tell("0", "1")
		var early, later int
		y.deliver(func(j delivery.Job) delivery.Outcome {
			if j.Entry.Seq == 2 {
				synctest.Wait() // the other has ended
				early = redriven()
				pass(2 * time.Second)
				later = redriven()
			}
			return ends(delivery.Delivered, 0)(j)
		})
		if early != 0 || later != 1 {
			t.Errorf("%d were sent again at once and %d two seconds later, want none and the one that had ended", early, later)
		}
		if n := redriven(); n != 1 {
			t.Errorf("%d are sent again at last, want the other", n)
		}
	})
}
