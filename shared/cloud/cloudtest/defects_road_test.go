package cloudtest_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
)

// droppingLog has no entry of a forget.
type droppingLog struct{ feed.Log }

func (l droppingLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	page, err := l.Log.Read(ctx, m, after, limit)
	return slices.DeleteFunc(slices.Clone(page), func(e feed.Entry) bool { return e.Change.Cause == events.Forgotten }), err
}

// skippingLog has odd seqs only.
type skippingLog struct{ feed.Log }

func (l skippingLog) Bounds(ctx context.Context, m change.Memory) (feed.Bounds, error) {
	b, err := l.Log.Bounds(ctx, m)
	return feed.Bounds{Head: max(0, 2*b.Head-1), Floor: 2*b.Floor - 1}, err
}

func (l skippingLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	page, err := l.Log.Read(ctx, m, (after+1)/2, limit)
	page = slices.Clone(page)
	for i := range page {
		page[i].Seq = 2*page[i].Seq - 1
	}
	return page, err
}

// reusingLog counts from its floor.
type reusingLog struct{ feed.Log }

func (l reusingLog) Bounds(ctx context.Context, m change.Memory) (feed.Bounds, error) {
	b, err := l.Log.Bounds(ctx, m)
	return feed.Bounds{Head: b.Head - b.Floor + 1, Floor: 1}, err
}

// swappingLog tells later changes first.
type swappingLog struct{ feed.Log }

func (l swappingLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	page, err := l.Log.Read(ctx, m, after, limit)
	page = slices.Clone(page)
	if n := len(page); n > 1 {
		page[0].Change, page[n-1].Change = page[n-1].Change, page[0].Change
	}
	return page, err
}

// hastyLog shows the end of a page before its beginning, every third time.
type hastyLog struct {
	feed.Log
	reads atomic.Int64
}

func (l *hastyLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	page, err := l.Log.Read(ctx, m, after, limit)
	if len(page) > 1 && l.reads.Add(1)%3 == 1 {
		page = page[1:]
	}
	return page, err
}

// chainlessLog does not know what a hook saw before.
type chainlessLog struct{ feed.Log }

func (l chainlessLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	page, err := l.Log.Read(ctx, m, after, limit)
	page = slices.Clone(page)
	for i := range page {
		page[i].Matches = slices.Clone(page[i].Matches)
		for k := range page[i].Matches {
			page[i].Matches[k].Prev = page[i].Seq - 1
		}
	}
	return page, err
}

// silentLog goes on at the floor as if nothing were missing.
type silentLog struct{ feed.Log }

func (l silentLog) Read(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error) {
	page, err := l.Log.Read(ctx, m, after, limit)
	if fault.KindOf(err) != fault.Compacted {
		return page, err
	}
	b, err := l.Log.Bounds(ctx, m)
	if err != nil {
		return nil, err
	}
	return l.Log.Read(ctx, m, b.Floor-1, limit)
}

// endlessLog waits for the end of its caller's patience.
type endlessLog struct{ feed.Log }

func (l endlessLog) Wait(ctx context.Context, m change.Memory, after int64) error {
	if b, err := l.Log.Bounds(ctx, m); err != nil || b.Head > after {
		return err
	}
	<-ctx.Done()
	return nil
}

// keeplessCompactor keeps nothing below the floor.
type keeplessCompactor struct{ feed.Compactor }

func (keeplessCompactor) Kept(context.Context, change.Memory, int64, int) ([]feed.Entry, error) {
	return nil, nil
}

// backwardConsumers believe every ack.
type backwardConsumers struct {
	feed.Consumers
	acked sync.Map
}

func (c *backwardConsumers) Ack(ctx context.Context, m change.Memory, to feed.Consumer) (feed.Consumer, error) {
	_, err := c.Consumers.Ack(ctx, m, to)
	c.acked.Store(to.Name, to.Acked)
	return to, err
}

func (c *backwardConsumers) List(ctx context.Context, m change.Memory, hook string) ([]feed.Consumer, error) {
	all, err := c.Consumers.List(ctx, m, hook)
	for i := range all {
		if at, ok := c.acked.Load(all[i].Name); ok {
			all[i].Acked = at.(int64)
		}
	}
	return all, err
}

// each turns what is done with one job into a handler of batches.
func each(f func(ctx context.Context, j delivery.Job) delivery.Outcome) delivery.Handler {
	return func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
		out := make([]delivery.Outcome, len(jobs))
		for i := range jobs {
			out[i] = f(ctx, jobs[i])
		}
		return out
	}
}

func one(ctx context.Context, h delivery.Handler, j delivery.Job) delivery.Outcome {
	return h(ctx, []delivery.Job{j})[0]
}

// repeatingQueue hands out what was settled once more.
type repeatingQueue struct{ delivery.Queue }

