package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/fifo"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

const (
	stuckAfter = time.Hour      // without an outcome, a line may have lost its jobs
	lostAfter  = 24 * time.Hour // a job that waits longer without an attempt may be lost alone
	graveLooks = 100            // receptions from the queue of dead letters in one sweep
	graveTime  = 5 * time.Second
)

// sweep does for the queues what nobody waits for: it restarts lines that have
// lost their jobs, sends redrives again that have lost theirs, and takes dead
// letters out of their queue that are dead no longer.
func (a *Adapter) sweep(ctx context.Context) error {
	err := a.allMemories(ctx, func(m change.Memory) error {
		hooks, err := a.hookRows(ctx, m)
		if err != nil || len(hooks) == 0 {
			return err
		}
		head, err := a.lastChunk(ctx, m)
		for _, h := range hooks {
			if err == nil && h.Mode == hook.Webhook {
				err = a.unstick(ctx, h, head.last())
			}
		}
		return err
	})
	return errors.Join(err, a.sweepGraves(ctx))
}

// unstick restarts a hook's line where the job that should be next seems to be
// lost, and sends redrives again of which nothing was heard.
func (a *Adapter) unstick(ctx context.Context, h hookRow, head int64) error {
	if _, err := a.neededBy(ctx, h.Memory, h, head); err != nil {
		return err
	}
	p, err := a.place(ctx, h.Memory, h.ID)
	if err != nil {
		return err
	}
	rows, err := a.others(ctx, h.Memory, h.ID, p.floor, highestSeq)
	if err != nil {
		return err
	}
	if err := a.resend(ctx, h, rows); err != nil || h.State != hook.Active || p.done > head {
		return err
	}
	stuck, err := a.stuck(ctx, &h, p, rows)
	if err != nil || !stuck {
		return err
	}
	if err := a.raise(ctx, h, nil, p.done-1); errors.Is(err, errMoved) {
		return nil // it has just begun an epoch, or was changed: the next sweep looks again
	} else if err != nil {
		return err
	}
	a.cfg.Log.Warn("a hook's line was restarted: the job that should be next was not heard of", "hook", h.ID, "seq", p.done)
	return a.catchUp(ctx, h.Memory, h.ID)
}

// stuck says whether the lowest seq that a hook waits for, which stands behind
// none of its group, should have been attempted by now.
func (a *Adapter) stuck(ctx context.Context, h *hookRow, p place, rows []other) (bool, error) {
	e, there, err := a.entry(ctx, h.Memory, p.done)
	if err != nil || !there {
		return false, err
	}
	now := a.cfg.Now()
	hourAgo := now.Add(-stuckAfter).UnixMilli()
	if e.Change.At > hourAgo || p.raised > hourAgo {
		return false, nil
	}
	heard := int64(0)
	for i := range rows {
		o := &rows[i]
		heard = max(heard, o.lastAt)
		if o.seq == p.done && o.redrive == 0 && max(o.lastAt, o.nextAt) > hourAgo {
			return false, nil // it waits for its next attempt
		}
	}
	firsts, err := a.firsts(ctx, h.Memory, h.ID, p.done, highestSeq)
	if err != nil {
		return false, err
	}
	for _, s := range firsts {
		heard = max(heard, s.At)
	}
	dayAgo := now.Add(-lostAfter).UnixMilli()
	return heard <= hourAgo || e.Change.At <= dayAgo && p.raised <= dayAgo, nil
}

// resend puts redrives in line again that are due and of which nothing was
// heard for long, where their hook takes them.
func (a *Adapter) resend(ctx context.Context, h hookRow, rows []other) error {
	if !takes(&h, 1) {
		return nil
	}
	var jobs []job
	for i := range rows {
		o := &rows[i]
		if o.redrive == 0 || !o.pending() || max(o.lastAt, o.nextAt, o.madeAt) > a.cfg.Now().Add(-stuckAfter).UnixMilli() {
			continue
		}
		j, goes, err := a.redriveJob(ctx, h.Memory, h.ID, o.row())
		if err != nil {
			return err
		}
		if goes {
			jobs = append(jobs, j)
		}
	}
	return a.sendJobs(ctx, jobs)
}

// sweepGraves ends the messages of dead letters that were redriven, delivered
// or closed elsewhere, or whose hook is gone, and gives the others back. It
// looks at the oldest thousand.
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
// and any that can't be read or that the queue moved there itself.
func (a *Adapter) stillDead(ctx context.Context, some []fifo.Received) ([]bool, error) {
	dead := make([]bool, len(some))
	var keys []table.Key
	var of []int
	for i, m := range some {
		j, is, err := readMessage(m.Body)
		if dead[i] = err != nil || !is; !dead[i] {
			o := other{seq: j.Entry.Seq, redrive: j.Redrive}
			keys, of = append(keys, o.key(j.memory(), j.Hook)), append(of, i)
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
