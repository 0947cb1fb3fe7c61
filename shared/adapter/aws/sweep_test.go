package aws

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// lose takes all messages out of the queue.
func (y *yard) lose() {
	y.t.Helper()
	var done []string
	for _, m := range y.receive(y.jobs) {
		done = append(done, m.Handle)
	}
	y.must(y.jobs.Settle(y.t.Context(), done, nil))
}

func TestALineThatLostItsJobsIsRestarted(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a", "b")
		y.deliver(arrives)
		y.tell("a", "b", "c")
		y.lose()
		y.must(y.sweep(t.Context()))
		if n := len(y.jobs.Bodies()); n > 0 {
			t.Errorf("%d jobs were sent again at once", n)
		}
		pass(2 * time.Hour)
		for range 2 { // the second finds that it was restarted just now
			y.must(y.sweep(t.Context()))
		}
		attempted, _ := y.deliver(arrives)
		slices.Sort(attempted)
		if fmt.Sprint(attempted) != "[3 4 5]" {
			t.Errorf("after the restart %v were sent", attempted)
		}
		if left := len(y.jobs.Bodies()); left > 0 {
			t.Errorf("%d messages are left", left)
		}
		y.counts(map[delivery.Status]int{delivery.StatusDelivered: 5})
	})
}

func TestALineThatWaitsIsLeftAlone(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a", "a")
		y.deliver(ends(delivery.RetryAfter, 11*time.Hour))
		for range 10 {
			pass(time.Hour)
			y.must(y.sweep(t.Context()))
		}
		if e := y.hook().epoch; e != 1 || len(y.jobs.Bodies()) != 2 {
			t.Errorf("a line that waits for a retry is in epoch %d with %d messages", e, len(y.jobs.Bodies()))
		}
	})
}

func TestARedriveThatWasLostIsSentAgain(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a")
		y.deliver(ends(delivery.GiveUp, 0))
		jobs, err := ledger{y.Adapter}.Redrive(t.Context(), yardOf, "h", []int64{1}) // nobody reads the stream here
		if err != nil || len(jobs) != 1 {
			t.Fatalf("%d redrives: %v", len(jobs), err)
		}
		pass(2 * time.Hour)
		y.must(y.sweep(t.Context()))
		if attempted, _ := y.deliver(arrives); fmt.Sprint(attempted) != "[1]" {
			t.Errorf("the redrive's attempts are %v", attempted)
		}
		y.counts(map[delivery.Status]int{delivery.StatusDelivered: 1})
	})
}

func TestWhatIsDeadNoLongerLeavesTheQueueOfDeadLetters(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a", "b")
		y.deliver(ends(delivery.GiveUp, 0))
		y.must(y.sweep(t.Context()))
		if n := len(y.dead.Bodies()); n != 2 {
			t.Fatalf("of two dead letters %d have messages", n)
		}
		y.must(ledger{y.Adapter}.Discard(t.Context(), yardOf, "h", 1, 0, "known"))
		y.must(y.sweep(t.Context()))
		if n := len(y.dead.Bodies()); n != 1 {
			t.Errorf("with one dead letter left %d have messages", n)
		}
		if n := len(y.receive(y.dead)); n != 1 {
			t.Errorf("of the one that is left %d can be received", n)
		}
		y.must(hooks{y.Adapter}.Remove(t.Context(), yardOf, "h"))
		pass(time.Minute)
		y.must(y.sweep(t.Context()))
		if n := len(y.dead.Bodies()); n != 0 {
			t.Errorf("without their hook %d dead letters have messages", n)
		}
	})
}

func TestARedriveWaitsForAPausedHook(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a")
		y.deliver(ends(delivery.GiveUp, 0))
		_, err := ledger{y.Adapter}.Redrive(t.Context(), yardOf, "h", []int64{1})
		y.must(err)
		turn := func(s hook.State) {
			h := y.hook().Hook
			h.State = s
			_, err := hooks{y.Adapter}.Put(t.Context(), h)
			y.must(err)
		}
		turn(hook.Paused)
		rows, err := y.others(t.Context(), yardOf, "h", 1, 2)
		y.must(err)
		j, goes, err := y.redriveJob(t.Context(), yardOf, "h", rows[1].row())
		if err != nil || !goes {
			t.Fatalf("a redrive that was told gave no job: %v", err)
		}
		y.must(y.sendJobs(t.Context(), []job{j}))
		for range 3 {
			if attempted, failed := y.deliver(arrives); len(attempted) > 0 || failed != 1 {
				t.Errorf("while the hook is paused %v were sent, %d come again", attempted, failed)
			}
			pass(restMost)
		}
		turn(hook.Active)
		if attempted, _ := y.deliver(arrives); fmt.Sprint(attempted) != "[1]" {
			t.Errorf("when it is active again %v were sent", attempted)
		}
	})
}

// A memory that can't be read keeps Upkeep from no other, and is named.
func TestUpkeepPassesOverABadMemory(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		bad := change.Memory{Tenant: "aaaa", ID: "bad"} // looked after before home
		y.must(registry{y.Adapter}.Put(t.Context(), store.Instance{Memory: bad, Name: bad.ID, Version: 1}))
		_, err := hooks{y.Adapter}.Put(t.Context(), hook.Hook{
			ID: "b", Memory: bad, Mode: hook.Webhook, URL: "https://receiver.example", Dialect: "areev", Redaction: "full", State: hook.Active,
		})
		y.must(err)
		y.must(y.main.Write(t.Context(), table.Op{Action: table.Update, Key: hookKey(bad, "b"), Set: table.Row{hookText: "{"}}))
		y.tell("a")
		y.must(y.jobs.Settle(t.Context(), []string{y.receive(y.jobs)[0].Handle}, nil)) // home's job is lost
		for range 5 {
			pass(time.Hour)
			if _, err := y.Upkeep(t.Context()); err == nil || !strings.Contains(err.Error(), `"bad"`) {
				t.Fatalf("upkeep says: %v", err)
			}
		}
		if attempted, _ := y.deliver(arrives); fmt.Sprint(attempted) != "[1]" {
			t.Errorf("after five hours of upkeep %v were attempted", attempted)
		}
		ages, err := logs{y.Adapter}.Ages(t.Context(), time.Now().UnixMilli())
		if err != nil || len(ages) != 1 || ages[0].Memory != yardOf {
			t.Errorf("the ages are %+v, %v", ages, err)
		}
	})
}