func (q repeatingQueue) Serve(ctx context.Context, h delivery.Handler) error {
	return q.Queue.Serve(ctx, each(func(ctx context.Context, j delivery.Job) delivery.Outcome {
		one(ctx, h, j)
		return one(ctx, h, j)
	}))
}

// eagerQueue settles a job when it hands it out.
type eagerQueue struct{ delivery.Queue }

func (q eagerQueue) Serve(ctx context.Context, h delivery.Handler) error {
	return q.Queue.Serve(ctx, each(func(ctx context.Context, j delivery.Job) delivery.Outcome {
		go one(ctx, h, j)
		j.Attempts++
		return delivery.Outcome{Job: j, Verdict: delivery.Delivered, Status: 200}
	}))
}

// remembered is a queue that, after a restart, takes for settled what was
// handed out before.
func remembered() func(*cloud.Cloud) {
	handed := new(sync.Map)
	return func(c *cloud.Cloud) { c.Queue = &forgettingQueue{Queue: c.Queue, handed: handed} }
}

type forgettingQueue struct {
	delivery.Queue
	handed *sync.Map // delivery id → the queue that handed it out first
}

func (q *forgettingQueue) Serve(ctx context.Context, h delivery.Handler) error {
	return q.Queue.Serve(ctx, each(func(ctx context.Context, j delivery.Job) delivery.Outcome {
		if first, _ := q.handed.LoadOrStore(j.ID(), q); first != q {
			return delivery.Outcome{Job: j, Verdict: delivery.Delivered, Status: 200}
		}
		return one(ctx, h, j)
	}))
}

// singleQueue has one attempt under way at a time.
type singleQueue struct {
	delivery.Queue
	turn chan struct{}
}

func (q *singleQueue) Serve(ctx context.Context, h delivery.Handler) error {
	q.turn = make(chan struct{}, 1)
	return q.Queue.Serve(ctx, each(func(ctx context.Context, j delivery.Job) delivery.Outcome {
		q.turn <- struct{}{}
		defer func() { <-q.turn }()
		return one(ctx, h, j)
	}))
}

// hurriedQueue waits half as long as it was asked to.
type hurriedQueue struct{ delivery.Queue }

func (q hurriedQueue) Serve(ctx context.Context, h delivery.Handler) error {
	return q.Queue.Serve(ctx, each(func(ctx context.Context, j delivery.Job) delivery.Outcome {
		o := one(ctx, h, j)
		o.Delay /= 2
		return o
	}))
}

// forgetfulQueue does not count attempts.
type forgetfulQueue struct{ delivery.Queue }

func (q forgetfulQueue) Serve(ctx context.Context, h delivery.Handler) error {
	return q.Queue.Serve(ctx, each(func(ctx context.Context, j delivery.Job) delivery.Outcome {
		o := one(ctx, h, j)
		o.Job.Attempts, o.Job.FirstAt = 0, 0
		return o
	}))
}

// partialLedger does not count what is held.
type partialLedger struct{ delivery.Ledger }

func (l partialLedger) Counts(ctx context.Context, m change.Memory, hook string) (map[delivery.Status]int, error) {
	counts, err := l.Ledger.Counts(ctx, m, hook)
	delete(counts, delivery.StatusHeld)
	return counts, err
}

// oldestLedger lists each page the wrong way round.
type oldestLedger struct{ delivery.Ledger }

func (l oldestLedger) List(ctx context.Context, m change.Memory, q delivery.Query) ([]delivery.Record, string, error) {
	page, next, err := l.Ledger.List(ctx, m, q)
	slices.Reverse(page)
	return page, next, err
}

// lastLedger tells of each delivery the last attempt only.
type lastLedger struct{ delivery.Ledger }

func (l lastLedger) Find(ctx context.Context, m change.Memory, hook string, seq int64, redrive int) (delivery.Record, error) {
	r, err := l.Ledger.Find(ctx, m, hook, seq, redrive)
	r.Trail = r.Trail[max(len(r.Trail)-1, 0):]
	return r, err
}

// mixingLedger takes the attempts of all deliveries of an event for those of
// each.
type mixingLedger struct{ delivery.Ledger }

func (l mixingLedger) Find(ctx context.Context, m change.Memory, hook string, seq int64, redrive int) (delivery.Record, error) {
	r, err := l.Ledger.Find(ctx, m, hook, seq, redrive)
	if err != nil || redrive == 0 {
		return r, err
	}
	own, err := l.Ledger.Find(ctx, m, hook, seq, 0)
	r.Trail = append(own.Trail, r.Trail...)
	return r, err
}

// numberlessRedriver repeats a delivery as if it were the first.
type numberlessRedriver struct{ delivery.Redriver }

func (r numberlessRedriver) Redrive(ctx context.Context, m change.Memory, hook string, seqs []int64) ([]delivery.Job, error) {
	jobs, err := r.Redriver.Redrive(ctx, m, hook, seqs)
	for i := range jobs {
		jobs[i].Redrive = 0
	}
	return jobs, err
}
