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

// ended are the seqs whose own delivery has ended.
func (all *history) ended() map[int64]bool {
	seqs := make(map[int64]bool, len(all.firsts)+len(all.rows))
	for seq := range all.firsts {
		seqs[seq] = true
	}
	for i := range all.rows {
		o := &all.rows[i]
		if o.redrive == 0 && !o.pending() || o.was != "" {
			seqs[o.seq] = true
		}
	}
	return seqs
}

// endedIn are the seqs behind one, up to and with another, whose own delivery
// has ended.
func (a *Adapter) endedIn(ctx context.Context, m change.Memory, hookID string, after, to int64) (map[int64]bool, error) {
	p, err := a.place(ctx, m, hookID)
	if err != nil {
		return nil, err
	}
	all, err := a.history(ctx, m, hookID, max(after+1, p.done), to+1)
	if err != nil {
		return nil, err
	}
	ended := all.ended()
	for seq := after + 1; seq <= min(to, p.done-1); seq++ {
		ended[seq] = true
	}
	return ended, nil
}

// neededBy is the lowest seq, up to the head, that a webhook hook still waits
// for; head+1 where there is none. It moves the hook's place there.
func (a *Adapter) neededBy(ctx context.Context, m change.Memory, h hookRow, head int64) (int64, error) {
	p, err := a.place(ctx, m, h.ID)
	if err != nil {
		return 0, err
	}
	done, ended, err := a.doneUpTo(ctx, h, p, head)
	if err != nil {
		return 0, err
	}
	if done > p.done {
		err := a.advance(ctx, h, p, p.floor, done, ended)
		if err != nil && !errors.Is(err, errMoved) {
			return 0, err
		}
	}
	rows, err := a.others(ctx, m, h.ID, p.floor, done)
	for i := range rows {
		if rows[i].redrive > 0 && rows[i].pending() {
			return min(done, rows[i].seq), err
		}
	}
	return done, err
}

// doneUpTo finds the lowest seq from a hook's place on whose own delivery has
// not ended, one above the head where there is none, and what has ended below
// it that has no row.
func (a *Adapter) doneUpTo(ctx context.Context, h hookRow, p place, head int64) (int64, map[delivery.Status]int64, error) {
	ended := make(map[delivery.Status]int64)
	from := max(p.done, 1)
	for from <= head {
		to := min(bucketFrom(from)+bucketSize, head+1)
		entries, err := a.span(ctx, h.Memory, from, to)
		if err != nil {
			return 0, nil, err
		}
		all, err := a.history(ctx, h.Memory, h.ID, from, to)
		if err != nil {
			return 0, nil, err
		}
		known := all.ended()
		for i := range entries {
			if _, sees := entries[i].For(h.ID); sees && !known[entries[i].Seq] {
				to = entries[i].Seq
				all.cut(to)
				ended[delivery.StatusDelivered] += all.unowned()
				return to, ended, nil
			}
		}
		ended[delivery.StatusDelivered] += all.unowned()
		from = to
	}
	return from, ended, nil
}

// cut forgets what first attempts ended from a seq on.
func (all *history) cut(from int64) {
	for seq := range all.firsts {
		if seq >= from {
			delete(all.firsts, seq)
		}
	}
}

// expireHook ends what waits below a floor as expired, dead letters too, counts
// what else ended there, and then forgets it: without its entry there is
// nothing to show or to send. Saw are the seqs below the floor that the hook
// saw, of entries that still stand.
func (a *Adapter) expireHook(ctx context.Context, m change.Memory, h hookRow, floor int64, saw []int64) error {
	for range hookTries {
		p, err := a.place(ctx, m, h.ID)
		if err != nil {
			return err
		}
		if p.epoch == 0 {
			return nil // the hook was deleted meanwhile
		}
		if p.floor >= floor {
			return a.dropRows(ctx, m, h.ID, p.floor)
		}
		ended, err := a.endedBelow(ctx, h, p, floor, saw)
		if err != nil {
			return err
		}
		if err := a.advance(ctx, h, p, floor, max(p.done, floor), ended); err != nil && !errors.Is(err, errMoved) {
			return err
		}
	}
	return fault.New(fault.Unavailable, "the place of hook %q moves too fast: compact again", h.ID)
}

// endedBelow is what leaves a hook's rows below a floor, and what expires.
func (a *Adapter) endedBelow(ctx context.Context, h hookRow, p place, floor int64, saw []int64) (map[delivery.Status]int64, error) {
	var all history
	var err error
	if all.rows, err = a.others(ctx, h.Memory, h.ID, p.floor, floor); err != nil {
		return nil, err
	}
	if all.firsts, err = a.firsts(ctx, h.Memory, h.ID, p.done, floor); err != nil {
		return nil, err
	}
	rowed := make(map[int64]bool)
	for i := range all.rows {
		o := &all.rows[i]
		if o.pending() || o.status == delivery.StatusDead {
			if p.left(o) {
				continue
			}
			o.status = delivery.StatusExpired
		}
		rowed[o.seq] = true
	}
	ended := p.tally(all)
	for status, before := range p.ended {
		ended[status] -= before
	}
	for _, seq := range saw {
		if _, delivered := all.firsts[seq]; seq >= max(p.done, p.floor) && !delivered && !rowed[seq] {
			ended[delivery.StatusExpired]++
		}
	}
	return ended, nil
}

// dropRows deletes what a hook has below its floor.
func (a *Adapter) dropRows(ctx context.Context, m change.Memory, hookID string, floor int64) error {
	for _, q := range []table.Query{
		{Part: hookPart(m, hookID), From: sortOther, To: seqSort(sortOther, floor)},
		{Part: hookPart(m, hookID), From: sortBatch, To: bucketSort(floor)},
	} {
		for {
			page, err := a.cfg.Main.Query(ctx, q)
			if err == nil {
				err = abreast(ctx, len(page.Rows), skipWidth, func(ctx context.Context, i int) error {
					return a.cfg.Main.Write(ctx, table.Op{Action: table.Delete, Key: page.Rows[i].Key})
				})
			}
			if err != nil {
				return fmt.Errorf("forget old deliveries of hook %s: %w", hookID, err)
			}
			if !page.More || len(page.Rows) == 0 {
				break
			}
			q.After = page.Rows[len(page.Rows)-1].Sort
		}
	}
	return nil
}
