package embedded

import (
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// want is what a lane needs of the database.
type want uint8

const (
	wantNothing want = iota
	wantPlace        // where it stands, and its jobs with rows
	wantEntries      // of jobs that may go out
	wantRows         // jobs of groups that are away
	wantLog          // new entries
)

const (
	loadAtOnce = 256         // log entries
	loadRetry  = time.Second // after the store refused
)

// wants says what a lane needs next.
func (l *lane) wants(window int, now int64) want {
	switch {
	case l.gone || l.state != hook.Active && l.state != hook.Held:
		return wantNothing
	case !l.recovered:
		return wantPlace
	case len(l.fetch) > 0:
		return wantEntries
	case l.away.call(now) && len(l.rows) < maxHeldRows:
		return wantRows
	case l.behind() && l.hasRoom(window) && len(l.window) <= window/2:
		return wantLog
	default:
		return wantNothing
	}
}

// load reads what a lane needs until it needs nothing. There is one loader a
// lane at most.
func (q *queue) load(l *lane) {
	defer q.running.Done()
	q.loading <- struct{}{}
	defer func() { <-q.loading }()
	for {
		step, window := q.nextStep(l)
		var err error
		switch step {
		case wantNothing:
			return
		case wantPlace:
			err = q.loadPlace(l)
		case wantRows:
			err = q.loadAway(l)
		case wantEntries:
			err = q.loadEntries(l)
		case wantLog:
			err = q.loadLog(l, window)
		}
		if err != nil {
			q.d.log.Error("a hook's deliveries could not be read", "hook", l.id, "error", err)
			l.mu.Lock()
			l.loading = false
			l.mu.Unlock()
			q.clock.set(alarm{at: q.d.now().Add(loadRetry).UnixMilli(), lane: l})
			return
		}
	}
}

// nextStep starts workers for what is ready by now and says what to load.
func (q *queue) nextStep(l *lane) (want, int) {
	q.mu.RLock()
	defer q.mu.RUnlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	q.spawn(l)
	window := q.windowSize(l)
	step := l.wants(window, q.d.now().UnixMilli())
	if q.closing {
		step = wantNothing
	}
	l.loading = step != wantNothing
	return step, window
}

// loadLog admits entries that were committed while the lane was behind.
func (q *queue) loadLog(l *lane, window int) error {
	l.mu.Lock()
	after := l.read
	l.mu.Unlock()
	found, err := q.d.readLog(q.ctx, l.memory, after, min(loadAtOnce, window))
	if err != nil {
		return err
	}
	if len(found) > 0 {
		if err := q.d.warm(q.ctx, found[0].Change.Memory, l.id, found); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.gone || l.state != hook.Active || l.read != after {
		return nil // its hook was stopped meanwhile, its place moved, or it has none any more
	}
	for i := range found {
		e := &found[i]
		m, sees := e.For(l.id)
		switch {
		case l.late[e.Seq]:
			l.hold(append(l.window, &item{seq: e.Seq, settled: true}))
			q.settler.add(ending{lane: l}) // its place may pass it, though nothing else comes
		case sees:
			if parked := l.admit(e, m.Prev); parked != nil {
				q.settler.add(parking(l, parked))
			}
		}
		delete(l.late, e.Seq)
		l.read = e.Seq
	}
	if len(found) == 0 {
		l.read = max(l.read, l.known) // what there was is compacted
	}
	return nil
}

// loadEntries reads the log entries of jobs that may go out. What is no longer
// in the log has expired.
func (q *queue) loadEntries(l *lane) error {
	l.mu.Lock()
	wanted := l.fetch
	l.fetch = nil
	l.mu.Unlock()
	for i, it := range wanted {
		found, err := q.d.readLog(q.ctx, l.memory, it.seq-1, 1)
		l.mu.Lock()
		switch {
		case err != nil:
			l.fetch = append(l.fetch, wanted[i:]...)
			l.mu.Unlock()
			return err
		case it.dropped:
			l.pass(it)
		case len(found) == 1 && found[0].Seq == it.seq:
			it.entry = &found[0]
			l.offer(it)
		default:
			q.settler.add(ending{
				lane: l, it: it, status: string(delivery.StatusExpired),
				attempts: it.attempts, firstAt: it.firstAt, redaction: it.redaction,
			})
			l.advance(it)
		}
		l.mu.Unlock()
	}
	return nil
}

// loadPlace reads where a lane stands, and its jobs with rows. It does so on
// the writer's goroutine, where nothing of them changes meanwhile.
func (q *queue) loadPlace(l *lane) error {
	return q.d.writer.do(q.ctx, func(t *tx) error {
		found, err := q.readPlace(t, l)
		if err == nil {
			t.after(func() { q.place(l, found) })
		}
		return err
	})
}

// placed is a lane as the database knows it.
type placed struct {
	cursor int64
	dead   int
	jobs   []jobRow       // all that have not ended, or none where
	away   []string       // they are too many: then their groups
	late   map[int64]bool // above the cursor, yet settled
}

func (q *queue) place(l *lane, p placed) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.recovered {
		return
	}
	l.recovered = true
	l.cursor, l.read, l.late = p.cursor, max(p.cursor, l.read), p.late
	l.health.Dead = p.dead
	for _, group := range p.away {
		l.away.add(group)
		l.away.recall(group)
	}
	for i := range p.jobs {
		q.revive(l, &p.jobs[i])
	}
}

// revive brings a job with a row back into memory, unless it is there.
func (q *queue) revive(l *lane, r *jobRow) {
	if l.rows[rowOf{r.seq, r.redrive}] != nil {
		return
	}
	it := &item{
		seq: r.seq, prev: r.prev, redrive: r.redrive, group: r.group, due: r.due,
		attempts: r.attempts, firstAt: r.firstAt, redaction: r.redaction, row: true, settled: true,
	}
	if r.status == statusRetry && r.due > q.d.now().UnixMilli() {
		it.waiting = true
		q.clock.set(alarm{at: r.due, lane: l, it: it})
	}
	l.keep(it)
	l.enqueue(it)
}

func (q *queue) readPlace(t *tx, l *lane) (placed, error) {
	p := placed{cursor: l.start}
	_, err := t.row("SELECT cursor, dead FROM place WHERE hook=?", []any{l.n}, &p.cursor, &p.dead)
	if err != nil {
		return p, err
	}
	if p.late, err = settledAfter(t.rows, l.n, p.cursor); err != nil {
		return p, err
	}
	p.jobs, err = t.jobRows("WHERE hook=? AND status IN "+pendingRows+" ORDER BY seq, redrive"+atMost, l.n, maxHeldRows+1)
	if err != nil || len(p.jobs) <= maxHeldRows {
		return p, err
	}
	p.jobs = nil
	err = t.rows("SELECT DISTINCT grp FROM job WHERE hook=? AND status IN "+pendingRows, []any{l.n}, func(scan func(...any) error) error {
		var group string
		err := scan(&group)
		p.away = append(p.away, group)
		return err
	})
	return p, err
}
