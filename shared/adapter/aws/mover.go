package aws

import (
	"context"
	"errors"
	"fmt"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
)

// mover is the port hook.Mover.
type mover struct{ a *Adapter }

// skipWidth is how many rows are written at once.
const skipWidth = 16

// SkipToHead is the port's. What waited has ended as skipped; attempts that are
// under way count no more.
func (s mover) SkipToHead(ctx context.Context, m change.Memory, id string) (int, error) {
	for range hookTries {
		h, err := s.a.webhook(ctx, m, id)
		if err != nil {
			return 0, err
		}
		head, err := s.a.lastChunk(ctx, m)
		if err != nil {
			return 0, err
		}
		p, err := s.a.place(ctx, m, id)
		if err != nil {
			return 0, err
		}
		// Until the rest is counted as skipped, it is in line again in the new
		// epoch: a skip that is cut off here skips less, and loses nothing.
		if err = s.a.raise(ctx, h, nil, p.done-1); errors.Is(err, errMoved) {
			continue
		}
		if err != nil {
			return 0, err
		}
		written, err := s.skipRows(ctx, &h, head.last())
		if err != nil {
			return 0, err
		}
		rest, err := s.skipRest(ctx, h, head.last(), head.hooks[id].total)
		return written + rest, err
	}
	return 0, fault.New(fault.Unavailable, "too many callers change hook %q at once: try again", id)
}

// skipRows ends the deliveries that have rows and wait.
func (s mover) skipRows(ctx context.Context, h *hookRow, head int64) (int, error) {
	p, err := s.a.place(ctx, h.Memory, h.ID)
	if err != nil {
		return 0, err
	}
	rows, err := s.a.others(ctx, h.Memory, h.ID, p.floor, head+1)
	if err != nil {
		return 0, err
	}
	var waiting []other
	for newest := range bySeq(&p, rows) {
		if newest.pending() {
			waiting = append(waiting, *newest)
		}
	}
	met := make([]int, len(waiting))
	err = abreast(ctx, len(waiting), skipWidth, func(ctx context.Context, i int) error {
		err := s.a.cfg.Main.Write(ctx, table.Op{
			Action: table.Update, Key: waiting[i].key(h.Memory, h.ID), Set: table.Row{otherStatus: string(delivery.StatusSkipped)},
			Remove: []string{otherNext, attrTells}, If: []table.Clause{{Name: otherStatus, Is: table.Equal, Value: string(delivery.StatusPending)}},
		})
		var refused *table.ConditionError
		switch {
		case errors.As(err, &refused): // it has ended, or its hook is gone
			return nil
		case err != nil:
			return fmt.Errorf("skip deliveries of hook %s: %w", h.ID, err)
		}
		met[i] = 1
		return nil
	})
	n := 0
	for _, one := range met {
		n += one
	}
	return n, err
}

// skipRest counts what else waits up to the head as skipped: all that the hook
// saw, without what has ended and what has a row.
func (s mover) skipRest(ctx context.Context, h hookRow, head, total int64) (int, error) {
	for range hookTries {
		p, err := s.a.place(ctx, h.Memory, h.ID)
		if err != nil || p.done > head {
			return 0, err
		}
		var all history
		if all.rows, err = s.a.others(ctx, h.Memory, h.ID, p.floor, head+1); err != nil {
			return 0, err
		}
		if all.firsts, err = s.a.firsts(ctx, h.Memory, h.ID, p.done, head+1); err != nil {
			return 0, err
		}
		rest := total
		for _, n := range p.tally(all) {
			rest -= n
		}
		for newest := range bySeq(&p, all.rows) {
			if newest.pending() { // redriven just now
				rest--
			}
		}
		ended := map[delivery.Status]int64{delivery.StatusDelivered: all.unowned(), delivery.StatusSkipped: max(rest, 0)}
		if err = s.a.advance(ctx, h, p, p.floor, head+1, ended); !errors.Is(err, errMoved) {
			return int(max(rest, 0)), err
		}
	}
	return 0, fault.New(fault.Unavailable, "the deliveries of hook %q are being compacted: try again", h.ID)
}

// unowned is how many first attempts ended deliveries that have no row.
func (all *history) unowned() int64 {
	n := int64(len(all.firsts))
	for i := range all.rows {
		if o := &all.rows[i]; o.redrive == 0 {
			if _, both := all.firsts[o.seq]; both {
				n--
			}
		}
	}
	return n
}
