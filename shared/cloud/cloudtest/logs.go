package cloudtest

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/memhooks/memhooks/shared/memory/store"
)

var logRules = []Rule{
	{"log/counts from 1 without gaps", "from 1, without gaps, never reused", logGapless},
	{"log/never uses a seq again", "from 1, without gaps, never reused", logNoReuse},
	{"log/keeps the order of a lineage", "Log is a memory's events in order.", logOrder},
	{"log/is read in order beside writers", "a reader never sees seq n before n-1", logReaders},
	{"log/pages", "Read returns up to limit entries after a seq, none at the head.", logPages},
	{"log/does not change what was read", "Log is a memory's events in order.", logConstant},
	{"log/of an empty memory", "Head is the newest seq (0 = none yet)", logEmpty},
	{"log/wait returns when the head has passed", "Wait returns when the head has passed after", logWait},
	{"log/wait ends with its context", "the context ends (nil)", logWaitEnds},
}

func logGapless(b *bench) {
	other := b.in("acme", "other")
	for round := range 3 {
		for i := range 3 {
			a := b.add(fmt.Sprint(round, i))
			if i == 1 {
				b.forget(a)
			}
			other.add(fmt.Sprint(round, i))
		}
		_, err := b.commit(b.replacing(hash("never"), b.grain("never2")))
		b.conflict("a write that does not fit", err, 0, store.Moved)
		b.want(len(b.entries()) == 4*(round+1), "%d changes left %d entries", 4*(round+1), len(b.entries()))
		b.want(b.entries()[0].Seq == 1, "the log begins at seq %d", b.entries()[0].Seq)
		b.want(len(other.entries()) == 3*(round+1), "another memory's %d changes left %d entries", 3*(round+1), len(other.entries()))
		if round == 0 {
			b.reopen()
		} else {
			b.crash()
		}
	}
}

func logNoReuse(b *bench) {
	for i := range 4 {
		b.add(fmt.Sprint("before ", i))
	}
	b.idle()
	for round := range int64(2) {
		head := b.bounds().Head
		b.want(head == 4+round, "the head is %d after %d changes", head, 4+round)
		b.done("compacting everything", b.Compactor.Compact(b.ctx, b.mem, head+1))
		if round == 0 {
			b.reopen()
		} else {
			b.crash()
		}
		b.want(b.bounds().Head == head, "compaction and a restart moved the head from %d to %d", head, b.bounds().Head)
		b.add(fmt.Sprint("after ", round))
		all := b.entries()
		b.want(len(all) == 1 && all[0].Seq == head+1, "the change after seq %d is not entry %d", head, head+1)
	}
}

func logOrder(b *bench) {
	const lineages, versions = 3, 5
	heads := make([]store.Stored, lineages)
	var want [lineages][]string
	note := func(i int, s store.Step) {
		b.write(s)
		want[i] = append(want[i], s.Change.ID)
	}
	for i := range heads {
		heads[i] = b.grain(fmt.Sprint(i))
		note(i, b.adding(heads[i]))
	}
	for v := range versions {
		for i := range heads {
			next := b.after(heads[i], fmt.Sprint(i, " version ", v))
			note(i, b.replacing(heads[i].Hash, next))
			heads[i] = next
		}
	}
	for i := range heads {
		note(i, b.forgetting(heads[i]))
	}
	for range 2 {
		var got [lineages][]string
		for _, e := range b.entries() {
			for i := range heads {
				if e.Change.Lineage == heads[i].Lineage {
					got[i] = append(got[i], e.Change.ID)
				}
			}
		}
		b.want(fmt.Sprint(got) == fmt.Sprint(want), "changes of a lineage were committed as %v, told as %v", want, got)
		b.reopen()
	}
}

