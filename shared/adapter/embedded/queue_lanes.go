package embedded

import (
	"context"

	"github.com/memhooks/memhooks/shared/hook"
)

// webhookHooks are the hooks that are delivered to, h, with the head of what
// they see, s, and their place, p, each of which may be missing.
const webhookHooks = ` FROM hook h LEFT JOIN hookhead s ON s.hook = h.n LEFT JOIN place p ON p.hook = h.n
	WHERE json_extract(h.data, '$.mode') = '` + string(hook.Webhook) + `' `

// cursorOf is a hook's place, which is its beginning where it never had one.
const cursorOf = "coalesce(p.cursor, json_extract(h.data, '$.since'))"

// allLanes makes the lanes of all webhook hooks. Those that have nothing to
// catch up with need not be read further.
func (q *queue) allLanes(t *tx) ([]*lane, error) {
	busy := make(map[int64]bool)
	err := t.rows("SELECT DISTINCT hook FROM job WHERE status IN "+pendingRows, nil, func(scan func(...any) error) error {
		var n int64
		if err := scan(&n); err != nil {
			return err
		}
		busy[n] = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	var all []*lane
	err = t.rows("SELECT h.n, h.memory, h.id, h.state, json_extract(h.data, '$.since'), "+cursorOf+
		", coalesce(p.dead, 0), coalesce(s.last_seq, 0)"+webhookHooks, nil, func(scan func(...any) error) error {
		l := q.newLane()
		if err := scan(&l.n, &l.memory, &l.id, &l.state, &l.start, &l.cursor, &l.health.Dead, &l.known); err != nil {
			return err
		}
		l.read = l.cursor
		l.recovered = !busy[l.n] && l.known <= l.cursor
		all = append(all, l)
		return nil
	})
	return all, err
}

// dropHook is what becomes of a hook's deliveries when it is deleted.
func (q *queue) dropHook(t *tx, n int64) error {
	for _, query := range [...]string{
		"DELETE FROM job WHERE hook=?", "DELETE FROM delivered WHERE hook=?", "DELETE FROM tally WHERE hook=?", "DELETE FROM place WHERE hook=?",
	} {
		if _, err := t.exec(query, n); err != nil {
			return err
		}
	}
	t.after(func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if l := q.byN[n]; l != nil {
			q.drop(l)
		}
	})
	return nil
}

// needed is the lowest seq of each memory that a job still waits for; memories
// without such a job are left out. It looks at each hook, not at its jobs.
func (q *queue) needed(ctx context.Context) (map[int64]int64, error) {
	lowest := make(map[int64]int64)
	err := q.d.rows(ctx, `SELECT h.memory,
			(SELECT min(seq) FROM job WHERE hook=h.n AND status='`+statusRetry+`'),
			(SELECT min(seq) FROM job WHERE hook=h.n AND status='`+statusParked+`'),
			CASE WHEN s.last_seq > `+cursorOf+` THEN `+cursorOf+` + 1 END`+webhookHooks, nil, func(scan func(...any) error) error {
		var memory int64
		var waits [3]*int64
		err := scan(&memory, &waits[0], &waits[1], &waits[2])
		for _, seq := range waits {
			if have, found := lowest[memory]; seq != nil && (!found || *seq < have) {
				lowest[memory] = *seq
			}
		}
		return err
	})
	return lowest, err
}

// onLane calls f with a hook's lane, locked, once the transaction is durable.
func (q *queue) onLane(t *tx, n int64, f func(l *lane)) {
	t.after(func() {
		q.mu.RLock()
		defer q.mu.RUnlock()
		if l := q.byN[n]; l != nil {
			l.mu.Lock()
			f(l)
			l.mu.Unlock()
			q.awaken(l)
		}
	})
}

// skip moves a lane's place: what waits up to a seq has ended, but for attempts
// that are under way, whose outcomes no longer count.
func (l *lane) skip(to int64) {
	sending := make(map[string]*item)
	end := func(it *item) {
		it.dropped, it.waiting, it.apart, it.next = true, false, false, nil
		if it.out {
			sending[it.group] = it
		} else {
			it.front = false
		}
	}
	for _, it := range l.window {
		end(it)
	}
	for _, it := range l.rows {
		end(it)
	}
	for _, it := range l.tails {
		for it.before != nil { // the first may be one that an earlier skip has ended
			it = it.before
		}
		end(it)
	}
	l.ready, l.redriven = line{}, line{}
	l.hold(nil)
	l.rows, l.tails, l.fetch, l.late, l.away = nil, sending, nil, nil, awayGroups{}
	l.cursor, l.read, l.recovered = max(l.cursor, to), max(l.read, to), true
}

// expire ends what waits below a seq.
func (l *lane) expire(floor int64) {
	for of, it := range l.rows {
		if of.seq < floor {
			delete(l.rows, of)
			l.lapse(it)
		}
	}
	for _, it := range l.window {
		if it.seq < floor {
			l.lapse(it)
		}
	}
	l.passed() // nothing is recorded of them that would
	l.away.recallAll()
	l.cursor, l.read = max(l.cursor, floor-1), max(l.read, floor-1)
}

// lapse ends one item that others have ended. One that is first of its group
// and waits for its time makes room for the next; one that is in line is
// passed over when its turn comes.
func (l *lane) lapse(it *item) {
	if it.dropped {
		return
	}
	it.dropped = true
	if it.apart {
		it.apart = false
		l.away.unwritten[it.group]--
	}
	if it.waiting {
		it.waiting = false
		l.advance(it)
	}
}
