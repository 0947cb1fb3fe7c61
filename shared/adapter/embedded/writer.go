package embedded

import (
	"context"
	"database/sql"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// maxGroup is how many requests share one commit at most.
const maxGroup = 1024

// writer is the one goroutine that changes the database. It runs the requests
// that wait in one transaction and answers all of them after its commit, so
// that many callers share one fsync. It sleeps while there is nothing to do.
type writer struct {
	d     *db
	conn  *sql.Conn
	stmts map[string]*sql.Stmt

	refused atomic.Pointer[setback] // the last, nil once a commit succeeded

	mu       sync.RWMutex // held shared while a request is handed in
	closed   bool
	requests chan *request
	ended    chan struct{}
}

// setback is what the database said when it took a commit's writes no more.
type setback struct {
	err error
	at  time.Time
}

// lately is how long a setback counts: a full disk may have room for a small
// write, such as a probe's, and yet none for what callers write.
const lately = 10 * time.Second

// trouble is the last setback, unless a commit succeeded since or it is old.
func (w *writer) trouble(now time.Time) error {
	if last := w.refused.Load(); last != nil && now.Sub(last.at) < lately {
		return storeError(last.err)
	}
	return nil
}

// judge remembers how a transaction ended, before its callers are told.
func (w *writer) judge(t *tx, committed bool) {
	switch {
	case committed && t.changes > 0 && !t.probe:
		w.refused.Store(nil)
	case !committed && fault.KindOf(storeError(t.broken)) == fault.Unavailable:
		w.refused.Store(&setback{t.broken, w.d.now()})
	}
}

// request is one function to run in a transaction, or between two of them.
type request struct {
	ctx     context.Context
	fn      func(*tx) error
	between func(*sql.Conn) error
	done    chan error
}

func newWriter(d *db, conn *sql.Conn) *writer {
	w := &writer{
		d: d, conn: conn, stmts: make(map[string]*sql.Stmt),
		requests: make(chan *request, maxGroup), ended: make(chan struct{}),
	}
	go w.loop()
	return w
}

// do runs fn in a transaction and returns when that is durable, or with fn's
// error when nothing of it stands. Other requests may share the transaction,
// and fn may be run again: it keeps no state between runs, changes caches only
// in tx.after, and decides what it refuses before its first exec. A context
// that ends before fn has begun ends the call; afterwards it is not looked at.
func (w *writer) do(ctx context.Context, fn func(*tx) error) error {
	return w.hand(&request{ctx: ctx, fn: fn, done: make(chan error, 1)})
}

// between runs fn on the writer's connection while no transaction is open.
func (w *writer) between(ctx context.Context, fn func(*sql.Conn) error) error {
	return w.hand(&request{ctx: ctx, between: fn, done: make(chan error, 1)})
}

func (w *writer) hand(r *request) error {
	w.mu.RLock()
	if w.closed {
		w.mu.RUnlock()
		return fault.New(fault.Unavailable, "the store is closing: try again when the service has started anew")
	}
	select {
	case w.requests <- r:
		w.mu.RUnlock()
		return <-r.done
	case <-r.ctx.Done():
		w.mu.RUnlock()
		return r.ctx.Err()
	}
}

// close waits for what was accepted, and refuses what comes later.
func (w *writer) close() {
	w.mu.Lock()
	if !w.closed {
		w.closed = true
		close(w.requests)
	}
	w.mu.Unlock()
	<-w.ended
}

func (w *writer) loop() {
	defer close(w.ended)
	group := make([]*request, 0, maxGroup)
	for first := range w.requests {
		group = w.gather(append(group[:0], first))
		w.serve(group)
		clear(group)
	}
	for _, s := range w.stmts {
		s.Close()
	}
}

// gather adds the requests that wait. It steps aside once when it has taken
// them all: those whom the last commit woke are about to hand in their next.
func (w *writer) gather(group []*request) []*request {
	for stepped := false; len(group) < maxGroup; {
		select {
		case r, open := <-w.requests:
			if !open {
				return group
			}
			group = append(group, r)
		default:
			if stepped {
				return group
			}
			stepped = true
			runtime.Gosched()
		}
	}
	return group
}

// serve answers every request of a group, in their order.
func (w *writer) serve(group []*request) {
	for len(group) > 0 {
		n := 0
		for n < len(group) && group[n].between == nil {
			n++
		}
		if n > 0 {
			w.commit(group[:n])
		}
		if n < len(group) {
			r := group[n]
			r.done <- storeError(r.between(w.conn))
			n++
		}
		group = group[n:]
	}
}

// commit runs requests in one transaction. Where one of them fails after it
// has changed something, each runs in a transaction of its own instead.
func (w *writer) commit(group []*request) {
	errs := make([]error, len(group))
	t := newTx(w)
	err := t.begin()
	for i := 0; i < len(group) && err == nil; i++ {
		if errs[i] = group[i].ctx.Err(); errs[i] != nil {
			continue
		}
		before := t.changes
		errs[i] = group[i].fn(t)
		if errs[i] == nil || t.broken == nil && t.changes == before {
			continue
		}
		t.rollback()
		if len(group) > 1 {
			w.apart(group)
			return
		}
		w.judge(t, false)
		group[0].done <- storeError(errs[0])
		return
	}
	if err == nil {
		err = t.finish()
	}
	if err != nil {
		t.rollback()
		w.judge(t, false)
		for _, r := range group {
			r.done <- storeError(err)
		}
		return
	}
	w.judge(t, true)
	for _, f := range t.afters {
		f()
	}
	for i, r := range group {
		r.done <- storeError(errs[i])
	}
	w.d.tell(t.told)
}

// apart runs each request of a group in its own transaction.
func (w *writer) apart(group []*request) {
	for i := range group {
		w.commit(group[i : i+1])
	}
}

// stmt returns the prepared form of a query on the writer's connection.
func (w *writer) stmt(query string) (*sql.Stmt, error) {
	if s := w.stmts[query]; s != nil {
		return s, nil
	}
	s, err := w.conn.PrepareContext(context.Background(), query)
	if err == nil {
		w.stmts[query] = s
	}
	return s, err
}
