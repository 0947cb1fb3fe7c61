package aws_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

const (
	holdAfter = 4
	visible   = 6 * time.Minute
	company   = time.Millisecond
)

// world is an account of AWS in memory, and the process that works in it.
type world struct {
	t          *testing.T
	main, keys awstest.Rows
	stream     *awstest.Stream // of main
	jobs, dead *awstest.Queue
	wrapper    seal.Wrapper
	views      *views
	view       fanout.Viewer   // of the next adapter
	faults     *awstest.Faults // before every call; nil: none
	company    time.Duration
	newest     *process
	off        time.Duration // of the next adapter's clock
	holdAfter  int
}

// process is an adapter whose calls can be cut off, and its pump.
type process struct {
	cloud *cloud.Cloud
	alive *awstest.Switch
	stop  func()
}

func newWorld(t *testing.T, shards int) *world {
	main := awstest.NewTable(shards)
	w := &world{
		t: t, main: main, keys: awstest.NewTable(1), stream: main.Stream(),
		jobs: awstest.NewQueue(time.Now, visible), dead: awstest.NewQueue(time.Now, visible),
		wrapper: awstest.NewWrapper(), views: &views{seen: map[string]change.View{}}, company: company, holdAfter: holdAfter,
	}
	w.view = w.views.view
	t.Cleanup(func() {
		if w.newest != nil {
			w.newest.stop()
		}
	})
	return w
}

// adapter makes an adapter whose calls go through a switch, and meet the
// world's faults.
func (w *world) adapter() (*aws.Adapter, *awstest.Switch) {
	alive, off := new(awstest.Switch), w.off
	rows := func(t awstest.Rows) aws.Rows {
		if w.faults == nil {
			return alive.Rows(t)
		}
		return alive.Rows(w.faults.Rows(t))
	}
	line := func(q *awstest.Queue) aws.Line {
		if w.faults == nil {
			return alive.Line(q)
		}
		return alive.Line(w.faults.Line(q))
	}
	return aws.New(aws.Config{
		Main: rows(w.main), Keys: rows(w.keys), Jobs: line(w.jobs), Dead: line(w.dead),
		Wrapper: w.wrapper, Now: func() time.Time { return time.Now().Add(off) }, Pause: pause, Company: w.company, HoldAfter: w.holdAfter,
		View: w.view, Log: slog.New(slog.DiscardHandler),
	}), alive
}

// start runs a process in the account: its adapter, and a pump that hands the
// stream's records to it as a trigger would.
func (w *world) start() *cloud.Cloud {
	a, alive := w.adapter()
	ctx, cancel := context.WithCancel(context.Background())
	var pump sync.WaitGroup
	pump.Go(func() { w.pump(ctx, a) })
	c := a.Cloud()
	c.Grains = watched{c.Grains, w.views}
	w.newest = &process{c, alive, func() { cancel(); pump.Wait() }}
	return c
}

// pump is the stream's trigger: batches of one shard after the other, again
// from the first record that was not done.
func (w *world) pump(ctx context.Context, a *aws.Adapter) {
	for ctx.Err() == nil && w.stream.Wait(ctx) == nil {
		for shard := range w.stream.Undone() {
			batch := w.stream.Next(shard, 100)
			if len(batch.Records) == 0 {
				continue
			}
			done, err := a.Fanout(ctx, batch.Records)
			w.stream.Done(batch, done)
			if err != nil && ctx.Err() == nil {
				w.t.Logf("fan-out failed, its batch comes again: %v", err)
				_ = pause(ctx, company) // it comes again either way
			}
		}
	}
}

// must ends the test where something failed that had to succeed.
func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) reopen(context.Context) (*cloud.Cloud, error) {
	err := w.newest.cloud.Close()
	w.newest.stop()
	return w.start(), err
}

// crash cuts the process off; what it had in hand is given back.
func (w *world) crash(context.Context) (*cloud.Cloud, error) {
	w.newest.alive.Kill()
	w.newest.stop()
	w.jobs.Expire()
	return w.start(), nil
}

// pass lets time pass on the clock that is in force.
func (w *world) pass(d time.Duration) { _ = pause(context.Background(), d) }

// pause waits on the clock that is in force.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// views are what filters see of grains whose boxes the suite only invents.
type views struct {
	mu   sync.Mutex
	seen map[string]change.View
}

func (v *views) view(_ context.Context, _ change.Memory, s store.Stored) (change.View, error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.seen[s.Hash], nil
}

// watched notes the views of what is committed.
type watched struct {
	store.Store
	views *views
}

func (s watched) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	s.views.mu.Lock()
	for _, step := range w.Steps {
		if step.View != nil && step.Put != nil {
			s.views.seen[step.Put.Hash] = step.View
		}
	}
	s.views.mu.Unlock()
	return s.Store.Commit(ctx, w)
}
