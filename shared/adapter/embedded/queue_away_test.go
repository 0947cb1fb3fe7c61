package embedded

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// held is how many jobs with rows a hook's lane has in memory.
func (r *receiver) held() int {
	var n int
	for _, l := range r.q.byN {
		l.mu.Lock()
		n = max(n, len(l.rows))
		l.mu.Unlock()
	}
	return n
}

// inOrder fails unless all of n lineages came, and the next entries of the
// first few of them after those.
func (r *receiver) inOrder(n, few int64) {
	r.tb.Helper()
	last := map[int64]int{}
	for i, p := range r.seen() {
		last[p.seq] = i + 1
	}
	for seq := int64(1); seq <= n+few; seq++ {
		if last[seq] == 0 {
			r.tb.Fatalf("%d was not delivered: %v", seq, r.counts("h1"))
		}
	}
	for i := range few {
		if last[n+1+i] < last[1+i] {
			r.tb.Errorf("%d overtook %d", n+1+i, 1+i)
		}
	}
}

// Lineages do not wait for each other, however many of them fail: what waits
// is in the database, and comes back in its order.
func TestVeryManyFailingLineagesHoldUpNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 3 * maxHeldRows
		var healed atomic.Bool
		r := receive(t, Config{})
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if healed.Load() || j.Entry.Seq > n && j.Entry.Change.Cause == "created" {
				return ok(j)
			}
			o := failing(j, 1000)
			o.Delay = time.Minute
			return o
		}
		r.serve()
		r.addWebhook("h1")
		names := make([]string, n)
		for i := range names {
			names[i] = fmt.Sprint("failing ", i)
		}
		for i := 0; i < n; i += 500 {
			r.add(names[i : i+500]...)
			r.settled()
		}
		for i := range 3 { // each of these waits behind a failing one
			g := stored(names[i])
			_, err := r.commit(put(newer(g, names[i]+" again"), g.Hash))
			r.must(err)
		}
		r.settled()
		if held := r.held(); held > maxHeldRows {
			t.Errorf("%d jobs are held in memory", held)
		}
		r.forgetPosts()
		r.add("sound")
		r.settled()
		if posts := r.seen(); len(posts) != 1 || posts[0].seq != n+4 {
			t.Fatalf("the sound lineage: %v", posts)
		}
		pass(61 * time.Second)
		r.settled()
		if len(r.seen()) < n {
			t.Errorf("%d of %d were tried again", len(r.seen()), n)
		}
		r.restart()
		healed.Store(true)
		r.forgetPosts()
		pass(2 * time.Minute)
		r.settled()
		r.inOrder(n, 3)
		if counts := r.counts("h1"); counts[delivery.StatusDelivered] != n+4 || r.held() != 0 {
			t.Errorf("%v, %d are held", counts, r.held())
		}
		for _, l := range r.q.byN {
			if len(l.away.unwritten) != 0 {
				t.Errorf("%d groups are away still", len(l.away.unwritten))
			}
		}
		r.stop()
	})
}

// One lineage with very many entries behind a failing one is the same.
func TestALongLineageWaitsInTheDatabase(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 2 * maxHeldRows
		r := receive(t, Config{})
		var healed atomic.Bool
		r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
			if healed.Load() {
				return ok(j)
			}
			return failing(j, 1000)
		}
		r.serve()
		r.addWebhook("h1")
		r.add("long")
		r.settled()
		g := stored("long")
		for i := range n {
			next := newer(g, fmt.Sprint("long ", i))
			_, err := r.commit(put(next, g.Hash))
			r.must(err)
			g = next
			if i%200 == 0 {
				r.settled()
			}
		}
		r.settled()
		if held := r.held(); held > maxHeldRows {
			t.Errorf("%d jobs are held in memory", held)
		}
		healed.Store(true)
		r.forgetPosts()
		pass(5 * time.Second)
		r.settled()
		posts := r.seen()
		if len(posts) != n+1 {
			t.Fatalf("%d posts, %v", len(posts), r.counts("h1"))
		}
		for i, p := range posts {
			if p.seq != int64(i+1) {
				t.Fatalf("post %d is of seq %d", i, p.seq)
			}
		}
		r.stop()
	})
}