func logReaders(b *bench) {
	const writers, each, readers = 4, 6, 3
	steps := make([]store.Step, writers*each)
	for i := range steps {
		steps[i] = b.adding(b.grain(fmt.Sprint(i)))
	}
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	log, mem, polls := b.Log, b.mem, !b.Features.LongPoll
	var open atomic.Bool
	open.Store(true)
	read := make(chan error, readers)
	for range readers {
		go func() {
			after := int64(0)
			for reads := 0; after < int64(len(steps)) && open.Load() && reads < 100_000; reads++ {
				if err := log.Wait(ctx, mem, after); err != nil {
					read <- err
					return
				}
				page, err := log.Read(ctx, mem, after, 5)
				if err == nil && len(page) == 0 && !polls && open.Load() {
					err = fmt.Errorf("the wait came back before anything followed seq %d", after)
				}
				if err != nil {
					read <- err
					return
				}
				for _, e := range page {
					if e.Seq != after+1 {
						read <- fmt.Errorf("seq %d was seen after %d", e.Seq, after)
						return
					}
					after = e.Seq
				}
			}
			read <- nil
		}()
	}
	b.ends = append(b.ends, func() { open.Store(false); cancel() })
	for _, err := range side(writers, func(w int) error {
		for _, s := range steps[w*each : (w+1)*each] {
			if _, err := b.commit(s); err != nil {
				return err
			}
		}
		return nil
	}) {
		b.done("one of many commits", err)
	}
	b.idle()
	b.want(polls || len(read) == readers, "%d of %d readers wait for entries that were committed", readers-len(read), readers)
	for range readers {
		b.done("reading beside writers", <-read)
	}
}

func logPages(b *bench) {
	for i := range 7 {
		b.add(fmt.Sprint(i))
	}
	b.idle()
	for range 2 {
		for _, c := range []struct {
			after       int64
			limit, want int
		}{{0, 3, 3}, {3, 3, 3}, {6, 3, 1}, {7, 3, 0}, {8, 3, 0}, {0, 100, 7}, {2, 1, 1}} {
			page, err := b.Log.Read(b.ctx, b.mem, c.after, c.limit)
			b.done("reading the log", err)
			b.want(len(page) == c.want, "up to %d of 7 entries after seq %d are %d", c.limit, c.after, len(page))
			b.want(len(page) == 0 || page[0].Seq == c.after+1, "entries after seq %d do not begin there", c.after)
		}
		b.reopen()
	}
}

func logConstant(b *bench) {
	b.hook("h")
	for i := range 3 {
		b.forget(b.add(fmt.Sprint(i), about("ann"), scoped("acme/prod"), spaced("work")))
	}
	rotation := b.rotating()
	rotation.Change.Content = []byte{0, 1, 2}
	b.write(rotation)
	before := b.entries()
	b.reopen()
	after := b.entries()
	b.want(len(before) == len(after), "%d entries are %d after a restart", len(before), len(after))
	for i := range before {
		same := sameChange(before[i].Change, after[i].Change) && fmt.Sprint(before[i].Matches) == fmt.Sprint(after[i].Matches)
		b.want(same, "entry %+v is %+v after a restart", before[i], after[i])
	}
}

func logEmpty(b *bench) {
	bounds := b.bounds()
	b.want(bounds.Head == 0 && bounds.Floor <= 1, "an empty log has head %d and floor %d", bounds.Head, bounds.Floor)
	page, err := b.Log.Read(b.ctx, b.mem, 0, 10)
	b.done("reading an empty log", err)
	b.want(len(page) == 0, "an empty log holds %d entries", len(page))
	b.hook("h")
	b.idle()
	b.want(b.bounds().Head == 0, "making a hook took a seq")
}

func logWait(b *bench) {
	b.add("a")
	b.idle()
	b.done("waiting for what is there", b.Log.Wait(b.ctx, b.mem, 0))
	back := b.waiting(b.ctx, 1)
	b.idle()
	if b.Features.LongPoll {
		b.want(len(back) == 0, "Wait came back though nothing followed seq 1")
	}
	other := b.in("acme", "other")
	other.add("a")
	b.idle()
	if b.Features.LongPoll {
		b.want(len(back) == 0, "Wait came back for another memory's change")
	}
	b.add("b")
	b.idle()
	b.want(len(back) == 1, "Wait did not come back when seq 2 was there")
	b.done("waiting for what came", <-back)
}

func logWaitEnds(b *bench) {
	ctx, cancel := context.WithCancel(b.ctx)
	defer cancel()
	back := b.waiting(ctx, 0)
	b.idle()
	cancel()
	b.idle()
	b.want(len(back) == 1, "Wait did not come back when its context ended")
	b.done("a wait whose context ended", <-back)
}

// waiting begins a Wait.
func (b *bench) waiting(ctx context.Context, after int64) <-chan error {
	back := make(chan error, 1)
	log := b.Log
	go func() { back <- log.Wait(ctx, b.mem, after) }()
	return back
}
