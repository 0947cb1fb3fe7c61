package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
)

const (
	graveLooks = 100 // receptions from the queue of dead letters in one sweep
	graveTime  = 5 * time.Second
)

// sweepGraves ends the messages of dead letters that were redriven, delivered
// or closed elsewhere, or whose hook is gone, and of jobs that the queue moved
// there and that are needed no more; it gives the others back. It looks at the
// oldest thousand.
func (a *Adapter) sweepGraves(ctx context.Context) error {
	var gone []string
	var back []fifo.Delay
	seen := make(map[string]bool)
	var err error
	for range graveLooks {
		var some []fifo.Received
		if some, err = a.graves(ctx); err != nil || len(some) == 0 {
			break
		}
		var dead []bool
		if dead, err = a.stillDead(ctx, some); err != nil {
			dead = make([]bool, len(some))
			for i := range dead {
				dead[i] = true
			}
		}
		again := false
		for i, m := range some {
			again = again || seen[m.ID]
			seen[m.ID] = true
			if dead[i] {
				back = append(back, fifo.Delay{Handle: m.Handle})
			} else {
				gone = append(gone, m.Handle)
			}
		}
		if err != nil || again {
			break
		}
	}
	if len(gone)+len(back) > 0 {
		err = errors.Join(err, a.cfg.Dead.Settle(ctx, gone, back))
	}
	if err != nil {
		return fmt.Errorf("sweep the queue of dead letters: %w", err)
	}
	return nil
}

// graves receives messages of dead letters, none where none come soon.
func (a *Adapter) graves(ctx context.Context) ([]fifo.Received, error) {
	soon, cancel := context.WithTimeout(ctx, graveTime)
	defer cancel()
	some, err := a.cfg.Dead.Receive(soon)
	if soon.Err() != nil && ctx.Err() == nil {
		err = nil
	}
	return some, err
}

// stillDead says of each message whether it is to stay: that of a dead letter,
// that of a job the queue itself moved there, until it has ended or is sent
// anew, and any that can't be read.
func (a *Adapter) stillDead(ctx context.Context, some []fifo.Received) ([]bool, error) {
	dead := make([]bool, len(some))
	var keys []table.Key
	var of []int
	for i, m := range some {
		j, is, err := readMessage(m.Body)
		switch {
		case err != nil:
			dead[i] = true
		case is:
			o := other{seq: j.Entry.Seq, redrive: j.Redrive}
			keys, of = append(keys, o.key(j.memory(), j.Hook)), append(of, i)
		default:
			if dead[i], err = a.needed(ctx, &j); err != nil {
				return nil, err
			}
		}
	}
	if len(keys) == 0 {
		return dead, nil
	}
	rows, err := a.cfg.Main.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	for n, row := range rows {
		dead[of[n]] = readOther(row).status == delivery.StatusDead
	}
	return dead, nil
}

// needed says whether a job may still be attempted, or is a dead letter of
// which there may be no other message.
func (a *Adapter) needed(ctx context.Context, j *job) (bool, error) {
	h, err := a.hookRow(ctx, j.memory(), j.Hook)
	switch {
	case err != nil && fault.KindOf(err) == fault.NotFound:
		return false, nil
	case err != nil:
		return false, err
	}
	p, err := a.place(ctx, j.memory(), j.Hook)
	if err != nil {
		return false, err
	}
	if j.Entry.Seq < p.floor || j.Redrive == 0 && (j.epoch < h.epoch || j.Entry.Seq < p.done) {
		return false, nil
	}
	o := other{seq: j.Entry.Seq, redrive: j.Redrive}
	rows, err := a.cfg.Main.Get(ctx, o.key(j.memory(), j.Hook))
	switch {
	case err != nil:
		return false, err
	case rows[0] != nil:
		o = readOther(rows[0])
		return o.pending() || o.status == delivery.StatusDead, nil
	case j.Redrive > 0:
		return false, nil
	}
	firsts, err := a.firsts(ctx, j.memory(), j.Hook, o.seq, o.seq+1)
	return len(firsts) == 0, err
}
