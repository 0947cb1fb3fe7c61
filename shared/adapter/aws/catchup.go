package aws

import (
	"context"
	"errors"
	"slices"
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

// The bounds of catch-up. Those of a batch are small: while its memories are
// handled nothing newer is read of their shard.
const (
	catchUpPage   = 1000             // entries
	catchUpMost   = 2000             // entries of one hook until others have their turn
	catchUpBatch  = 5 * time.Second  // for all hooks of a batch together
	catchUpUpkeep = 20 * time.Second // for all hooks of a run of upkeep together
	catchUpStop   = 3 * time.Second  // before the context ends
)

// catchUpEnd is when catch-up that may take so long from now on is to stop.
func catchUpEnd(ctx context.Context, long time.Duration) time.Time {
	until := time.Now().Add(long)
	if end, bound := ctx.Deadline(); bound && end.Add(-catchUpStop).Before(until) {
		return end.Add(-catchUpStop)
	}
	return until
}

// catchUp puts in line, in their order, what a hook has seen since its place
// and what has not ended, until it reaches the head, a time or catchUpMost
// entries. The hook's place holds how far it came: whoever calls it next, for
// the next batch or in upkeep, goes on from there. It reports whether the head
// is reached, which it is for a hook that is not active or not there.
func (a *Adapter) catchUp(ctx context.Context, m change.Memory, hookID string, until time.Time) (there bool, err error) {
	for left := catchUpMost; left > 0 && time.Now().Before(until); {
		h, err := a.hookRow(ctx, m, hookID)
		if fault.KindOf(err) == fault.NotFound && err != nil || err == nil && !pushed(h) {
			return true, nil
		}
		if err != nil {
			return false, err
		}
		p, err := a.place(ctx, m, hookID)
		if err != nil {
			return false, err
		}
		entries, err := a.readLog(ctx, m, p.line, min(left, catchUpPage))
		if err != nil || len(entries) == 0 {
			return err == nil, err
		}
		if err := a.putInLine(ctx, m, h, p.line, entries); err != nil {
			return false, err
		}
		left -= len(entries)
	}
	return false, nil
}

// catchUpAll brings hooks further that are not in line, in turn, until all are
// there or time runs out; each run begins with another one. So a hook catches
// up whose memory falls silent, too.
func (a *Adapter) catchUpAll(ctx context.Context, behind []hookRow) error {
	if len(behind) == 0 {
		return nil
	}
	var errs []error
	first := int(a.cfg.Now().Unix()/60) % len(behind)
	behind = slices.Concat(behind[first:], behind[:first])
	for until := catchUpEnd(ctx, catchUpUpkeep); len(behind) > 0 && time.Now().Before(until); {
		behind = slices.DeleteFunc(behind, func(h hookRow) bool {
			there, err := a.catchUp(ctx, h.Memory, h.ID, until)
			errs = append(errs, err)
			return there || err != nil
		})
	}
	return errors.Join(errs...)
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
