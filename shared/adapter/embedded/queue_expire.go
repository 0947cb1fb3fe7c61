package embedded

import (
	"encoding/binary"

	"github.com/memhooks/memhooks/shared/delivery"
)

// expire ends the jobs of a memory that wait below a floor, and forgets what
// was delivered below it: without its entry there is nothing to show or to
// send. Dead letters below it have expired too.
func (q *queue) expire(t *tx, memory, floor int64) error {
	type line struct{ n, cursor int64 }
	var lines []line
	err := t.rows("SELECT h.n, "+cursorOf+webhookHooks+"AND h.memory=?", []any{memory}, func(scan func(...any) error) error {
		var l line
		err := scan(&l.n, &l.cursor)
		lines = append(lines, l)
		return err
	})
	if err != nil || len(lines) == 0 {
		return err
	}
	low := floor
	for _, l := range lines {
		low = min(low, l.cursor)
	}
	waiting := make(map[int64]map[int64]bool, len(lines)) // hook → seqs above its cursor
	for _, l := range lines {
		waiting[l.n] = make(map[int64]bool)
	}
	err = t.rows("SELECT seq, matches FROM log WHERE memory=? AND seq>? AND seq<? AND matches IS NOT NULL", []any{memory, low, floor},
		func(scan func(...any) error) error {
			var seq int64
			var matches []byte
			if err := scan(&seq, &matches); err != nil {
				return err
			}
			eachMatch(matches, func(hook, _ int64) {
				if seqs := waiting[hook]; seqs != nil {
					seqs[seq] = true
				}
			})
			return nil
		})
	for _, l := range lines {
		if err == nil {
			err = q.expireHook(t, l.n, l.cursor, floor, waiting[l.n])
		}
	}
	return err
}

func (q *queue) expireHook(t *tx, n, cursor, floor int64, waiting map[int64]bool) error {
	late, err := settledAfter(t.rows, n, cursor)
	if err != nil {
		return err
	}
	expired := 0
	for seq := range waiting {
		if seq > cursor && !late[seq] {
			expired++
		}
	}
	var pending, dead int
	if _, err := t.row(`SELECT count(*) FILTER (WHERE status IN `+pendingRows+`), count(*) FILTER (WHERE status=?)
		FROM job WHERE hook=? AND seq<?`, []any{string(delivery.StatusDead), n, floor}, &pending, &dead); err != nil {
		return err
	}
	if err := t.tally(n, string(delivery.StatusExpired), expired+pending+dead); err != nil {
		return err
	}
	if err := t.tally(n, string(delivery.StatusDead), -dead); err != nil {
		return err
	}
	for _, query := range [...]string{"DELETE FROM job WHERE hook=? AND seq<?", "DELETE FROM delivered WHERE hook=? AND last_seq<?"} {
		if _, err := t.exec(query, n, floor); err != nil {
			return err
		}
	}
	if err := t.moveTo(n, floor-1); err != nil {
		return err
	}
	q.onLane(t, n, func(l *lane) { l.expire(floor) })
	return nil
}

// moveTo raises a hook's cursor.
func (t *tx) moveTo(hook, seq int64) error {
	_, err := t.exec(`INSERT INTO place SELECT n, max(?, json_extract(data, '$.since')), 0 FROM hook WHERE n=?
		ON CONFLICT DO UPDATE SET cursor=max(cursor, excluded.cursor)`, seq, hook)
	return err
}

// eachMatch calls f with each hook's number, and the seq it saw before, of what
// encodeMatches wrote.
func eachMatch(data []byte, f func(hook, prev int64)) {
	for len(data) > 0 {
		n, size := binary.Uvarint(data)
		if size <= 0 {
			return
		}
		prev, more := binary.Uvarint(data[size:])
		if more <= 0 {
			return
		}
		data = data[size+more:]
		f(int64(n), int64(prev))
	}
}
