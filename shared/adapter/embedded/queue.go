package embedded

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// queue is the ports delivery.Queue, delivery.Ledger, delivery.Redriver and
// hook.Mover.
//
// Each webhook hook has a lane. Entries reach it as they are committed, or, when
// it is behind, from the log after its place; what did not succeed at first has
// a row. Nothing is asked of the database for a job that succeeds at once: its
// success is recorded later, with all that ended meanwhile.
type queue struct {
	d         *db
	slots     int // workers of one lane
	most      int // workers of all lanes, beside the first of each
	window    int // entries of one lane
	holdAfter int
	settler   *settler
	clock     *clock

	mu      sync.RWMutex
	serving bool
	closing bool // nothing more goes out
	handler delivery.Handler
	ctx     context.Context // of the attempts
	lanes   map[laneOf]*lane
	byN     map[int64]*lane

	held    atomic.Int64   // entries in the windows of all lanes
	running sync.WaitGroup // workers and loaders
	busy    atomic.Int64   // workers
	loading chan struct{}  // as many loaders as may run
}

// laneOf names a lane by what a log entry's match says.
type laneOf struct {
	memory int64
	hook   string
}

const (
	defaultSlots = 32
	defaultMost  = 512
	firstSlots   = 8               // of a lane that was not heard of yet
	grace        = 3 * time.Second // for attempts that are under way when the service ends
)

func newQueue(d *db, c Config) *queue {
	if c.Workers <= 0 {
		c.Workers = defaultSlots
	}
	q := &queue{
		d: d, slots: c.Workers, most: cmp.Or(c.Attempts, defaultMost), holdAfter: c.HoldAfter,
		window:  min(cmp.Or(c.Window, maxWindow), maxWindow),
		settler: newSettler(), clock: newClock(d.now),
		loading: make(chan struct{}, 4),
	}
	d.onCommit(q.publish)
	d.hookMoved, d.dropHook, d.expire, d.needed = q.hookMoved, q.dropHook, q.expire, q.needed
	return q
}

// Serve is the port's. It may run again after it has returned, once at a time.
// When ctx ends, attempts that are under way have three seconds to end; what
// ended is recorded before Serve returns nil.
func (q *queue) Serve(ctx context.Context, h delivery.Handler) error {
	attempts, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	if err := q.begin(ctx, attempts, h); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	end := make(chan struct{})
	var own sync.WaitGroup
	own.Go(func() { q.settle(end) })
	own.Go(func() { q.clock.run(end, q.due) })

	<-ctx.Done()
	q.mu.Lock()
	q.closing = true
	q.mu.Unlock()
	late := time.AfterFunc(grace, cancel)
	q.running.Wait()
	late.Stop()
	close(end)
	own.Wait()
	q.mu.Lock()
	defer q.mu.Unlock()
	q.serving, q.closing, q.lanes, q.byN = false, false, nil, nil
	q.held.Store(0)
	return nil
}

// begin makes the lanes of all webhook hooks. It does so on the writer's
// goroutine, so that no commit falls between what is read and what is told.
func (q *queue) begin(ctx, attempts context.Context, h delivery.Handler) error {
	q.mu.Lock()
	if q.serving {
		q.mu.Unlock()
		return errors.New("embedded: the queue is being served already")
	}
	q.serving, q.handler, q.ctx = true, h, attempts
	q.mu.Unlock()
	err := q.d.writer.do(ctx, func(t *tx) error {
		lanes, err := q.allLanes(t)
		if err == nil {
			t.after(func() { q.install(lanes) })
		}
		return err
	})
	if err != nil {
		q.mu.Lock()
		q.serving = false
		q.mu.Unlock()
	}
	return err
}

func (q *queue) install(lanes []*lane) {
	q.mu.Lock()
	q.lanes, q.byN = make(map[laneOf]*lane, len(lanes)), make(map[int64]*lane, len(lanes))
	for _, l := range lanes {
		q.lanes[laneOf{l.memory, l.id}], q.byN[l.n] = l, l
	}
	q.mu.Unlock()
	for _, l := range lanes {
		q.wake(l)
	}
}

// publish hands new entries to the lanes of the hooks that see them.
func (q *queue) publish(mem memoryRow, entries []feed.Entry) {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closing || len(q.lanes) == 0 {
		return // who serves next reads it from the log
	}
	for i := range entries {
		e := &entries[i]
		for _, m := range e.Matches {
			if l := q.lanes[laneOf{mem.n, m.Hook}]; l != nil {
				q.tell(l, e, m.Prev)
			}
		}
	}
}

// tell gives a lane an entry that was just committed, unless the lane is
// behind: then its loader will read it.
func (q *queue) tell(l *lane, e *feed.Entry, prev int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if e.Seq <= l.read {
		return
	}
	fits := !l.behind() && l.hasRoom(q.windowSize(l))
	l.known = e.Seq
	if !fits {
		return // the loader is woken once outcomes are recorded
	}
	l.read = e.Seq
	if parked := l.admit(e, prev); parked != nil {
		q.settler.add(parking(l, parked))
	}
	q.spawn(l)
}

func (q *queue) newLane() *lane { return &lane{slots: min(firstSlots, q.slots), held: &q.held} }

// laneFor makes the lane of a hook.
func (q *queue) laneFor(h *hookRow) *lane {
	l := q.newLane()
	l.n, l.memory, l.id, l.start, l.state = h.n, h.memory, h.ID, h.Since, h.State
	return l
}

// windowSize is how many entries a lane may hold now.
func (q *queue) windowSize(l *lane) int {
	if q.held.Load() < allWindows {
		return l.needs(q.window)
	}
	return l.needs(min(minWindow, q.window))
}

// hookMoved learns of a hook that was made or changed.
func (q *queue) hookMoved(h *hookRow) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.lanes == nil {
		return
	}
	l := q.byN[h.n]
	switch {
	case h.Mode != hook.Webhook && l != nil:
		q.drop(l)
		return
	case h.Mode != hook.Webhook:
		return
	case l == nil:
		l = q.laneFor(h)
		if h.Version == 1 {
			l.recovered, l.cursor, l.read = true, h.Since, h.Since
		}
		q.lanes[laneOf{l.memory, l.id}], q.byN[l.n] = l, l
	default:
		if resumed := l.move(h.State); resumed {
			q.settler.add(ending{lane: l})
		}
	}
	q.awaken(l)
}

// move puts a lane in its hook's state, and says whether the hook was resumed.
// While a state that the lane came to by itself is not durable, an active hook
// is one that was read before it.
func (l *lane) move(state hook.State) (resumed bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.moving != "" && state == hook.Active {
		return false
	}
	resumed = state == hook.Active && l.state != hook.Active
	if resumed {
		l.health, l.resting = delivery.Health{}, 0
	}
	l.state = state
	if state != hook.Active {
		l.shed(0)
	}
	return resumed
}

// drop forgets a lane. Attempts that are under way end unrecorded.
func (q *queue) drop(l *lane) {
	delete(q.lanes, laneOf{l.memory, l.id})
	delete(q.byN, l.n)
	l.mu.Lock()
	l.gone = true
	l.hold(nil)
	l.mu.Unlock()
}
