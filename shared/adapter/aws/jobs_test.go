package aws

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// yardOf is the memory of a yard.
var yardOf = change.Memory{Tenant: "acme", ID: "home"}

// yard is an adapter on services in memory, with one memory and its hook h.
type yard struct {
	*Adapter
	t          *testing.T
	main       *awstest.Table
	jobs, dead *awstest.Queue
	head       int64
}

func newYard(t *testing.T) *yard {
	y := &yard{t: t, main: awstest.NewTable(1), jobs: awstest.NewQueue(time.Now, time.Minute), dead: awstest.NewQueue(time.Now, time.Minute)}
	y.Adapter = New(Config{
		Main: y.main, Keys: awstest.NewTable(0), Jobs: y.jobs, Dead: y.dead, Now: time.Now, Company: time.Millisecond, HoldAfter: 3,
		Console: "https://console.example/", Timeout: 10 * time.Second, Log: slog.New(slog.DiscardHandler),
		Pause: func(context.Context, time.Duration) error { return nil },
	})
	y.must(registry{y.Adapter}.Put(t.Context(), store.Instance{Memory: yardOf, Name: yardOf.ID, Version: 1}))
	_, err := hooks{y.Adapter}.Put(t.Context(), hook.Hook{
		ID: "h", Memory: yardOf, Mode: hook.Webhook, URL: "https://receiver.example", Dialect: dialect.Areev, Redaction: "full",
		State: hook.Active, CreatedAt: time.Now().UnixMilli(),
	})
	y.must(err)
	return y
}

func (y *yard) must(err error) {
	y.t.Helper()
	if err != nil {
		y.t.Fatal(err)
	}
}

// tell appends changes of the given lineages to the log and puts their jobs in
// line, as fan-out does.
func (y *yard) tell(lineages ...string) {
	y.t.Helper()
	c := chunk{first: y.head + 1, count: int64(len(lineages)), hooks: map[string]tally{}}
	var jobs []job
	for i, lineage := range lineages {
		y.head++
		e := feed.Entry{Seq: y.head, Matches: []feed.Match{{Hook: "h", Prev: y.head - 1}}, Change: change.Change{
			ID: fmt.Sprintf("%026d", y.head), Memory: yardOf, Cause: events.Created, At: time.Now().UnixMilli(),
			Lineage: strings.Repeat(lineage, 64)[:64], Hash: fmt.Sprintf("%064d", i), Content: []byte("sealed"),
		}}
		c.entries = append(c.entries, e)
		jobs = append(jobs, job{Job: delivery.Job{Hook: "h", Prev: y.head - 1, Entry: e}, epoch: y.hook().epoch})
	}
	c.hooks["h"] = tally{seen: y.head, total: y.head, epoch: y.hook().epoch}
	y.must(y.main.Write(y.t.Context(), table.Op{Key: table.Key{Part: logPart(yardOf), Sort: seqSort(sortChunk, c.first)}, Set: c.row()}))
	y.must(y.sendJobs(y.t.Context(), jobs))
}

func (y *yard) hook() hookRow {
	y.t.Helper()
	h, err := y.hookRow(y.t.Context(), yardOf, "h")
	y.must(err)
	return h
}

func (y *yard) receive(q *awstest.Queue) []fifo.Received {
	y.t.Helper()
	batch, err := q.Receive(y.t.Context())
	y.must(err)
	return batch
}

// deliver receives a batch, has it answered and ends what has ended, as the
// queue's trigger does. It returns the seqs that were attempted.
func (y *yard) deliver(answer func(delivery.Job) delivery.Outcome) (attempted []int64, failed int) {
	y.t.Helper()
	return y.deliverBatch(y.t.Context(), y.receive(y.jobs), answer)
}

func (y *yard) deliverBatch(ctx context.Context, batch []fifo.Received, answer func(delivery.Job) delivery.Outcome) (attempted []int64, failed int) {
	y.t.Helper()
	seqs := make(chan int64, len(batch))
	back, err := y.Deliver(ctx, func(_ context.Context, jobs []delivery.Job) []delivery.Outcome {
		seqs <- jobs[0].Entry.Seq
		return []delivery.Outcome{answer(jobs[0])}
	}, batch)
	y.must(err)
	var done []string
	for _, m := range batch {
		if !slices.Contains(back, m.ID) {
			done = append(done, m.Handle)
		}
	}
	y.must(y.jobs.Settle(y.t.Context(), done, nil))
	close(seqs)
	for seq := range seqs {
		attempted = append(attempted, seq)
	}
	return attempted, len(back)
}

