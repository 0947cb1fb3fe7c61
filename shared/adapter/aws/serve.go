package aws

import (
	"context"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/delivery"
)

// queue is the port delivery.Queue.
type queue struct{ a *Adapter }

const (
	serveBatches = 64              // in hand at a time
	servePause   = time.Second     // after the queue failed
	serveGrace   = 3 * time.Second // for attempts that are under way when the service ends
)

// Serve is the port's. When ctx ends, attempts that are under way have three
// seconds to end; what was not begun is given back at once. What ended is
// recorded before Serve returns nil.
func (q queue) Serve(ctx context.Context, h delivery.Handler) error {
	attempts, cancel := outliving(ctx, serveGrace)
	defer cancel()
	var running sync.WaitGroup
	defer running.Wait()
	slots := make(chan struct{}, serveBatches)
	for {
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			return nil
		}
		batch, err := q.a.cfg.Jobs.Receive(ctx)
		switch {
		case ctx.Err() != nil && len(batch) == 0:
			return nil
		case err != nil:
			q.a.cfg.Log.Error("the queue of jobs can't be read", "error", err)
			if q.a.cfg.Pause(ctx, servePause) != nil {
				return nil
			}
		}
		if len(batch) == 0 {
			<-slots
			continue
		}
		running.Go(func() {
			defer func() { <-slots }()
			q.serve(ctx, attempts, h, batch)
		})
	}
}

// serve delivers a batch and ends its messages.
func (q queue) serve(ctx, attempts context.Context, h delivery.Handler, batch []fifo.Received) {
	r := q.a.newRound(ctx, attempts, h, batch)
	r.run()
	var done []string
	for _, t := range r.tasks {
		if !t.comes && !t.settled {
			done = append(done, t.Handle)
		}
	}
	write, cancel := outliving(ctx, writeTime)
	defer cancel()
	if len(done) > 0 {
		if err := q.a.cfg.Jobs.Settle(write, done, nil); err != nil {
			r.broken(nil, 0, err)
		}
	}
	if r.err != nil {
		q.a.cfg.Log.Error("jobs could not be settled and come again", "count", len(batch), "error", r.err)
	}
}
