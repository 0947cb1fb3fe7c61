package aws

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
)

const (
	unreadWait = 10 * time.Minute // for a message that can't be read: a newer version may
	brokenOnce = time.Second      // after a failure of the store, then twice as long, and so on
	brokenMost = 10 * time.Minute
	writeTime  = 30 * time.Second       // for what is recorded after the context's end
	endTime    = 500 * time.Millisecond // of the time that is left, for the answer to a function's caller
)

// round is a batch of messages in hand.
type round struct {
	a       *Adapter
	handle  delivery.Handler
	begin   context.Context // when it ends nothing more is begun
	attempt context.Context // of the attempts
	write   context.Context // of what is recorded; it outlives both for a while
	tasks   []*task
	targets map[table.Key]*target
	ended   chan *task // takes all tasks without a reader

	mu  sync.Mutex
	err error // all that went wrong
}

// task is one message in hand.
type task struct {
	fifo.Received
	job
	dead  bool // it is a dead letter that a person moved back
	to    *target
	known *other            // the delivery's row; nil: none, or nobody looked
	first *delivery.Success // to be recorded in company

	comes   bool      // again
	until   time.Time // no sooner than then
	settled bool
}

// target is a hook as the round's beginning or a later dead letter found it.
type target struct {
	mu     sync.Mutex
	hook   *hookRow // nil: it is gone
	place  place
	firsts map[int64]map[int64]delivery.Success // bucket → what is known to be delivered

	lastGood int64   // when the round's last success ended, epoch milliseconds; 0: none
	deaths   []int64 // when its dead letters did that were counted
}

func (t *target) now() (*hookRow, place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hook, t.place
}

func (t *target) set(h *hookRow, p place) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.hook, t.place = h, p
}

func (a *Adapter) newRound(begin, attempt context.Context, handle delivery.Handler, batch []fifo.Received) *round {
	r := &round{
		a: a, handle: handle, begin: begin, attempt: attempt,
		targets: make(map[table.Key]*target), ended: make(chan *task, len(batch)),
	}
	for _, m := range batch {
		t := &task{Received: m}
		r.tasks = append(r.tasks, t)
		var err error
		if t.job, t.dead, err = readMessage(m.Body); err != nil {
			r.broken(t, unreadWait, fmt.Errorf("message %s: %w", m.ID, err))
			continue
		}
		at := hookKey(t.memory(), t.Hook)
		if r.targets[at] == nil {
			r.targets[at] = new(target)
		}
		t.to = r.targets[at]
	}
	return r
}

// run has all done but the end of the last messages.
func (r *round) run() {
	var cancel context.CancelFunc
	r.write, cancel = writing(r.begin)
	defer cancel()
	if err := r.load(); err != nil {
		for _, t := range r.tasks {
			r.broken(t, t.later(), nil)
		}
		r.broken(nil, 0, err)
	}
	for _, chain := range r.chains() {
		go r.follow(chain)
	}
	r.collect()
}

// writing is the context of what is recorded: it outlives another whose end is
// not known. A function ends at its deadline, and what it records does before.
func writing(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := outliving(ctx, writeTime)
	deadline, limited := ctx.Deadline()
	if !limited {
		return longer, cancel
	}
	limit, end := context.WithDeadline(longer, deadline.Add(-endTime))
	return limit, func() { end(); cancel() }
}

// outliving is a context that ends so much after another.
func outliving(ctx context.Context, by time.Duration) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		timer := time.NewTimer(by)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel()
		case <-longer.Done():
		}
	})
	return longer, func() { stop(); cancel() }
}

// growing is how long a message waits that came so often without an outcome:
// once, then twice as long, and so on. A queue gives up a message after a number
// of receptions, which take days this way.
func growing(receives int, once, most time.Duration) time.Duration {
	return min(once<<min(max(receives, 1)-1, 20), most)
}

// later is how long a task waits after a failure that is not its receiver's.
func (t *task) later() time.Duration { return growing(t.Receives, brokenOnce, brokenMost) }

// back has a task's message come again after a while.
func (r *round) back(t *task, wait time.Duration) {
	t.comes, t.until = true, r.a.cfg.Now().Add(wait)
}

// broken notes what went wrong, and has a task's message come again.
func (r *round) broken(t *task, wait time.Duration, err error) {
	if t != nil {
		r.back(t, wait)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = errors.Join(r.err, err)
}

// chains parts the batch by group.
func (r *round) chains() [][]*task {
	var chains [][]*task
	at := make(map[string]int, len(r.tasks))
	for _, t := range r.tasks {
		n, known := at[t.Group]
		if !known {
			n = len(chains)
			at[t.Group] = n
			chains = append(chains, nil)
		}
		chains[n] = append(chains[n], t)
	}
	return chains
}

// follow delivers the jobs of one group until one comes again: then all behind
// it do. A job that was sent twice may stand in one batch twice: what its
// first message came to holds for both, and need not be recorded yet.
func (r *round) follow(chain []*task) {
	var comes bool
	var until time.Time
	attempted := make(map[string]bool, len(chain))
	for _, t := range chain {
		switch {
		case comes:
			t.comes, t.until = true, until
		case !t.comes && !attempted[t.job.ID()]:
			attempted[t.job.ID()] = r.deliver(t)
		}
		comes, until = t.comes, t.until
		r.ended <- t
	}
}

// collect settles what has ended, in company: at last all that is left.
func (r *round) collect() {
	var ready []*task
	var company <-chan time.Time
	for left := len(r.tasks); left > 0; {
		select {
		case t := <-r.ended:
			left--
			ready = append(ready, t)
			if company == nil {
				company = time.After(r.a.cfg.Company)
			}
		case <-company:
			r.settle(ready, true)
			ready, company = nil, nil
		}
	}
	r.settle(ready, false)
}

// load reads the hooks and the places of the batch, and of jobs that may have
// been attempted before what came of it.
func (r *round) load() error {
	var keys []table.Key
	var take []func(table.Row) error
	want := func(key table.Key, f func(table.Row) error) { keys, take = append(keys, key), append(take, f) }
	asked := make(map[*target]bool, len(r.targets))
	for _, t := range r.tasks {
		if t.to == nil {
			continue
		}
		if !asked[t.to] {
			asked[t.to] = true
			want(hookKey(t.memory(), t.Hook), func(row table.Row) error { return t.to.read(t.memory(), row) })
			want(placeKey(t.memory(), t.Hook), func(row table.Row) error { t.to.place = readPlace(row); return nil })
		}
		if t.begun() {
			o := other{seq: t.Entry.Seq, redrive: t.Redrive}
			want(o.key(t.memory(), t.Hook), t.read)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	rows, err := r.a.cfg.Main.Get(r.write, keys...)
	if err != nil {
		return fmt.Errorf("read the hooks of jobs: %w", err)
	}
	for i, row := range rows {
		if err := take[i](row); err != nil {
			return err
		}
	}
	return nil
}

func (t *target) read(m change.Memory, row table.Row) error {
	if row == nil {
		return nil
	}
	h, err := readHook(m, row)
	t.hook = &h
	return err
}

// begun says whether there may be a row of the delivery.
func (t *task) begun() bool { return t.Receives > 1 || t.again || t.Redrive > 0 || t.dead }

func (t *task) read(row table.Row) error {
	if row != nil {
		o := readOther(row)
		t.known = &o
		t.Attempts, t.FirstAt, t.Redaction = o.attempts, o.firstAt, o.redaction
	}
	return nil
}
