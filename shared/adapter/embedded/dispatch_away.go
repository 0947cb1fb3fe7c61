package embedded

// Bounds of what is read at once of groups that are away.
const (
	groupsAtOnce = 128
	rowsOfGroup  = 32
)

// awayGroups are the groups of a lane that have jobs in the database only:
// where very many wait for their retry, their names are all that is held. A
// group may have its first jobs in memory all the same. The zero value is empty.
type awayGroups struct {
	unwritten map[string]int // by group: jobs that are apart and not written yet
	recalled  map[string]bool
	due       int64 // when the first of them may be due, epoch milliseconds; 0: not before it is recalled
}

func (a *awayGroups) has(group string) bool { _, has := a.unwritten[group]; return has }

func (a *awayGroups) add(group string) {
	if a.unwritten == nil {
		a.unwritten = make(map[string]int)
	}
	a.unwritten[group] += 0
}

// recall asks for the next jobs of a group, if it is away.
func (a *awayGroups) recall(group string) {
	if !a.has(group) {
		return
	}
	if a.recalled == nil {
		a.recalled = make(map[string]bool)
	}
	a.recalled[group] = true
}

func (a *awayGroups) recallAll() {
	for group := range a.unwritten {
		a.recall(group)
	}
}

// call reports whether there may be something to read.
func (a *awayGroups) call(now int64) bool {
	return len(a.recalled) > 0 || a.due != 0 && a.due <= now
}

// until notes when a group may be due, and wakes the lane then.
func (l *lane) until(due int64, c *clock) {
	if l.away.due == 0 || due < l.away.due {
		l.away.due = max(due, 1)
		c.set(alarm{at: due, lane: l})
	}
}

// crowded reports whether jobs that wait go to the database.
func (l *lane) crowded() bool { return len(l.rows) > maxHeldRows/2 }

// setApart parks an item whose group is away.
func (l *lane) setApart(it *item) *item {
	it.apart = true
	l.away.unwritten[it.group]++
	l.park(it)
	return it
}

// written learns that what an ending says of a row is durable.
func (l *lane) written(e *ending) {
	it := e.it
	if e.status == statusRetry || e.status == statusParked {
		it.unwritten--
		if !it.apart {
			return
		}
		it.apart, it.dropped = false, true
		l.away.unwritten[it.group]--
	}
	if of := (rowOf{it.seq, it.redrive}); l.rows[of] == it {
		delete(l.rows, of)
	}
	if l.tails[it.group] == nil {
		l.away.recall(it.group)
	}
}

// sendAway forgets a group whose first job waits for its retry, where the lane
// is crowded and all of the group is written. Else it sees to it that the job
// is woken.
func (l *lane) sendAway(first *item, c *clock) {
	if !first.waiting || first.dropped {
		return
	}
	may := l.crowded()
	for it := first; it != nil && may; it = it.next {
		may = it.row && it.unwritten == 0
	}
	if !may {
		if first.asleep {
			first.asleep = false
			c.set(alarm{at: first.due, lane: l, it: first})
		}
		return
	}
	for it := first; it != nil; {
		delete(l.rows, rowOf{it.seq, it.redrive})
		next := it.next
		it.dropped, it.waiting, it.front, it.next = true, false, false, nil
		it = next
	}
	delete(l.tails, first.group)
	l.away.add(first.group)
	l.until(first.due, c)
}

// returning is what the database has of groups that are away.
type returning struct {
	groups []string
	rows   map[string][]jobRow // the first of each group
	due    int64               // of the first retry that is not due yet, 0 for none
}

// loadAway reads jobs that are due of groups that are away. It does so on the
// writer's goroutine, where nothing of them changes meanwhile.
func (q *queue) loadAway(l *lane) error {
	return q.d.writer.do(q.ctx, func(t *tx) error {
		l.mu.Lock()
		r := returning{rows: make(map[string][]jobRow)}
		for group := range l.away.recalled {
			if r.groups = append(r.groups, group); len(r.groups) == groupsAtOnce {
				break
			}
		}
		held := len(l.rows)
		l.mu.Unlock()
		now := q.d.now().UnixMilli()
		if err := t.dueGroups(l.n, now, held+groupsAtOnce, &r); err != nil {
			return err
		}
		for _, group := range r.groups {
			rows, err := t.jobRows("INDEXED BY job_group WHERE hook=? AND grp=? AND status IN "+pendingRows+" ORDER BY seq, redrive"+atMost, l.n, group, held+rowsOfGroup)
			if err != nil {
				return err
			}
			r.rows[group] = rows
		}
		t.after(func() { q.comeBack(l, &r, now, held+rowsOfGroup) })
		return nil
	})
}

// dueGroups adds the groups whose first job is a retry that is due.
func (t *tx) dueGroups(hook, now int64, most int, r *returning) error {
	seen := make(map[string]bool)
	for _, group := range r.groups {
		seen[group] = true
	}
	err := t.rows(`SELECT grp FROM job AS j INDEXED BY job_due WHERE hook=? AND status='retry' AND due<=? AND NOT EXISTS (
			SELECT 1 FROM job AS e INDEXED BY job_group WHERE e.hook=j.hook AND e.grp=j.grp AND e.status IN `+pendingRows+` AND (e.seq, e.redrive) < (j.seq, j.redrive)
		) ORDER BY due`+atMost, []any{hook, now, most}, func(scan func(...any) error) error {
		var group string
		err := scan(&group)
		if !seen[group] {
			seen[group] = true
			r.groups = append(r.groups, group)
		}
		return err
	})
	if err != nil {
		return err
	}
	if len(seen) >= most {
		r.due = now // there are more
		return nil
	}
	_, err = t.row("SELECT coalesce(min(due), 0) FROM job WHERE hook=? AND status='retry' AND due>?", []any{hook, now}, &r.due)
	return err
}

// comeBack takes jobs into memory again; most is how many rows were asked of
// each group.
func (q *queue) comeBack(l *lane, r *returning, now int64, most int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.away.due = 0
	for _, group := range r.groups {
		delete(l.away.recalled, group)
		if l.tails[group] == nil {
			q.bring(l, group, r.rows[group], now, most)
		}
	}
	if r.due != 0 && len(l.away.unwritten) > 0 {
		l.until(r.due, q.clock)
	}
}

// bring takes the first jobs of one group, unless the first of all has to wait.
// Rows that are in memory have ended, which is about to be recorded.
func (q *queue) bring(l *lane, group string, rows []jobRow, now int64, most int) {
	whole := len(rows) < most && l.away.unwritten[group] == 0
	for len(rows) > 0 && l.rows[rowOf{rows[0].seq, rows[0].redrive}] != nil {
		rows = rows[1:]
	}
	switch {
	case len(rows) > 0 && rows[0].status == statusRetry && rows[0].due > now:
		l.until(rows[0].due, q.clock)
		return
	case whole:
		delete(l.away.unwritten, group)
	default:
		l.away.add(group)
	}
	for i := range rows {
		q.revive(l, &rows[i])
	}
}
