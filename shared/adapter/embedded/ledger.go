package embedded

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// tallies are how many changes a hook saw, and how many of them have ended.
type tallies struct {
	matched int
	ended   map[string]int
}

// open is how many have not ended.
func (c tallies) open() int {
	n := c.matched
	for _, ended := range c.ended {
		n -= ended
	}
	return n
}

const (
	selectTallies = `SELECT '', matched FROM hookhead WHERE hook=?1 UNION ALL SELECT status, n FROM tally WHERE hook=?1`
	matchedStatus = "" // stands for those matched in selectTallies
)

func (c *tallies) read(scan func(...any) error) error {
	var status string
	var n int
	if err := scan(&status, &n); err != nil {
		return err
	}
	if status == matchedStatus {
		c.matched = n
	} else {
		c.ended[status] = n
	}
	return nil
}

func (t *tx) tallies(hook int64) (tallies, error) {
	c := tallies{ended: make(map[string]int)}
	err := t.rows(selectTallies, []any{hook}, c.read)
	return c, err
}

// Counts is the port's. A CDC hook has no deliveries.
func (q *queue) Counts(ctx context.Context, m change.Memory, id string) (map[delivery.Status]int, error) {
	h, err := q.d.hookByID(ctx, m, id)
	if err != nil {
		return nil, err
	}
	if h == nil {
		return nil, fault.New(fault.NotFound, "there is no hook %q", id)
	}
	counts := make(map[delivery.Status]int)
	if h.Mode != hook.Webhook {
		return counts, nil
	}
	c := tallies{ended: make(map[string]int)}
	if err := q.d.rows(ctx, selectTallies, []any{h.n}, c.read); err != nil {
		return nil, err
	}
	for status, n := range c.ended {
		if n > 0 {
			counts[delivery.Status(status)] = n
		}
	}
	if n := c.open(); n > 0 {
		counts[waiting(h)] = n
	}
	return counts, nil
}

// Find is the port's.
func (q *queue) Find(ctx context.Context, m change.Memory, id string, seq int64, redrive int) (delivery.Record, error) {
	none := fault.New(fault.NotFound, "there is no delivery %s", delivery.Job{Hook: id, Redrive: redrive, Entry: feed.Entry{Seq: seq}}.ID())
	h, err := q.d.hookByID(ctx, m, id)
	if err != nil {
		return delivery.Record{}, err
	}
	if h == nil || h.Mode != hook.Webhook {
		return delivery.Record{}, none
	}
	e, match, err := q.entry(ctx, h, seq)
	if err != nil {
		return delivery.Record{}, err
	}
	if e == nil {
		return delivery.Record{}, none
	}
	r, found, err := q.find(ctx, h, seq, redrive)
	if err != nil {
		return delivery.Record{}, err
	}
	if !found {
		return delivery.Record{}, none
	}
	r.Job.Entry, r.Job.Prev = *e, match.Prev
	return r, nil
}

// find looks for a delivery of an entry that its hook sees.
func (q *queue) find(ctx context.Context, h *hookRow, seq int64, redrive int) (r delivery.Record, found bool, err error) {
	err = q.d.rows(ctx, selectFull+"WHERE hook=? AND seq=? AND redrive=?", []any{h.n, seq, redrive}, func(scan func(...any) error) error {
		var earlier []byte
		row, err := scanJob(func(into ...any) error { return scan(append(into, &earlier)...) })
		if err == nil {
			r, found = row.record(h), true
			err = r.Recall(earlier)
		}
		return err
	})
	if err != nil || found || redrive > 0 {
		return r, found, err
	}
	var data [][]byte
	err = q.d.rows(ctx, selectBatches, []any{h.n, seq, seq, maxWindow}, collect(&data))
	if err != nil {
		return r, false, err
	}
	s, err := findSuccess(data, seq)
	if err != nil {
		return r, false, err
	}
	if s != nil {
		r = s.Record(h.ID)
		return r, true, r.Recall(nil)
	}
	cursor := h.Since
	if _, err := q.d.row("SELECT cursor FROM place WHERE hook=?", []any{h.n}, &cursor); err != nil {
		return r, false, err
	}
	r = delivery.Record{Job: delivery.Job{Hook: h.ID}, Status: waiting(h)}
	if seq <= cursor {
		r.Status = delivery.StatusSkipped
	}
	return r, true, nil
}

// selectBatches takes the batches that may hold a seq: no batch spans more
// entries than a window holds, so there are no more of them than that.
const selectBatches = `SELECT data FROM (SELECT first_seq, data FROM delivered WHERE hook=? AND last_seq>=? ORDER BY last_seq LIMIT ?4)
	WHERE first_seq<=?3`

func (t *tx) batches(hook, seq int64) ([][]byte, error) {
	var data [][]byte
	err := t.rows(selectBatches, []any{hook, seq, seq, maxWindow}, collect(&data))
	return data, err
}

func collect(into *[][]byte) func(scan func(...any) error) error {
	return func(scan func(...any) error) error {
		var data []byte
		err := scan(&data)
		*into = append(*into, data)
		return err
	}
}

func findSuccess(batches [][]byte, seq int64) (*delivery.Success, error) {
	for _, data := range batches {
		batch, err := delivery.DecodeBatch(data)
		if err != nil {
			return nil, err
		}
		for i := range batch {
			if batch[i].Seq == seq {
				return &batch[i], nil
			}
		}
	}
	return nil, nil
}
