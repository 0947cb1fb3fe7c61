package embedded

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// again is what the groups of redriven jobs have behind their name: they need
// no order with the events themselves, and wait for none of them.
const again = " again"

// webhook returns a webhook hook of a memory in the transaction.
func (t *tx) webhook(m change.Memory, id string) (*draft, *hookRow, error) {
	in, err := t.existing(m)
	if err != nil {
		return nil, nil, err
	}
	h := in.hooks.byID[id]
	if h == nil || h.Mode != hook.Webhook {
		return nil, nil, noWebhook(id)
	}
	return in, h, nil
}

func noWebhook(id string) error {
	return fault.New(fault.NotFound, "there is no webhook hook %q: list the memory's hooks", id)
}

// SkipToHead is the port's. What waited has ended as skipped; attempts that are
// under way count no more.
func (q *queue) SkipToHead(ctx context.Context, m change.Memory, id string) (int, error) {
	var skipped int
	err := q.d.writer.do(ctx, func(t *tx) error {
		in, h, err := t.webhook(m, id)
		if err != nil {
			return err
		}
		counts, err := t.tallies(h.n)
		if err != nil {
			return err
		}
		skipped = counts.open()
		head := in.row.head
		if _, err := t.exec("UPDATE job SET status=?, due=0 WHERE hook=? AND status IN "+pendingRows,
			string(delivery.StatusSkipped), h.n); err != nil {
			return err
		}
		if err := t.tally(h.n, string(delivery.StatusSkipped), skipped); err != nil {
			return err
		}
		if err := t.moveTo(h.n, head); err != nil {
			return err
		}
		q.onLane(t, h.n, func(l *lane) { l.skip(head) })
		return nil
	})
	return skipped, err
}

// Redrive is the port's.
func (q *queue) Redrive(ctx context.Context, m change.Memory, id string, seqs []int64) ([]delivery.Job, error) {
	h, err := q.d.hookByID(ctx, m, id)
	if err != nil {
		return nil, err
	}
	if h == nil || h.Mode != hook.Webhook {
		return nil, noWebhook(id)
	}
	var wanted []delivery.Job
	seen := make(map[int64]bool, len(seqs))
	for _, seq := range seqs {
		e, match, err := q.entry(ctx, h, seq)
		if err != nil {
			return nil, err
		}
		if e != nil && !seen[seq] {
			seen[seq] = true
			wanted = append(wanted, delivery.Job{Hook: id, Prev: match.Prev, Entry: *e})
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	if err := q.settler.recorded(ctx); err != nil { // what has just ended may be sent again at once
		return nil, err
	}
	var made []delivery.Job
	err = q.d.writer.do(ctx, func(t *tx) error {
		made = made[:0]
		_, h, err := t.webhook(m, id)
		if err != nil {
			return err
		}
		var rows []jobRow
		for _, j := range wanted {
			row, ok, err := t.redrive(h, j, q.d.now().UnixMilli())
			if err != nil {
				return err
			}
			if ok {
				j.Redrive = row.redrive
				made, rows = append(made, j), append(rows, row)
			}
		}
		q.onLane(t, h.n, func(l *lane) { q.addRows(l, rows) })
		return nil
	})
	return made, err
}

// entry returns an entry of the log that a hook sees, nil where there is none.
func (q *queue) entry(ctx context.Context, h *hookRow, seq int64) (*feed.Entry, feed.Match, error) {
	if seq < 1 {
		return nil, feed.Match{}, nil
	}
	found, err := q.d.readLog(ctx, h.memory, seq-1, 1)
	if err != nil || len(found) == 0 || found[0].Seq != seq {
		return nil, feed.Match{}, err
	}
	match, sees := found[0].For(h.ID)
	if !sees {
		return nil, feed.Match{}, nil
	}
	return &found[0], match, nil
}

// redrive makes the next repetition of a delivery that has ended; ok is false
// where its newest one has not.
func (t *tx) redrive(h *hookRow, j delivery.Job, now int64) (row jobRow, ok bool, err error) {
	seq := j.Entry.Seq
	ended, last, err := t.newest(h, seq)
	if err != nil || ended == "" {
		return row, false, err
	}
	row = jobRow{
		hook: h.n, seq: seq, redrive: last + 1, group: j.Entry.Change.Group() + again, prev: j.Prev, status: statusRetry, due: now,
	}
	j.Redrive = row.redrive
	if ended == string(delivery.StatusDead) {
		_, err = t.exec("UPDATE job SET status=?, reason=? WHERE hook=? AND seq=? AND redrive=?",
			string(delivery.StatusDiscarded), "redriven as "+j.ID(), h.n, seq, last)
	}
	if err == nil {
		_, err = t.exec(`INSERT INTO job
			(hook, seq, redrive, grp, prev, attempts, status, due, first_at, last_at, code, error, reason, took, redaction)
			VALUES (?,?,?,?,?,0,?,?,0,0,0,'','',0,'')`, h.n, seq, row.redrive, row.group, row.prev, row.status, row.due)
	}
	if err == nil {
		err = t.tally(h.n, ended, -1)
	}
	return row, true, err
}

// newest returns how the newest delivery of an entry ended, and its number;
// "" where it has not ended.
func (t *tx) newest(h *hookRow, seq int64) (ended string, redrive int, err error) {
	found, err := t.row("SELECT status, redrive FROM job WHERE hook=? AND seq=? ORDER BY redrive DESC LIMIT 1", []any{h.n, seq}, &ended, &redrive)
	if err != nil {
		return "", 0, err
	}
	if found {
		if ended == statusRetry || ended == statusParked {
			ended = ""
		}
		return ended, redrive, nil
	}
	data, err := t.batches(h.n, seq)
	if err != nil {
		return "", 0, err
	}
	if s, err := findSuccess(data, seq); err != nil || s != nil {
		return string(delivery.StatusDelivered), 0, err
	}
	cursor := h.Since
	if _, err := t.row("SELECT cursor FROM place WHERE hook=?", []any{h.n}, &cursor); err != nil || seq > cursor {
		return "", 0, err
	}
	return string(delivery.StatusSkipped), 0, nil
}

// addRows gives a lane redriven jobs, as far as it takes them now.
func (q *queue) addRows(l *lane, rows []jobRow) {
	for i := range rows {
		switch r := &rows[i]; {
		case !l.recovered: // they will be read with its place
		case l.crowded() || l.away.has(r.group):
			l.away.add(r.group)
			l.away.recall(r.group)
		default:
			q.revive(l, r)
		}
	}
}

// Discard is the port's.
func (q *queue) Discard(ctx context.Context, m change.Memory, id string, seq int64, redrive int, reason string) error {
	return q.d.writer.do(ctx, func(t *tx) error {
		_, h, err := t.webhook(m, id)
		if err != nil {
			return err
		}
		n, err := t.exec("UPDATE job SET status=?, reason=? WHERE hook=? AND seq=? AND redrive=? AND status=?",
			string(delivery.StatusDiscarded), reason, h.n, seq, redrive, string(delivery.StatusDead))
		if err == nil && n == 0 {
			return fault.New(fault.NotFound, "there is no dead letter %s: list the dead letters",
				delivery.Job{Hook: id, Redrive: redrive, Entry: feed.Entry{Seq: seq}}.ID())
		}
		if err == nil {
			err = t.tally(h.n, string(delivery.StatusDead), -1)
		}
		if err == nil {
			err = t.tally(h.n, string(delivery.StatusDiscarded), 1)
		}
		return err
	})
}
