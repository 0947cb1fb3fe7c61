package aws_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
	stages "github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/road/roadtest"
)

// TestSimulation runs the road's seeded schedules on services in memory:
// batches of a stream of several shards that are cut, repeated and reordered,
// calls of services that fail before or after they happened, processes that
// die between any two of their calls and whose clocks differ.
func TestSimulation(t *testing.T) { roadtest.Simulate(t, "./shared/adapter/aws", 150, inMemory) }

// TestDefectsAreFound shows that the checker finds what is wrong on purpose.
func TestDefectsAreFound(t *testing.T) { roadtest.FindDefects(t, inMemory) }

func inMemory(t *testing.T, seed uint64) roadtest.World {
	return newSimulated(newWorld(t, 1+int(seed%3)), seed).simulate()
}

// simulated is a world that a schedule runs in.
type simulated struct {
	*world
	adapter *aws.Adapter
	alive   *awstest.Switch
	sound   *cloud.Cloud // without faults, for who looks
}

func newSimulated(w *world, seed uint64) *simulated {
	w.company = 0
	a, _ := w.adapter()
	w.faults = awstest.NewFaults(seed, 0)
	return &simulated{world: w, sound: a.Cloud()}
}

func (a *simulated) simulate() roadtest.World {
	return roadtest.World{
		Open: a.open, Look: func() (*cloud.Cloud, error) { return a.sound, nil },
		Die: a.die, Turn: a.turn, Drain: a.drain, Upkeep: a.upkeep,
		Fail: a.faults.Share, Failed: a.faults.Failed, Cut: func(n int) { a.alive.KillAfter(n) }, Dead: func() bool { return a.alive.Dead() },
		Raw: a.raw, Term: term, Spent: a.spent, Apart: 800 * time.Millisecond,
	}
}

func (a *simulated) open(off time.Duration, holdAfter int) (*cloud.Cloud, error) {
	a.world.off, a.world.holdAfter = off, holdAfter
	var memories *memory.Service // on the very adapter that asks it
	a.world.view = func(ctx context.Context, m change.Memory, s store.Stored) (change.View, error) {
		return memories.View(ctx, m, s)
	}
	a.adapter, a.alive = a.world.adapter()
	c := a.adapter.Cloud()
	now := func() time.Time { return time.Now().Add(off) }
	memories = stages.Assemble(c, stages.Settings{}, "sim", now, slog.New(slog.DiscardHandler)).Memory
	return c, nil
}

func (a *simulated) die() error {
	a.alive.Kill()
	a.jobs.Expire()
	return nil
}

func (a *simulated) upkeep(ctx context.Context) error {
	_, err := a.adapter.Upkeep(ctx)
	return err
}

// turn is one run of a trigger: the stream's or the queue's.
func (a *simulated) turn(ctx context.Context, how roadtest.Op, handle delivery.Handler) {
	if how.A%2 == 0 {
		a.fanout(ctx, how)
		return
	}
	if err := a.deliver(ctx, handle); err != nil {
		a.t.Errorf("the queue can't be read: %v", err)
	}
}

// fanout hands a piece of one shard to fan-out, or of all shards side by side,
// and now and then repeats what was done.
func (a *simulated) fanout(ctx context.Context, how roadtest.Op) {
	shards := len(a.stream.Undone())
	from, to := 0, shards
	if how.A/2%3 > 0 {
		from = int(how.B) % shards
		to = from + 1
	}
	var all sync.WaitGroup
	for shard := from; shard < to; shard++ {
		if how.C%10 == 0 {
			a.stream.Rewind(shard, int(how.C/10%8))
		}
		batch := a.stream.Next(shard, 1+int(how.B/8%12))
		all.Go(func() { a.tell(ctx, batch) })
	}
	all.Wait()
}

func (a *simulated) tell(ctx context.Context, batch awstest.Batch) {
	if len(batch.Records) == 0 {
		return
	}
	done, err := a.adapter.Fanout(ctx, batch.Records)
	if err == nil && done != len(batch.Records) {
		a.t.Errorf("fan-out ended %d of %d records and named no reason", done, len(batch.Records))
	}
	if !a.alive.Dead() { // else nobody was told how far it got
		a.stream.Done(batch, done)
	}
}

// deliver is the queue's trigger: one batch.
func (a *simulated) deliver(ctx context.Context, handle delivery.Handler) error {
	waiting, cancel := context.WithTimeout(ctx, time.Millisecond)
	defer cancel()
	batch, err := a.jobs.Receive(waiting)
	if err != nil || len(batch) == 0 {
		return err
	}
	failed, err := a.adapter.Deliver(ctx, handle, batch)
	if err != nil || a.alive.Dead() {
		return nil // all come again when their time is over
	}
	again := map[string]bool{}
	for _, id := range failed {
		again[id] = true
	}
	var done []string
	for _, m := range batch {
		if !again[m.ID] {
			done = append(done, m.Handle)
		}
	}
	return a.jobs.Settle(ctx, done, nil)
}

// drain runs both triggers until neither finds anything.
func (a *simulated) drain(ctx context.Context, handle delivery.Handler) error {
	for range 1000 {
		left := 0
		for shard, n := range a.stream.Undone() {
			for left += n; n > 0; n = a.stream.Undone()[shard] {
				batch := a.stream.Next(shard, 100)
				done, err := a.adapter.Fanout(ctx, batch.Records)
				if err != nil {
					return err
				}
				a.stream.Done(batch, done)
			}
		}
		before := len(a.jobs.Bodies())
		if err := a.deliver(ctx, handle); err != nil {
			return err
		}
		if left == 0 && len(a.jobs.Bodies()) == before {
			return nil
		}
	}
	return errors.New("stream and queue do not come to their end")
}

// spent are the write units of both tables, and what the queues were asked for
// but for receptions, which the schedule makes. It is 0 where they stand
// elsewhere.
func (a *simulated) spent() int {
	total := 0
	for _, rows := range []awstest.Rows{a.main, a.keys} {
		if metered, ok := rows.(interface{ Meter() *awstest.Meter }); ok {
			total += metered.Meter().Sum("PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems").Units
		}
	}
	for _, q := range []*awstest.Queue{a.jobs, a.dead} {
		total += q.Meter().Sum("SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch").Requests
	}
	return total
}

// raw is all that the tables and queues hold; the stream's records age out.
func (a *simulated) raw() ([]byte, error) {
	var all bytes.Buffer
	for _, rows := range []awstest.Rows{a.main, a.keys} {
		dumped, ok := rows.(interface{ Dump() []table.Found })
		if !ok {
			continue // it stands elsewhere
		}
		for _, found := range dumped.Dump() {
			dump(&all, found.Row)
		}
	}
	for _, q := range []*awstest.Queue{a.jobs, a.dead} {
		for _, body := range q.Bodies() {
			all.WriteString(body)
		}
	}
	return all.Bytes(), nil
}

// term is one as a segment holds it: its eight bytes, which it is the hex of.
func term(term string) [][]byte {
	raw, err := hex.DecodeString(term)
	if err != nil || len(raw) != 8 {
		panic("a term of another shape: " + term)
	}
	return [][]byte{raw}
}

func dump(into *bytes.Buffer, row table.Row) {
	for name, v := range row {
		if raw, ok := v.([]byte); ok {
			into.Write(raw)
			continue
		}
		fmt.Fprint(into, name, v)
	}
}
