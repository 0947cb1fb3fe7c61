package embedded

import (
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// jobRow is a row of job, but for the earlier attempts.
type jobRow struct {
	hook      int64
	seq       int64
	redrive   int
	group     string
	prev      int64
	attempts  int
	status    string
	due       int64
	firstAt   int64
	lastAt    int64
	code      int
	err       string
	reason    string
	took      int64 // microseconds
	redaction redact.Mode
}

const (
	jobColumns = `hook, seq, redrive, grp, prev, attempts, status, due, first_at, last_at,
	code, error, reason, took, redaction`
	selectJob  = "SELECT " + jobColumns + " FROM job "
	selectFull = "SELECT " + jobColumns + ", earlier FROM job "
)

func scanJob(scan func(...any) error) (jobRow, error) {
	var r jobRow
	err := scan(&r.hook, &r.seq, &r.redrive, &r.group, &r.prev, &r.attempts, &r.status, &r.due, &r.firstAt, &r.lastAt,
		&r.code, &r.err, &r.reason, &r.took, &r.redaction)
	return r, err
}

// pending reports whether the row's job has not ended.
func (r *jobRow) pending() bool { return r.status == statusRetry || r.status == statusParked }

// record is the row as the ledger shows it, but for its log entry.
func (r *jobRow) record(h *hookRow) delivery.Record {
	out := delivery.Record{
		Job: delivery.Job{
			Hook: h.ID, Prev: r.prev, Redrive: r.redrive, Attempts: r.attempts, FirstAt: r.firstAt, Redaction: r.redaction,
		},
		Status: delivery.Status(r.status), Code: r.code, Error: r.err, FirstAt: r.firstAt, LastAt: r.lastAt,
		Reason: r.reason, Took: time.Duration(r.took) * time.Microsecond,
	}
	out.Job.Entry.Seq = r.seq
	if r.pending() {
		out.Status, out.NextAt = waiting(h), r.due
	}
	return out
}

// waiting is the status of what has not ended.
func waiting(h *hookRow) delivery.Status {
	if h.State == hook.Active {
		return delivery.StatusPending
	}
	return delivery.StatusHeld
}

// jobRows reads the rows of job that a condition takes.
func (t *tx) jobRows(where string, args ...any) ([]jobRow, error) {
	var all []jobRow
	err := t.rows(selectJob+where, args, func(scan func(...any) error) error {
		r, err := scanJob(scan)
		all = append(all, r)
		return err
	})
	return all, err
}

// asker reads rows as tx.rows does: of a transaction, or of the readers.
type asker func(query string, args []any, each func(scan func(...any) error) error) error

// settledAfter returns the seqs above a hook's cursor that are settled all the
// same, nil where there are none.
func settledAfter(ask asker, hook, cursor int64) (map[int64]bool, error) {
	var late map[int64]bool
	note := func(seq int64) {
		if late == nil {
			late = make(map[int64]bool)
		}
		if seq > cursor {
			late[seq] = true
		}
	}
	err := ask("SELECT data FROM delivered WHERE hook=? AND last_seq>?", []any{hook, cursor}, func(scan func(...any) error) error {
		var data []byte
		if err := scan(&data); err != nil {
			return err
		}
		batch, err := delivery.DecodeBatch(data)
		for _, s := range batch {
			note(s.Seq)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	err = ask("SELECT seq FROM job WHERE hook=? AND seq>?", []any{hook, cursor}, func(scan func(...any) error) error {
		var seq int64
		if err := scan(&seq); err != nil {
			return err
		}
		note(seq)
		return nil
	})
	return late, err
}
