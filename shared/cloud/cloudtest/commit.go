package cloudtest

import (
	"fmt"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

var commitRules = []Rule{
	{"commit/is durable when answered", "answers after the write is durable", commitDurable},
	{"commit/is all or nothing", "Write is all of it or nothing.", commitWhole},
	{"commit/raises one change per step", "raises exactly one change per step (none for an Existing one)", commitRaisesOnce},
	{"commit/existing raises nothing", "it changed nothing and raised nothing", commitExisting},
	{"commit/forgotten may come again", "Existing marks an add whose very grain was already current", commitAgain},
	{"commit/many writers at once", "It is safe for concurrent use", commitManyWriters},
	{"commit/one writer of a lineage wins", "concurrent writes of one lineage are decided by their conditions", commitOneWinner},
	{"commit/one adder wins", "concurrent writes of one lineage are decided by their conditions", commitOneAdder},
	{"commit/says the seq where it knows it", "Seq is the change's position, 0 where the cloud does not know it yet or nothing was raised.", commitSeq},
	{"cloud/close waits for what was accepted", "it waits for what was accepted", closeWaits},
	{"cloud/is ready", "Ready fails while the cloud can't take a write, saying why.", cloudReady},
}

func commitDurable(b *bench) {
	a := b.add("a")
	b.crash()
	got := b.load("a grain after a crash", store.Ref{Hash: a.Hash})
	b.want(string(got.Box) == string(a.Box), "a committed grain had another box after a crash")
	next := b.supersede(a, "a2")
	b.crash()
	b.same("a scan after a crash", b.stands(store.Filter{}), next)
	b.forget(next)
	b.crash()
	b.same("a scan after a forget and a crash", b.stands(store.Filter{}))
	b.want(len(b.entries()) == 3, "3 commits and 3 crashes left %d log entries", len(b.entries()))
}

func commitWhole(b *bench) {
	taken := b.add("taken")
	b.supersede(taken, "newer")
	before := b.bounds()
	fits, stale := b.grain("fits"), b.after(taken, "stale")
	_, err := b.commit(b.adding(fits), b.replacing(taken.Hash, stale))
	b.conflict("a write with a stale second step", err, 1, store.Moved)
	_, err = b.Grains.Load(b.ctx, b.mem, store.Ref{Hash: fits.Hash})
	b.refused("loading the first step of a refused write", err, fault.NotFound)
	b.quiet("a refused write", before)

	b.write(b.adding(fits), b.adding(b.grain("fits too")), b.rotating())
	b.load("the first of three steps", store.Ref{Hash: fits.Hash})
	b.load("the second of three steps", store.Ref{Hash: hash("fits too")})
	b.crash()
	b.want(len(b.entries()) == int(before.Head)+3, "a write of 3 steps left %d entries behind %d", len(b.entries()), before.Head)
}

func commitRaisesOnce(b *bench) {
	a := b.grain("a")
	steps := []store.Step{b.adding(a), b.adding(b.grain("b")), b.rotating()}
	b.write(steps...)
	next := b.after(a, "a2")
	steps = append(steps, b.replacing(a.Hash, next), b.forgetting(next))
	b.write(steps[3])
	b.write(steps[4])
	told := b.told()
	for i, s := range steps {
		b.want(told[s.Change.ID] == 1, "step %d (%s) raised its change %d times", i, s.Change.Cause, told[s.Change.ID])
	}
	b.want(len(told) == len(steps), "%d steps raised %d changes", len(steps), len(told))
	for _, e := range b.entries() {
		for _, s := range steps {
			if c := s.Change; c.ID == e.Change.ID {
				b.want(sameChange(c, e.Change), "the change %+v was told as %+v", c, e.Change)
			}
		}
	}
}

func commitExisting(b *bench) {
	a := b.add("a", about("ann"))
	before := b.bounds()
	c := b.write(b.adding(a), b.adding(a))
	b.want(c.Existing[0] && c.Existing[1], "adding a current grain again was answered with Existing %v", c.Existing)
	b.quiet("adding a current grain again", before)
	c = b.write(b.adding(b.grain("b")), b.adding(a))
	b.want(!c.Existing[0] && c.Existing[1], "a new and a current grain were answered with Existing %v", c.Existing)
	b.idle()
	b.want(b.bounds().Head == before.Head+1, "a new and a current grain raised %d changes", b.bounds().Head-before.Head)
}

func commitAgain(b *bench) {
	a := b.add("a")
	b.forget(a)
	before := b.bounds()
	c := b.write(b.adding(b.grain("a")))
	b.want(!c.Existing[0], "adding a forgotten grain again was answered as if it were current")
	got := b.load("a grain that came again", store.Ref{Hash: a.Hash})
	b.want(got.State == store.Current && got.Box != nil && got.Version == 1, "a grain that came again has state %d, version %d", got.State, got.Version)
	b.idle()
	b.want(b.bounds().Head == before.Head+1, "a grain that came again raised %d changes", b.bounds().Head-before.Head)
	b.same("a scan", b.stands(store.Filter{}), a)
}

func commitManyWriters(b *bench) {
	const writers, each = 16, 4
	steps := make([]store.Step, writers*each)
	for i := range steps {
		steps[i] = b.adding(b.grain(fmt.Sprint("grain ", i)))
	}
	errs := side(writers, func(w int) error {
		for _, s := range steps[w*each : (w+1)*each] {
			if _, err := b.commit(s); err != nil {
				return err
			}
		}
		return nil
	})
	for _, err := range errs {
		b.done("one of many commits", err)
	}
	told := b.told()
	for _, s := range steps {
		b.want(told[s.Change.ID] == 1, "one of %d concurrent commits raised its change %d times", len(steps), told[s.Change.ID])
	}
	b.want(len(told) == len(steps), "%d concurrent commits raised %d changes", len(steps), len(told))
	b.want(len(b.stands(store.Filter{})) == len(steps), "%d concurrent commits left %d grains", len(steps), len(b.stands(store.Filter{})))
}

func commitOneWinner(b *bench) {
	const writers = 8
	a := b.add("a")
	steps := make([]store.Step, writers)
	for i := range steps {
		steps[i] = b.replacing(a.Hash, b.after(a, fmt.Sprint("version by ", i)))
	}
	steps[0] = b.forgetting(a)
	errs := side(writers, func(i int) error { _, err := b.commit(steps[i]); return err })
	b.want(succeeded(errs) == 1, "%d of %d concurrent writers of one lineage succeeded", succeeded(errs), writers)
	for i, err := range errs {
		if err != nil {
			b.conflict("a concurrent write", err, 0, store.Moved)
			continue
		}
		all := b.entries()
		b.want(len(all) == 2 && all[1].Change.ID == steps[i].Change.ID, "the log holds %d entries, or not the winner's", len(all))
	}
}

func commitOneAdder(b *bench) {
	const writers = 8
	steps := make([]store.Step, writers)
	for i := range steps {
		steps[i] = b.adding(b.grain("a"))
	}
	marks := make([]bool, writers)
	for _, err := range side(writers, func(i int) error {
		c, err := b.commit(steps[i])
		marks[i] = err == nil && c.Existing[0]
		return err
	}) {
		b.done("adding a grain that others add too", err)
	}
	first := 0
	for _, existing := range marks {
		if !existing {
			first++
		}
	}
	b.want(first == 1, "%d of %d who added one grain at once were the first", first, writers)
	b.want(len(b.entries()) == 1, "adding one grain %d times at once raised %d changes", writers, len(b.entries()))
}

func commitSeq(b *bench) {
	for i := range 3 {
		step := b.adding(b.grain(fmt.Sprint(i)))
		c := b.write(step)
		all := b.entries()
		last := all[len(all)-1]
		b.want(last.Change.ID == step.Change.ID, "the log does not end with the newest change")
		switch known := b.Features.SeqAtCommit; {
		case known:
			b.want(c.Seq[0] == last.Seq, "a commit was answered with seq %d, its entry has %d", c.Seq[0], last.Seq)
		default:
			b.want(c.Seq[0] == 0 || c.Seq[0] == last.Seq, "a commit was answered with seq %d, its entry has %d", c.Seq[0], last.Seq)
		}
	}
	c := b.write(b.adding(b.grain("0")))
	b.want(c.Seq[0] == 0, "an add that raised nothing was answered with seq %d", c.Seq[0])
}

func closeWaits(b *bench) {
	const writers = 32
	steps := make([]store.Step, writers)
	for i := range steps {
		steps[i] = b.adding(b.grain(fmt.Sprint(i)))
	}
	answered := make([]bool, writers)
	started, ended := make(chan struct{}, writers), make(chan struct{})
	grains := b.Grains
	go func() {
		defer close(ended)
		side(writers, func(i int) error {
			started <- struct{}{}
			_, err := grains.Commit(b.ctx, store.Write{Memory: b.mem, Steps: steps[i : i+1]})
			answered[i] = err == nil
			return nil
		})
	}()
	<-started
	b.reopen()
	<-ended
	told := b.told()
	for i, s := range steps {
		b.want(!answered[i] || told[s.Change.ID] == 1, "a write that was answered while the cloud closed is not there afterwards")
		b.want(told[s.Change.ID] <= 1, "a write while the cloud closed raised its change twice")
	}
}

func cloudReady(b *bench) {
	b.done("Ready of an open cloud", b.Ready(b.ctx))
	b.reopen()
	b.done("Ready of a reopened cloud", b.Ready(b.ctx))
	b.rotate()
	b.want(b.entries()[0].Change.Cause == events.Rotated, "a ready cloud did not tell what it was given")
}
