package aws

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
)

// lostMost is how often others may append first until a batch is given up.
const lostMost = 20

// telling is one memory's changes on their way into its log and from there in
// line for its hooks.
type telling struct {
	a       *Adapter
	m       change.Memory
	waiting []raised // not in the log, as far as is known
	viewed  bool     // the waiting ones have their views
	head    chunk
	walked  int64 // none of the waiting ones is in the log up to here
	placed  []placed
}

// raised is a change and the record that told it.
type raised struct {
	fanout.Item
	record table.Record
}

// placed is an entry that stands in the log, with the tallies of its chunk.
// Again: an earlier call has appended it, and may have sent its jobs.
type placed struct {
	entry feed.Entry
	hooks map[string]tally
	again bool
}

// append brings what waits into the log. A chunk is put where none is: who
// finds one there has lost to another appender, and plans again behind it.
func (t *telling) append(ctx context.Context) error {
	for lost := 0; len(t.waiting) > 0; {
		if lost > lostMost {
			return fault.New(fault.Unavailable, "the log of memory %q is being appended to by too many at once: the stream tells its changes again", t.m.ID)
		}
		var err error
		if t.head, err = t.a.lastChunk(ctx, t.m); err != nil {
			return err
		}
		if err := t.recognise(ctx); err != nil {
			return err
		}
		hooks, err := t.a.hookRows(ctx, t.m) // behind the head, whose tallies know no newer hook then
		if err != nil {
			return err
		}
		if !t.viewed && slices.ContainsFunc(hooks, func(h hookRow) bool { return h.Pattern.NeedsContent() }) {
			if err := t.view(ctx); err != nil {
				return err
			}
			continue // that took its time: the head is another
		}
		seen := t.a.cfg.Now()
		memory, err := t.forget(ctx)
		if err != nil || len(t.waiting) == 0 {
			return err
		}
		c, err := t.plan(ctx, hooks)
		if err != nil {
			return err
		}
		put, err := t.put(ctx, c, memory, seen)
		if err != nil {
			return fmt.Errorf("append to the log: %w", err)
		}
		if !put {
			lost++
			continue
		}
		t.took(c)
	}
	return nil
}

// took moves what a chunk holds from what waits to what is placed.
func (t *telling) took(c chunk) {
	for _, e := range c.entries {
		t.placed = append(t.placed, placed{entry: e, hooks: c.hooks})
	}
	t.waiting = t.waiting[len(c.entries):]
	t.head, t.walked = c, c.last()
}

// recognise finds those that wait in the log, where an earlier call with the
// same record left them. A chunk is told apart by the newest commit up to it:
// what was committed later can't stand there or before.
func (t *telling) recognise(ctx context.Context) error {
	ids := make(map[string]bool, len(t.waiting))
	oldest := t.waiting[0].Committed
	for i := range t.waiting {
		ids[t.waiting[i].Change.ID] = true
		oldest = min(oldest, t.waiting[i].Committed)
	}
	for c := t.head; c.count > 0 && c.last() > t.walked && c.newest >= oldest && len(ids) > 0; {
		for _, e := range c.entries {
			if ids[e.Change.ID] {
				delete(ids, e.Change.ID)
				t.placed = append(t.placed, placed{entry: e, hooks: c.hooks, again: true})
			}
		}
		var err error
		if c, err = t.a.chunkBefore(ctx, t.m, seqSort(sortChunk, c.first)); err != nil {
			return err
		}
	}
	t.walked = t.head.last()
	t.waiting = slices.DeleteFunc(t.waiting, func(r raised) bool { return !ids[r.Change.ID] })
	return nil
}

// viewsAtOnce is how many grains are opened side by side.
const viewsAtOnce = 16

// view opens what filters see of the waiting ones: of what was written as it
// is now, of what was forgotten as it last was.
func (t *telling) view(ctx context.Context) error {
	t.viewed = true
	if t.a.cfg.View == nil {
		return nil
	}
	err := abreast(ctx, len(t.waiting), viewsAtOnce, func(ctx context.Context, i int) (err error) {
		r := &t.waiting[i]
		row := table.Row(nil)
		switch r.Change.Cause {
		case events.Created, events.Superseded:
			row = r.record.New
		case events.Forgotten:
			row = r.record.Old
		}
		if row != nil {
			r.View, err = t.a.cfg.View(ctx, t.m, storedOf(row))
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("open what filters see: %w", err)
	}
	return nil
}

// plan makes the next chunk: as many of those that wait as fit in one, and what
// every hook has seen at its end.
func (t *telling) plan(ctx context.Context, hooks []hookRow) (chunk, error) {
	c := chunk{first: t.head.last() + 1, hooks: make(map[string]tally, len(hooks)), newest: t.head.newest}
	plain, seen := make([]hook.Hook, len(hooks)), make(map[string]int64, len(hooks))
	for i, h := range hooks {
		before := t.head.hooks[h.ID]
		plain[i], seen[h.ID] = h.Hook, before.seen
		in, err := t.a.inLine(ctx, t.m, h, before)
		if err != nil {
			return chunk{}, err
		}
		before.epoch = 0
		if in {
			before.epoch = h.epoch
		}
		c.hooks[h.ID] = before
	}
	items := make([]fanout.Item, min(len(t.waiting), chunkEntries))
	for i := range items {
		items[i] = t.waiting[i].Item
	}
	entries := fanout.Plan(items, fanout.Head{Seq: t.head.last(), Seen: seen}, hook.NewSet(plain))
	c.entries = entries[:fitting(entries)]
	c.count = int64(len(c.entries))
	for i, e := range c.entries {
		c.newest = max(c.newest, items[i].Committed)
		for _, m := range e.Matches {
			h := c.hooks[m.Hook]
			h.seen, h.total = e.Seq, h.total+1
			c.hooks[m.Hook] = h
		}
	}
	return c, nil
}

// send puts the jobs of what is placed in line, and makes sure of every hook
// that it gets what nobody has put in line for it. Hooks are read anew: one
// that turned active while the chunk was made has no other to look after it. A
// hook that is not caught up with by then is no failure: see catchUp.
func (t *telling) send(ctx context.Context, until time.Time) error {
	if len(t.placed) == 0 {
		return nil
	}
	hooks, err := t.a.hookRows(ctx, t.m)
	if err != nil {
		return err
	}
	slices.SortFunc(t.placed, func(a, b placed) int { return cmp.Compare(a.entry.Seq, b.entry.Seq) })
	var jobs []job
	for _, h := range hooks {
		if !pushed(h) {
			continue
		}
		for i := range t.placed {
			p := &t.placed[i]
			if p.hooks[h.ID].epoch == h.epoch {
				jobs = appendJob(jobs, h, p.entry, p.again)
			}
		}
	}
	if err := t.a.sendJobs(ctx, jobs); err != nil {
		return err
	}
	var errs []error
	for _, h := range hooks {
		in, err := t.a.inLine(ctx, t.m, h, t.head.hooks[h.ID])
		if err == nil && !in && pushed(h) {
			_, err = t.a.catchUp(ctx, t.m, h.ID, until)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
