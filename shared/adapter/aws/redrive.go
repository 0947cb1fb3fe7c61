package aws

import (
	"context"
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// webhook reads a hook that has deliveries.
func (a *Adapter) webhook(ctx context.Context, m change.Memory, id string) (hookRow, error) {
	h, err := a.hookRow(ctx, m, id)
	if err == nil && h.Mode != hook.Webhook {
		err = fault.New(fault.NotFound, "there is no webhook hook %q: list the memory's hooks", id)
	}
	return h, err
}

// Redrive is the port's. The table's stream has each new row put in line.
func (l ledger) Redrive(ctx context.Context, m change.Memory, id string, seqs []int64) ([]delivery.Job, error) {
	h, err := l.a.webhook(ctx, m, id)
	if err != nil || len(seqs) == 0 {
		return nil, err
	}
	wanted, err := l.a.entriesOf(ctx, m, seqs)
	if err != nil {
		return nil, err
	}
	var jobs []delivery.Job
	for _, seq := range seqs {
		e, there := wanted[seq]
		if match, sees := e.For(id); there && sees {
			jobs = append(jobs, delivery.Job{Hook: id, Prev: match.Prev, Entry: e})
		}
		delete(wanted, seq) // it may be asked for twice
	}
	made := make([]*delivery.Job, len(jobs))
	err = abreast(ctx, len(jobs), redriveWidth, func(ctx context.Context, i int) (err error) {
		made[i], err = l.a.redrive(ctx, &h, jobs[i])
		return err
	})
	jobs = jobs[:0]
	for _, j := range made {
		if j != nil {
			jobs = append(jobs, *j)
		}
	}
	return jobs, err
}

// redriveWidth is how many redrives are written at once.
const redriveWidth = 16

// redrive makes the next repetition of a job's event; nil where the newest
// delivery has not ended, or somebody else was first.
func (a *Adapter) redrive(ctx context.Context, h *hookRow, j delivery.Job) (*delivery.Job, error) {
	seq := j.Entry.Seq
	newest, was, err := a.newest(ctx, h, seq)
	if err != nil || newest == nil && was == "" {
		return nil, err
	}
	j.Redrive, j.Attempts, j.FirstAt, j.Redaction = 1, 0, 0, ""
	var ops []table.Op
	if newest != nil {
		j.Redrive = newest.redrive + 1
		if newest.status == delivery.StatusDead {
			ops = append(ops, closing(newest.key(h.Memory, h.ID), "redriven as "+j.ID()))
		}
	}
	next := other{seq: seq, redrive: j.Redrive, status: delivery.StatusPending, prev: j.Prev, was: was, madeAt: a.cfg.Now().UnixMilli()}
	row := next.row()
	row[attrTells] = tellsRedrive
	ops = append(ops, table.Op{Key: next.key(h.Memory, h.ID), Set: row, If: table.Absent})
	err = a.cfg.Main.Write(ctx, ops...)
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("redrive as delivery %s: %w", j.ID(), err)
	}
	return &j, nil
}

// closing turns a dead letter into one that a person closed.
func closing(at table.Key, reason string) table.Op {
	return table.Op{
		Action: table.Update, Key: at, Set: table.Row{otherStatus: string(delivery.StatusDiscarded), otherReason: reason},
		If: []table.Clause{{Name: otherStatus, Is: table.Equal, Value: string(delivery.StatusDead)}},
	}
}

// newest finds the newest delivery of a seq that has ended: its row or, where
// it has none, how it ended; nil and "" where it has not ended.
func (a *Adapter) newest(ctx context.Context, h *hookRow, seq int64) (row *other, was delivery.Status, err error) {
	row, err = a.newestOther(ctx, h.Memory, h.ID, seq)
	if err != nil {
		return nil, "", err
	}
	p, err := a.place(ctx, h.Memory, h.ID)
	if err != nil {
		return nil, "", err
	}
	switch {
	case row != nil && !p.left(row) && row.pending():
		return nil, "", nil
	case row != nil && !p.left(row):
		return row, "", nil
	}
	firsts, err := a.firsts(ctx, h.Memory, h.ID, seq, seq+1)
	if err != nil {
		return nil, "", err
	}
	if _, delivered := firsts[seq]; delivered {
		return nil, delivery.StatusDelivered, nil
	}
	if seq < p.done {
		return nil, delivery.StatusSkipped, nil
	}
	return nil, "", nil
}

// left says that a row was left by an attempt whose delivery had ended before
// it: it counts as none.
func (p *place) left(o *other) bool { return o.redrive == 0 && o.pending() && o.seq < p.done }

// Discard is the port's.
func (l ledger) Discard(ctx context.Context, m change.Memory, id string, seq int64, redrive int, reason string) error {
	if _, err := l.a.webhook(ctx, m, id); err != nil {
		return err
	}
	o := other{seq: seq, redrive: redrive}
	err := l.a.cfg.Main.Write(ctx, closing(o.key(m, id), reason))
	var refused *table.ConditionError
	switch {
	case errors.As(err, &refused):
		return fault.New(fault.NotFound, "there is no dead letter %s: list the dead letters", deliveryID(id, seq, redrive))
	case err != nil:
		return fmt.Errorf("discard dead letter %s: %w", deliveryID(id, seq, redrive), err)
	}
	return nil
}

func deliveryID(hookID string, seq int64, redrive int) string {
	return delivery.Job{Hook: hookID, Redrive: redrive, Entry: feed.Entry{Seq: seq}}.ID()
}
