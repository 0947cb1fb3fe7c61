package embedded

import (
	"cmp"
	"slices"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// sheet is what a batch holds of one lane.
type sheet struct {
	lane   *lane
	clock  *clock
	firsts []delivery.Success // by seq
	rows   []ending           // in the order of their happening
	cursor int64
	dead   int
	state  hook.State // to put the hook in; "" = leave it
}

// sheets parts a batch by lane, and moves the lanes' places to where they will
// be once it is recorded.
func (q *queue) sheets(batch []ending) []*sheet {
	byLane := make(map[*lane]*sheet, 8)
	var all []*sheet
	for i := range batch {
		e := &batch[i]
		s := byLane[e.lane]
		if s == nil {
			s = &sheet{lane: e.lane, clock: q.clock}
			byLane[e.lane] = s
			all = append(all, s)
		}
		switch {
		case e.it == nil:
		case e.fresh && e.status == string(delivery.StatusDelivered):
			s.firsts = append(s.firsts, delivery.Success{Seq: e.it.seq, Code: e.code, At: e.at, Took: e.took})
		default:
			s.rows = append(s.rows, *e)
		}
	}
	for i := range batch {
		if e := &batch[i]; e.it != nil {
			e.lane.mu.Lock()
			e.it.settled = true
			e.lane.mu.Unlock()
		}
	}
	for _, s := range all {
		slices.SortFunc(s.firsts, func(a, b delivery.Success) int { return cmp.Compare(a.Seq, b.Seq) })
		s.lane.mu.Lock()
		s.cursor, s.dead, s.state = s.lane.passed(), s.lane.health.Dead, s.lane.moving
		s.lane.mu.Unlock()
	}
	return all
}

// recorded tells the lane what is durable, before any later commit is told:
// rows that have ended, and its hook's state.
func (s *sheet) recorded() {
	l := s.lane
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range s.rows {
		l.written(&s.rows[i])
	}
	for i := range s.rows {
		if e := &s.rows[i]; e.status == statusRetry {
			l.sendAway(e.it, s.clock)
		}
	}
	if l.moving == s.state {
		l.moving = ""
	}
}

// apply writes a sheet. Jobs that others have ended meanwhile (skipped,
// expired, gone with their hook) are left as they are, so that each is counted
// once, and that writing a sheet twice is harmless.
func (s *sheet) apply(t *tx) error {
	n := s.lane.n
	var cursor int64
	found, err := t.row("SELECT cursor FROM place WHERE hook=?", []any{n}, &cursor)
	if err != nil {
		return err
	}
	if !found {
		cursor = s.lane.start
		made, err := t.exec("INSERT INTO place SELECT n, ?, 0 FROM hook WHERE n=?", cursor, n)
		if err != nil || made == 0 {
			return err // the hook is gone, and all that was its
		}
	}
	ends := make(map[string]int, 2)
	if err := s.applyFirsts(t, cursor, ends); err != nil {
		return err
	}
	for i := range s.rows {
		if err := s.applyRow(t, cursor, &s.rows[i], ends); err != nil {
			return err
		}
	}
	for status, by := range ends {
		if err := t.tally(n, status, by); err != nil {
			return err
		}
	}
	if _, err := t.exec("UPDATE place SET cursor=max(cursor, ?), dead=? WHERE hook=?", s.cursor, s.dead, n); err != nil {
		return err
	}
	err = s.applyState(t)
	t.after(s.recorded)
	return err
}

// applyState puts the hook in the state that its deliveries led to. Only an
// active hook is held: what a person has set meanwhile stands.
func (s *sheet) applyState(t *tx) error {
	if s.state == "" {
		return nil
	}
	_, h, err := t.hookDraft(s.lane.n)
	if err != nil || h == nil || s.state == hook.Held && h.State != hook.Active {
		return err
	}
	return t.setHookState(s.lane.n, s.state)
}

func (s *sheet) applyFirsts(t *tx, cursor int64, ends map[string]int) error {
	firsts := s.firsts
	for len(firsts) > 0 && firsts[0].Seq <= cursor {
		firsts = firsts[1:]
	}
	if len(firsts) == 0 {
		return nil
	}
	made, err := t.exec("INSERT OR IGNORE INTO delivered (hook, last_seq, first_seq, data) VALUES (?,?,?,?)",
		s.lane.n, firsts[len(firsts)-1].Seq, firsts[0].Seq, delivery.EncodeBatch(firsts))
	if made > 0 {
		ends[string(delivery.StatusDelivered)] += len(firsts)
	}
	return err
}

func (s *sheet) applyRow(t *tx, cursor int64, e *ending, ends map[string]int) error {
	it := e.it
	var changed int64
	var err error
	switch {
	case !e.fresh:
		var earlier []byte
		if earlier, err = t.earlier(s.lane.n, e); err == nil {
			changed, err = t.exec(`UPDATE job
				SET attempts=?, status=?, due=?, first_at=?, last_at=?, code=?, error=?, took=?, redaction=?, earlier=?
				WHERE hook=? AND seq=? AND redrive=? AND status IN `+pendingRows,
				e.attempts, e.status, e.due, e.firstAt, e.at, e.code, e.err, e.took.Microseconds(), string(e.redaction), earlier,
				s.lane.n, it.seq, it.redrive)
		}
	case it.seq > cursor:
		changed, err = t.exec(`INSERT OR IGNORE INTO job
			(hook, seq, redrive, grp, prev, attempts, status, due, first_at, last_at, code, error, reason, took, redaction)
			VALUES (?,?,?,?,?,?,?,?,?,?,?,?,'',?,?)`,
			s.lane.n, it.seq, it.redrive, it.group, it.prev, e.attempts, e.status, e.due, e.firstAt, e.at, e.code, e.err,
			e.took.Microseconds(), string(e.redaction))
	}
	if err == nil && changed > 0 && e.status != statusRetry && e.status != statusParked {
		ends[e.status]++
	}
	return err
}

// earlier are the attempts of a row's job before the one that ended now.
func (t *tx) earlier(hook int64, e *ending) ([]byte, error) {
	if e.attempts < 2 {
		return nil, nil
	}
	var earlier []byte
	var last delivery.Attempt
	var took int64
	_, err := t.row("SELECT earlier, attempts, last_at, took, code, error FROM job WHERE hook=? AND seq=? AND redrive=?",
		[]any{hook, e.it.seq, e.it.redrive}, &earlier, &last.N, &last.At, &took, &last.Code, &last.Error)
	if err == nil && last.N > 0 && last.N < e.attempts {
		last.Took = time.Duration(took) * time.Microsecond
		earlier = last.AppendTo(earlier)
	}
	return earlier, err
}

// tally counts changes of a hook that have come to an end, or have left it
// (by < 0).
func (t *tx) tally(hook int64, status string, by int) error {
	if by == 0 {
		return nil
	}
	_, err := t.exec("INSERT INTO tally VALUES (?,?,?) ON CONFLICT DO UPDATE SET n=n+excluded.n", hook, status, by)
	return err
}