func ends(v delivery.Verdict, delay time.Duration) func(delivery.Job) delivery.Outcome {
	return func(j delivery.Job) delivery.Outcome {
		j.Attempts++
		if j.FirstAt == 0 {
			j.FirstAt = time.Now().UnixMilli()
		}
		o := delivery.Outcome{Job: j, Verdict: v, Delay: delay, Status: 200, At: time.Now().UnixMilli(), Took: time.Millisecond}
		if v != delivery.Delivered {
			o.Status, o.Error = 503, "answered 503"
		}
		return o
	}
}

var arrives = ends(delivery.Delivered, 0)

func (y *yard) counts(want map[delivery.Status]int) {
	y.t.Helper()
	got, err := ledger{y.Adapter}.Counts(y.t.Context(), yardOf, "h")
	y.must(err)
	if fmt.Sprint(got) != fmt.Sprint(want) {
		y.t.Errorf("the hook counts %v, not %v", got, want)
	}
}

// in runs a test in a bubble.
func in(t *testing.T, f func(t *testing.T, y *yard)) {
	synctest.Test(t, func(t *testing.T) { f(t, newYard(t)) })
}

// pass lets time pass in a bubble.
func pass(d time.Duration) {
	timer := time.NewTimer(d)
	<-timer.C
}

func TestABatchOfFirstSuccessesCostsOneSmallWrite(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")
		y.main.Meter().Reset()
		batch := y.receive(y.jobs)
		y.jobs.Meter().Reset()
		failed, err := y.Deliver(t.Context(), func(_ context.Context, jobs []delivery.Job) []delivery.Outcome {
			return []delivery.Outcome{arrives(jobs[0])}
		}, batch)
		if err != nil || len(failed) > 0 || len(batch) != 10 {
			t.Fatalf("of a batch of %d, %v failed: %v", len(batch), failed, err)
		}
		used := y.main.Meter().Usage()
		if fmt.Sprint(used) != "map[BatchGetItem:{1 2} PutItem:{1 1}]" {
			t.Errorf("a batch of ten used %v", used)
		}
		if n := y.jobs.Meter().Sum().Requests; n > 0 {
			t.Errorf("a batch that a trigger ends made %d requests to its queue", n)
		}
		y.counts(map[delivery.Status]int{delivery.StatusDelivered: 10})
	})
}

func TestAGroupComesAgainAsAWhole(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a", "a", "b", "a")
		attempted, failed := y.deliver(func(j delivery.Job) delivery.Outcome {
			if j.Entry.Seq == 1 {
				return ends(delivery.RetryAfter, time.Minute)(j)
			}
			return arrives(j)
		})
		slices.Sort(attempted)
		if fmt.Sprint(attempted) != "[1 3]" || failed != 3 {
			t.Errorf("%v were attempted, %d come again", attempted, failed)
		}
		y.tell("a")
		start := time.Now()
		ctx, cancel := context.WithTimeout(t.Context(), 59*time.Second)
		defer cancel()
		for ctx.Err() == nil {
			if early, err := y.jobs.Receive(ctx); len(early) > 0 || err != nil {
				t.Fatalf("%d messages came after %v: %v", len(early), time.Since(start), err)
			}
		}
		if attempted, _ = y.deliver(arrives); fmt.Sprint(attempted) != "[1 2 4 5]" || time.Since(start) < time.Minute {
			t.Errorf("after %v the group went on with %v", time.Since(start), attempted)
		}
		y.counts(map[delivery.Status]int{delivery.StatusDelivered: 5})
	})
}

func TestWhatIsReceivedTwiceIsNotSentTwice(t *testing.T) {
	for name, answer := range map[string]func(delivery.Job) delivery.Outcome{
		"delivered": arrives, "dead": ends(delivery.GiveUp, 0), "waiting": ends(delivery.RetryAfter, time.Hour),
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, y *yard) {
				y.tell("a")
				batch := y.receive(y.jobs)
				_, err := y.Deliver(t.Context(), func(_ context.Context, jobs []delivery.Job) []delivery.Outcome {
					return []delivery.Outcome{answer(jobs[0])}
				}, batch)
				y.must(err)
				batch[0].Receives++ // its end was lost
				if attempted, _ := y.deliverBatch(t.Context(), batch, arrives); len(attempted) > 0 {
					t.Errorf("it was sent again")
				}
			})
		})
	}
}

// A job that was sent twice may stand in one batch twice, while what came of
// the first is not recorded yet.
func TestAJobThatStandsInABatchTwiceIsAttemptedOnce(t *testing.T) {
	for name, answer := range map[string]func(delivery.Job) delivery.Outcome{"delivered": arrives, "dead": ends(delivery.GiveUp, 0)} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, y *yard) {
				y.tell("a")
				batch := y.receive(y.jobs)
				twin := batch[0]
				twin.ID, twin.Handle = "twin", "twin"
				attempted, _ := y.deliverBatch(t.Context(), append(batch, twin), answer)
				if len(attempted) != 1 {
					t.Errorf("it was attempted %d times", len(attempted))
				}
			})
		})
	}
}

