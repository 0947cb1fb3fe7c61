package cloudtest

import (
	"fmt"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/seal"
)

// longBefore is more than the clocks of one cloud may differ.
const longBefore = 2 * time.Second

var compactionRules = []Rule{
	{"compaction/says so below the floor", "Below the floor it fails with fault.Compacted.", compactBelow},
	{"compaction/of everything", "Head+1 where all is compacted", compactAll},
	{"compaction/only raises the floor", "Compact raises the floor; lowering it does nothing.", compactRaises},
	{"compaction/keeps erasures and rotations", "Erased and Rotated entries below it stay readable through Kept.", compactKept},
	{"compaction/ages", "OldSeq is the newest seq committed before the asked time (0 = none)", compactAges},
	{"compaction/knows who still waits", "Needed is the lowest seq that a live consumer or an unfinished hook still waits for (Head+1 = none)", compactNeeded},
}

func (b *bench) compact(floor int64) {
	b.idle()
	b.done("compaction", b.Compactor.Compact(b.ctx, b.mem, floor))
}

func compactBelow(b *bench) {
	for i := range 6 {
		b.add(fmt.Sprint(i))
	}
	b.compact(4)
	for range 2 {
		bounds := b.bounds()
		b.want(bounds == feed.Bounds{Head: 6, Floor: 4}, "a log of 6 entries compacted to 4 has bounds %+v", bounds)
		for after := range int64(3) {
			_, err := b.Log.Read(b.ctx, b.mem, after, 10)
			b.refused(fmt.Sprint("reading after seq ", after, " below floor 4"), err, fault.Compacted)
		}
		page, err := b.Log.Read(b.ctx, b.mem, 3, 10)
		b.done("reading from the floor", err)
		b.want(len(page) == 3 && page[0].Seq == 4, "3 entries stand from the floor on, read were %d", len(page))
		b.crash()
	}
}

func compactAll(b *bench) {
	b.hook("h", polled)
	b.add("a")
	b.add("b")
	b.compact(3)
	for range 2 {
		bounds := b.bounds()
		b.want(bounds == feed.Bounds{Head: 2, Floor: 3}, "a log of 2 entries, all compacted, has bounds %+v", bounds)
		page, err := b.Log.Read(b.ctx, b.mem, 2, 10)
		b.done("reading at the head", err)
		b.want(len(page) == 0, "%d entries stand behind the head", len(page))
		_, err = b.Log.Read(b.ctx, b.mem, 1, 10)
		b.refused("reading what was compacted", err, fault.Compacted)
		b.reopen()
	}
	b.add("c")
	b.idle()
	page, err := b.Log.Read(b.ctx, b.mem, 2, 10)
	b.done("reading behind what was compacted", err)
	b.want(len(page) == 1 && len(page[0].Matches) == 1 && page[0].Matches[0].Prev == 2, "a hook's chain broke at compaction: %+v", page)
}

func compactRaises(b *bench) {
	for i := range 4 {
		b.add(fmt.Sprint(i))
	}
	b.compact(3)
	b.compact(2)
	b.compact(0)
	b.want(b.bounds().Floor == 3, "lowering the floor from 3 made it %d", b.bounds().Floor)
	_, err := b.Log.Read(b.ctx, b.mem, 1, 10)
	b.refused("reading below a floor that was to be lowered", err, fault.Compacted)
}

func compactKept(b *bench) {
	b.add("a", about("ann"))
	b.rotate()
	b.add("b")
	b.destroy(seal.Selector{Person: "ann"})
	b.rotate()
	b.add("c")
	b.rotate()
	before := b.entries()
	b.compact(7)
	for range 2 {
		kept, err := b.Compactor.Kept(b.ctx, b.mem, 0, 2)
		b.done("reading what is kept", err)
		b.want(len(kept) == 2, "a page of 2 kept entries holds %d", len(kept))
		rest, err := b.Compactor.Kept(b.ctx, b.mem, kept[1].Seq, 2)
		b.done("reading what is kept", err)
		var seqs []int64
		for _, e := range append(kept, rest...) {
			seqs = append(seqs, e.Seq)
			b.want(sameChange(e.Change, before[e.Seq-1].Change), "entry %+v is kept as %+v", before[e.Seq-1].Change, e.Change)
		}
		b.want(fmt.Sprint(seqs) == "[2 4 5]", "kept are the entries %v, not [2 4 5]", seqs)
		b.want(kept[0].Change.Cause == events.Rotated && kept[1].Change.Cause == events.Erased, "kept are other entries")
		b.crash()
	}
}

func (b *bench) age(old int64) feed.Age {
	ages, err := b.Compactor.Ages(b.ctx, old)
	b.done("reading ages", err)
	for _, a := range ages {
		if a.Memory == b.mem {
			return a
		}
	}
	b.fail("ages leave a memory with a log out")
	return feed.Age{}
}

func compactAges(b *bench) {
	other := b.in("globex", "home")
	other.add("elsewhere")
	start := b.now()
	b.add("a")
	b.add("b")
	b.pass(time.Hour)
	middle := b.now()
	b.pass(time.Hour)
	b.add("c")
	b.idle()
	for range 2 {
		b.want(b.age(start-1).OldSeq == 0, "before anything was committed stands seq %d", b.age(start-1).OldSeq)
		b.want(b.age(middle).OldSeq == 2, "the newest seq of an hour ago was 2, not %d", b.age(middle).OldSeq)
		b.want(b.age(b.now()+1).OldSeq == 3, "the newest seq is 3, not %d", b.age(b.now()+1).OldSeq)
		b.want(b.age(middle).Bounds == feed.Bounds{Head: 3, Floor: 1}, "the bounds are %+v", b.age(middle).Bounds)
		b.want(other.age(b.now()+1).Bounds.Head == 1, "another memory's head is %d", other.age(b.now()+1).Bounds.Head)
		b.reopen()
	}
	b.compact(3)
	b.want(b.age(middle).OldSeq <= 2, "the newest seq of an hour ago became %d", b.age(middle).OldSeq)
}

func compactNeeded(b *bench) {
	b.hook("polled", polled)
	needed := func(when string, want int64) {
		b.idle()
		got := b.age(b.now()).Needed
		b.want(got == want, "%s, seq %d is needed, not %d", when, want, got)
	}
	for i := range 4 {
		b.add(fmt.Sprint(i))
	}
	needed("without consumer and job", 5)
	_, err := b.Consumers.Put(b.ctx, b.mem, feed.Consumer{Hook: "polled", Name: "c", Acked: 1, At: b.opened.Now()})
	b.done("making a consumer", err)
	needed("with a consumer that is done with 1", 2)
	_, err = b.Consumers.Ack(b.ctx, b.mem, feed.Consumer{Hook: "polled", Name: "c", Acked: 4, At: b.opened.Now()})
	b.done("an ack", err)
	needed("when the consumer is done with all", 5)
	b.hook("pushed")
	b.add("4")
	b.add("5")
	b.pass(feed.LiveFor + time.Hour) // the consumer is live no more
	needed("with two jobs that nobody takes", 5)
	r := b.serve(delivered)
	needed("when all is delivered", 7)
	r.stop()
}
