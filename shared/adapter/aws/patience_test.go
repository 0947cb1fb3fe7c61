package aws

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// The receptions after which template.yaml has SQS give a message up.
const givenUp = 1000

// refusing are rows that can't be read.
type refusing struct{ Rows }

var errRefused = errors.New("no right to read")

func (refusing) Get(context.Context, ...table.Key) ([]table.Row, error) { return nil, errRefused }

func TestAnOutageOfDaysGivesNoJobUp(t *testing.T) {
	for name, meets := range map[string]func(y *yard){
		"nothing can be prepared": func(y *yard) { y.deliver(ends(delivery.PutBack, time.Second)) },
		"the table can't be read": func(y *yard) {
			whole, batch := y.cfg.Main, y.receive(y.jobs)
			y.cfg.Main = refusing{whole}
			if _, err := y.Deliver(y.t.Context(), nil, batch); len(batch) > 0 && !errors.Is(err, errRefused) {
				y.t.Errorf("the failure is %v", err)
			}
			y.cfg.Main = whole
		},
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, y *yard) {
				y.jobs.RedriveTo(y.dead, givenUp)
				y.tell("a", "a")
				for begun := time.Now(); time.Since(begun) < 4*24*time.Hour; {
					meets(y)
				}
				if n := len(y.dead.Bodies()); n > 0 {
					t.Fatalf("%d jobs were given up", n)
				}
				var order []int64
				for len(order) < 2 {
					attempted, _ := y.deliver(arrives)
					order = append(order, attempted...)
				}
				if fmt.Sprint(order) != "[1 2]" {
					t.Errorf("after the outage the lineage was told in the order %v", order)
				}
			})
		})
	}
}

func TestAJobThatTheQueueGaveUpIsTakenOutOnceItIsNeededNoMore(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.jobs.RedriveTo(y.dead, 1)
		y.tell("a", "b")
		y.receive(y.jobs)
		pass(2 * time.Minute)
		y.jobs.Expire()
		soon, cancel := context.WithTimeout(t.Context(), time.Second)
		_, _ = y.jobs.Receive(soon)
		cancel()
		y.must(y.sweepGraves(t.Context()))
		if n := len(y.dead.Bodies()); n != 2 {
			t.Fatalf("of two jobs that were given up %d have messages", n)
		}
		y.jobs.RedriveTo(y.dead, givenUp)
		pass(2 * time.Hour)
		for range 2 { // the first sends the jobs anew, in another epoch
			y.must(y.sweep(t.Context()))
		}
		if n := len(y.dead.Bodies()); n != 0 {
			t.Errorf("%d messages of an epoch that has ended are left", n)
		}
		if attempted, _ := y.deliver(arrives); len(attempted) != 2 {
			t.Errorf("of the jobs that were given up %v were sent", attempted)
		}
	})
}

func TestWhatIsRecordedEndsBeforeTheFunction(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		begun := time.Now()
		write, end := writing(ctx)
		defer end()
		<-write.Done()
		if took := time.Since(begun); took >= time.Minute {
			t.Errorf("in a function of a minute writes end after %v", took)
		}
	})
	in(t, func(t *testing.T, y *yard) {
		ctx, cancel := context.WithCancel(t.Context())
		begun := time.Now()
		write, end := writing(ctx)
		defer end()
		cancel()
		<-write.Done()
		if took := time.Since(begun); took != writeTime {
			t.Errorf("after the service's end writes end after %v", took)
		}
	})
}

func TestASuccessBetweenDeadLettersIsSeenBeforeTheHookIsHeld(t *testing.T) {
	answer := func(c context.Context, jobs []delivery.Job) []delivery.Outcome {
		pass(time.Duration(jobs[0].Entry.Seq) * time.Millisecond)
		if jobs[0].Entry.Seq%5 == 0 {
			return []delivery.Outcome{ends(delivery.GiveUp, 0)(jobs[0])}
		}
		return []delivery.Outcome{arrives(jobs[0])}
	}
	lineages := []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "a", "b", "c", "d", "e"}
	in(t, func(t *testing.T, y *yard) { // in one batch
		y.cfg.Company = time.Second
		y.tell(lineages...)
		_, err := y.Deliver(t.Context(), answer, append(y.receive(y.jobs), y.receive(y.jobs)...))
		y.must(err)
		if s := y.hook().State; s != hook.Active {
			t.Errorf("with successes between them three dead letters leave the hook %s", s)
		}
		p, err := y.place(t.Context(), yardOf, "h")
		y.must(err)
		if p.dead != 1 {
			t.Errorf("after the last success there are %d dead letters in a row, not one", p.dead)
		}
	})
}

func TestASuccessOfAnotherBatchIsSeenBeforeTheHookIsHeld(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("0", "1", "2", "3", "4", "5")
		batch := y.receive(y.jobs)
		dies := func(n int) { y.deliverBatch(t.Context(), batch[n:n+1], ends(delivery.GiveUp, 0)) }
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			y.deliverBatch(t.Context(), batch[1:2], func(j delivery.Job) delivery.Outcome {
				pass(time.Second) // meanwhile there is a first dead letter
				return arrives(j)
			})
		}()
		pass(time.Millisecond)
		dies(0)
		<-ended
		pass(time.Second)
		for n := 2; n < 6; n++ {
			want := hook.Active
			if n == 5 {
				want = hook.Held
			}
			if dies(n); y.hook().State != want {
				t.Fatalf("dead letter %d leaves the hook %s, not %s", n, y.hook().State, want)
			}
		}
	})
}
