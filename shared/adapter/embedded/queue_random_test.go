package embedded

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// crash goes on from what the disk holds at this moment, as after a kill: what
// the queue knows beyond it is lost.
func (r *receiver) crash() {
	copied := r.tb.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		from, err := os.Open(filepath.Join(r.dir, FileName+suffix))
		if os.IsNotExist(err) {
			continue
		}
		r.must(err)
		to, err := os.Create(filepath.Join(copied, FileName+suffix))
		r.must(err)
		_, err = io.Copy(to, from)
		r.must(err)
		from.Close()
		r.must(to.Close())
	}
	old, stop := r.close, r.stop
	r.dir = copied
	r.mu.Lock()
	r.life++
	r.mu.Unlock()
	stop()
	r.must(old())
	r.open()
	r.serve()
}

// chance is one random history of a memory, two hooks and their receiver.
type chance struct {
	*receiver
	t    *testing.T
	rand *rand.Rand
	live []*store.Stored
	n    int
}

// TestAnyHistoryKeepsOrderAndCounts makes random histories of writes, failures,
// pauses, skips, redrives, compactions, restarts and crashes, and then holds
// what was promised against what happened.
func TestAnyHistoryKeepsOrderAndCounts(t *testing.T) {
	for seed := range uint64(10) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := &chance{receiver: receive(t, Config{HoldAfter: 4, Workers: 3}), t: t, rand: rand.New(rand.NewPCG(seed, 1))}
				c.answer = c.decide
				c.serve()
				defer func() { c.stop() }()
				c.addWebhook("h1")
				c.addWebhook("h2")
				for range 4 {
					for range 25 {
						c.step()
					}
					c.together()
				}
				c.atRest()
				c.together()
				c.check("h1")
				c.check("h2")
			})
		})
	}
}

func (c *chance) decide(ctx context.Context, j delivery.Job) delivery.Outcome {
	c.mu.Lock()
	dice, wait := c.rand.IntN(10), time.Duration(c.rand.IntN(50))*time.Millisecond
	c.mu.Unlock()
	select {
	case <-time.After(wait):
	case <-ctx.Done():
		return delivery.Outcome{Job: j, Verdict: delivery.PutBack}
	}
	switch {
	case dice < 3:
		return failing(j, 3)
	case dice == 3:
		return delivery.Outcome{Job: j, Verdict: delivery.PutBack, Delay: wait}
	}
	return ok(j)
}

func (c *chance) int(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rand.IntN(n)
}

func (c *chance) step() {
	id := []string{"h1", "h2"}[c.int(2)]
	switch c.int(24) {
	case 0:
		c.setState(id, []hook.State{hook.Paused, hook.Held, hook.Disabled}[c.int(3)])
	case 1, 2:
		if c.int(3) == 0 {
			_, err := c.q.SkipToHead(bg, mem1, id)
			c.must(err)
		}
		c.setState(id, hook.Active)
	case 3:
		_, err := c.q.Redrive(bg, mem1, id, []int64{int64(c.int(60)), int64(c.int(60))})
		c.must(err)
	case 4:
		if dead := c.list(delivery.Query{Hook: id, Status: delivery.StatusDead}); len(dead) > 0 {
			j := dead[0].Job
			c.must(c.q.Discard(bg, mem1, id, j.Entry.Seq, j.Redrive, "random"))
		}
	case 5:
		if c.int(3) == 0 {
			c.must(logs{c.db}.Compact(bg, mem1, c.head()-int64(c.int(30))))
		}
	case 6:
		c.restart()
	case 7, 8:
		c.crash()
	case 9, 10, 11, 12:
		pass(time.Duration(c.int(1500)) * time.Millisecond)
	case 13, 14, 15, 16, 17, 18:
		if len(c.live) > 0 {
			i := c.int(len(c.live))
			c.n++
			next := newer(c.live[i], fmt.Sprint("next", c.n))
			_, err := c.commit(put(next, c.live[i].Hash))
			c.must(err)
			c.live[i] = next
			return
		}
	default:
		c.n++
		g := stored(fmt.Sprint("first", c.n))
		_, err := c.commit(put(g, ""))
		c.must(err)
		c.live = append(c.live, g)
	}
}

// atRest lets everything end that can.
func (c *chance) atRest() {
	for range 100 {
		for _, id := range []string{"h1", "h2"} {
			if c.state(id) != hook.Active {
				c.setState(id, hook.Active)
			}
		}
		pass(10 * time.Second)
		c.settled()
		if c.counts("h1")[delivery.StatusPending]+c.counts("h2")[delivery.StatusPending] == 0 &&
			c.state("h1") == hook.Active && c.state("h2") == hook.Active {
			return
		}
	}
	c.t.Errorf("jobs are stuck: %v, %v", c.counts("h1"), c.counts("h2"))
}

// check holds one hook's history against the promises.
func (c *chance) check(id string) {
	h, err := c.hookByID(bg, mem1, id)
	c.must(err)
	var matched, sum int
	_, err = c.row("SELECT matched FROM hookhead WHERE hook=?", []any{h.n}, &matched)
	c.must(err)
	counts := c.counts(id)
	for _, n := range counts {
		sum += n
	}
	if sum != matched {
		c.t.Errorf("%s: counts %v do not add up to %d", id, counts, matched)
	}
	ended := map[delivery.Status]int{}
	newest := map[int64]bool{}
	for _, rec := range c.list(delivery.Query{Hook: id, Limit: 7}) {
		found, err := c.q.Find(bg, mem1, id, rec.Job.Entry.Seq, rec.Job.Redrive)
		c.must(err)
		if len(found.Trail) != rec.Job.Attempts || rec.Trail != nil {
			c.t.Errorf("%s was attempted %d times, its trail is %v, %v as listed", rec.Job.ID(), rec.Job.Attempts, found.Trail, rec.Trail)
		}
		if !newest[rec.Job.Entry.Seq] {
			newest[rec.Job.Entry.Seq] = true
			ended[rec.Status]++
		}
	}
	for _, status := range []delivery.Status{delivery.StatusDead, delivery.StatusDiscarded} {
		if ended[status] > counts[status] || status == delivery.StatusDead && ended[status] != counts[status] {
			c.t.Errorf("%s: %d are listed as %s, %d counted", id, ended[status], status, counts[status])
		}
	}
	c.checkOrder(id)
}

// checkOrder: within one life of the process the first POSTs of a lineage's
// events come in their order, and across lives nothing newer than what was
// recorded is overtaken; ids never change.
func (c *chance) checkOrder(id string) {
	lineage, ids := map[int64]string{}, map[int64]string{}
	entries, err := c.readLog(bg, 1, 0, 1<<20)
	c.must(err)
	for _, e := range entries {
		lineage[e.Seq], ids[e.Seq] = e.Change.Group(), e.Change.EventID()
	}
	first, highest := map[int64]bool{}, map[string]int64{}
	for _, p := range c.seen() {
		group, known := lineage[p.seq]
		if p.hook != id || p.redrive > 0 || !known {
			continue
		}
		if p.id != ids[p.seq] {
			c.t.Errorf("%s: seq %d was sent as %s and is %s", id, p.seq, p.id, ids[p.seq])
		}
		if !first[p.seq] && p.seq < highest[group] {
			c.t.Errorf("%s: seq %d reached the receiver first after seq %d of its lineage", id, p.seq, highest[group])
		}
		first[p.seq] = true
		highest[group] = max(highest[group], p.seq)
	}
}
