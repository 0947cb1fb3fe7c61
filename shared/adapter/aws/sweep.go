package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

const (
	stuckAfter = time.Hour      // without an outcome, a line may have lost its jobs
	lostAfter  = 24 * time.Hour // a job that waits longer without an attempt may be lost alone
)

// sweep does for logs and queues what nobody waits for: it drops old chunks
// that were compacted, restarts lines that have lost their jobs, sends redrives
// again that have lost theirs, brings hooks further that are not caught up
// with, and takes dead letters out of their queue that are dead no longer.
func (a *Adapter) sweep(ctx context.Context) error {
	var behind []hookRow
	var failed []error // one memory's trouble is no other's
	err := a.allMemories(ctx, func(m change.Memory) error {
		some, err := a.sweepMemory(ctx, m)
		if err != nil {
			failed = append(failed, fmt.Errorf("sweep memory %q of tenant %q: %w", m.ID, m.Tenant, err))
		}
		behind = append(behind, some...)
		return ctx.Err()
	})
	return errors.Join(append(failed, err, a.catchUpAll(ctx, behind), a.sweepGraves(ctx))...)
}

// sweepMemory looks after one memory's log and lines, and returns the hooks
// that are not caught up with.
func (a *Adapter) sweepMemory(ctx context.Context, m change.Memory) (behind []hookRow, err error) {
	floor, err := a.floor(ctx, m)
	if err != nil {
		return nil, err
	}
	hooks, err := a.hookRows(ctx, m)
	if err != nil || len(hooks) == 0 && floor == 1 {
		return nil, err
	}
	head, err := a.lastChunk(ctx, m)
	if err == nil && floor > 1 {
		err = a.dropChunks(ctx, m, feed.Bounds{Head: head.last(), Floor: floor})
	}
	for _, h := range hooks {
		if err != nil || h.Mode != hook.Webhook {
			continue
		}
		var restarted, in bool
		if restarted, err = a.unstick(ctx, h, head.last()); err == nil && !restarted {
			in, err = a.inLine(ctx, m, h, head.hooks[h.ID])
		}
		if err == nil && !in && pushed(h) {
			behind = append(behind, h)
		}
	}
	return behind, err
}

// unstick restarts a hook's line where the job that should be next seems to be
// lost, so that it is to be caught up with, and sends redrives again of which
// nothing was heard.
func (a *Adapter) unstick(ctx context.Context, h hookRow, head int64) (restarted bool, err error) {
	if _, err := a.neededBy(ctx, h.Memory, h, head); err != nil {
		return false, err
	}
	p, err := a.place(ctx, h.Memory, h.ID)
	if err != nil {
		return false, err
	}
	rows, err := a.others(ctx, h.Memory, h.ID, p.floor, highestSeq)
	if err != nil {
		return false, err
	}
	if err := a.resend(ctx, h, rows); err != nil || h.State != hook.Active || p.done > head {
		return false, err
	}
	stuck, err := a.stuck(ctx, &h, p, rows)
	if err != nil || !stuck {
		return false, err
	}
	if err := a.raise(ctx, h, nil, p.done-1); errors.Is(err, errMoved) {
		return false, nil // it has just begun an epoch, or was changed: the next sweep looks again
	} else if err != nil {
		return false, err
	}
	a.cfg.Log.Warn("a hook's line was restarted: the job that should be next was not heard of", "hook", h.ID, "seq", p.done)
	return true, nil
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