func TestWhileOneHangsTheOthersAreSettled(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a", "b")
		batch := y.receive(y.jobs)
		gate := make(chan struct{})
		done := make(chan struct{})
		go func() {
			defer close(done)
			y.deliverBatch(t.Context(), batch, func(j delivery.Job) delivery.Outcome {
				if j.Entry.Seq == 1 {
					<-gate
				}
				return arrives(j)
			})
		}()
		pass(time.Second)
		synctest.Wait()
		y.counts(map[delivery.Status]int{delivery.StatusDelivered: 1, delivery.StatusPending: 1})
		if left := y.jobs.Bodies(); len(left) != 1 {
			t.Errorf("%d messages are left while one hangs", len(left))
		}
		close(gate)
		<-done
		y.counts(map[delivery.Status]int{delivery.StatusDelivered: 2})
	})
}

func TestNothingIsBegunWithoutTime(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a", "a", "a")
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		attempted, failed := y.deliverBatch(ctx, y.receive(y.jobs), func(j delivery.Job) delivery.Outcome {
			pass(8 * time.Second)
			return arrives(j)
		})
		if fmt.Sprint(attempted) != "[1]" || failed != 2 {
			t.Errorf("%v were attempted in 20 s, %d come again", attempted, failed)
		}
		if again, _ := y.deliver(arrives); fmt.Sprint(again) != "[2 3]" {
			t.Errorf("given back were %v", again)
		}
	})
}

func TestADeadLetterIsReadAndMovedBack(t *testing.T) {
	in(t, func(t *testing.T, y *yard) {
		y.tell("a")
		y.deliver(ends(delivery.GiveUp, 0))
		grave := y.receive(y.dead)
		if len(grave) != 1 {
			t.Fatalf("%d dead letters", len(grave))
		}
		var said map[string]any
		y.must(json.Unmarshal([]byte(grave[0].Body), &said))
		delete(said, "job")
		want := map[string]any{
			"hook": "h", "delivery": "dlv_h.1.0", "event_id": "evt_00000000000000000000000001", "event_type": "grain_added", "seq": 1, "attempts": 1,
			"last_status": 503, "last_error": "answered 503", "first_attempt_at": "2000-01-01T00:00:00Z", "last_attempt_at": "2000-01-01T00:00:00Z",
			"console": "https://console.example/memories/home/dead-letters/dlv_h.1.0",
		}
		want["event_type"] = dialect.Name(dialect.Areev, events.Created)
		if fmt.Sprint(said) != fmt.Sprint(want) {
			t.Errorf("a dead letter says\n%v, not\n%v", said, want)
		}
		for range 2 { // the second time it is a dead letter no longer
			if attempted, _ := y.deliverBatch(t.Context(), grave, arrives); len(attempted) > 0 {
				t.Errorf("it was sent without a number of its own")
			}
		}
		rows, err := y.others(t.Context(), yardOf, "h", 1, 2)
		y.must(err)
		if len(rows) != 2 || rows[0].status != delivery.StatusDiscarded || rows[1].redrive != 1 || !rows[1].pending() {
			t.Errorf("after it was moved back its rows are %+v", rows)
		}
		y.counts(map[delivery.Status]int{delivery.StatusPending: 1})
	})
}

func TestAttemptsUnderWayCountNoMoreOnceTheirHookHasSkipped(t *testing.T) {
	for name, answer := range map[string]func(delivery.Job) delivery.Outcome{
		"delivered": arrives, "dead": ends(delivery.GiveUp, 0), "failed": ends(delivery.RetryAfter, time.Minute),
	} {
		t.Run(name, func(t *testing.T) {
			in(t, func(t *testing.T, y *yard) {
				y.tell("a", "b")
				y.deliver(func(j delivery.Job) delivery.Outcome {
					if j.Entry.Seq == 1 {
						n, err := mover{y.Adapter}.SkipToHead(t.Context(), yardOf, "h")
						if err != nil || n != 2 && n != 1 {
							t.Errorf("skipped %d: %v", n, err)
						}
					} else {
						pass(time.Second)
					}
					return answer(j)
				})
				y.counts(map[delivery.Status]int{delivery.StatusSkipped: 2})
				pass(time.Hour)
				if batch := y.receive(y.jobs); len(batch) > 0 {
					if attempted, _ := y.deliverBatch(t.Context(), batch, arrives); len(attempted) > 0 {
						t.Errorf("%v were sent after they were skipped", attempted)
					}
				}
				y.counts(map[delivery.Status]int{delivery.StatusSkipped: 2})
			})
		})
	}
}
