package aws

import (
	"context"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// pushed says whether a hook's jobs are put in line now.
func pushed(h hookRow) bool { return h.Mode == hook.Webhook && h.State == hook.Active }

// inLine says whether all that a hook has seen up to a chunk has been put in
// line for it, by those who appended or by catch-up, so that what follows may
// be.
func (a *Adapter) inLine(ctx context.Context, m change.Memory, h hookRow, t tally) (bool, error) {
	if !pushed(h) {
		return false, nil
	}
	if t.seen == 0 || t.epoch == h.epoch {
		return true, nil
	}
	p, err := a.place(ctx, m, h.ID)
	return p.epoch == h.epoch && p.line >= t.seen, err
}

// appendJob adds the job of an entry that the hook sees.
func appendJob(jobs []job, h hookRow, e feed.Entry, again bool) []job {
	match, sees := e.For(h.ID)
	if !sees {
		return jobs
	}
	return append(jobs, job{Job: delivery.Job{Hook: h.ID, Prev: match.Prev, Entry: e}, epoch: h.epoch, again: again})
}

const (
	catchUpPage = 1000            // entries
	catchUpStop = 3 * time.Second // before the context ends
)

// catchUp puts in line, in their order, what a hook has seen since its place
// and what has not ended, until it reaches the head. It does nothing for a hook
// that is not active or not there. When time runs out it fails with
// fault.Unavailable and goes on from where it was when it is called again.
func (a *Adapter) catchUp(ctx context.Context, m change.Memory, hookID string) error {
	for {
		h, err := a.hookRow(ctx, m, hookID)
		if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && !pushed(h) {
			return nil
		}
		if err != nil {
			return err
		}
		p, err := a.place(ctx, m, hookID)
		if err != nil {
			return err
		}
		entries, err := a.readLog(ctx, m, p.line, catchUpPage)
		if err != nil || len(entries) == 0 {
			return err
		}
		if end, bound := ctx.Deadline(); bound && time.Until(end) < catchUpStop {
			return fault.New(fault.Unavailable, "hook %s is not caught up yet, it is at seq %d: the next call goes on", hookID, p.line)
		}
		if err := a.putInLine(ctx, m, h, p.line, entries); err != nil {
			return err
		}
	}
}

// putInLine sends a page's jobs that have not ended, and moves the place.
func (a *Adapter) putInLine(ctx context.Context, m change.Memory, h hookRow, after int64, entries []feed.Entry) error {
	last := entries[len(entries)-1].Seq
	ended, err := a.endedIn(ctx, m, h.ID, after, last)
	if err != nil {
		return err
	}
	var jobs []job
	for _, e := range entries {
		if !ended[e.Seq] {
			jobs = appendJob(jobs, h, e, true)
		}
	}
	if err := a.sendJobs(ctx, jobs); err != nil {
		return err
	}
	return a.moveLine(ctx, m, h.ID, h.epoch, last)
}
