package embedded

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// post is an attempt as a receiver would see it.
type post struct {
	hook    string
	seq     int64
	redrive int
	attempt int
	id      string
	at      time.Duration // since the receiver began
}

// receiver is a delivery.Handler that answers as a test wants, and what a
// store's queue is served with.
type receiver struct {
	*bed
	q      *queue
	config Config
	answer func(ctx context.Context, j delivery.Job) delivery.Outcome // nil: all succeed
	stop   func()
	newest map[string]*store.Stored // by the name that versions was given

	mu    sync.Mutex
	began time.Time
	life  int // counts crashes
	posts []post
}

// receive opens a store whose clock is the test's (a bubble's, where it names no
// other) and a queue, not served yet.
func receive(tb testing.TB, c Config) *receiver {
	if c.Now == nil {
		c.Now = time.Now
	}
	r := &receiver{bed: &bed{tb: tb, dir: tb.TempDir()}, config: c, began: time.Now()}
	r.open()
	r.addMemory(mem1)
	r.addKey(mem1, "k1", seal.Pair{})
	return r
}

func (r *receiver) open() {
	c := r.config
	c.Dir = r.dir
	d, closeAll, err := openDB(bg, c)
	r.must(err)
	r.db, r.close, r.q = d, closeAll, newQueue(d, c)
	r.tb.Cleanup(func() { closeAll() })
}

// serve starts the queue; stop ends it.
func (r *receiver) serve() {
	ctx, cancel := context.WithCancel(bg)
	ended := make(chan error, 1)
	life := r.life
	go func() {
		ended <- r.q.Serve(ctx, func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome { return r.handle(ctx, life, jobs) })
	}()
	r.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			r.tb.Errorf("Serve: %v", err)
		}
	}
}

// restart stops the queue, closes the store and opens it anew.
func (r *receiver) restart() {
	r.stop()
	r.must(r.close())
	r.open()
	r.serve()
}

// handle answers jobs; after a crash, those of the life before reach nobody.
func (r *receiver) handle(ctx context.Context, life int, jobs []delivery.Job) []delivery.Outcome {
	var out []delivery.Outcome
	for _, j := range jobs {
		r.mu.Lock()
		if life != r.life {
			r.mu.Unlock()
			return []delivery.Outcome{{Job: j, Verdict: delivery.PutBack}}
		}
		r.posts = append(r.posts, post{j.Hook, j.Entry.Seq, j.Redrive, j.Attempts + 1, j.Entry.Change.EventID(), time.Since(r.began)})
		r.mu.Unlock()
		if r.answer == nil {
			out = append(out, ok(j))
		} else {
			out = append(out, r.answer(ctx, j))
		}
	}
	return out
}

func (r *receiver) seen() []post {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]post(nil), r.posts...)
}

func (r *receiver) forgetPosts() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.posts = nil
}

// attempted is the part of an outcome that all attempts have.
func attempted(j delivery.Job, status int, text string) delivery.Outcome {
	j.Attempts++
	if j.FirstAt == 0 {
		j.FirstAt = time.Now().UnixMilli()
	}
	j.Redaction = "full"
	return delivery.Outcome{Job: j, Status: status, Error: text, At: time.Now().UnixMilli(), Took: time.Millisecond}
}

func ok(j delivery.Job) delivery.Outcome { return attempted(j, 200, "") }

// failing answers 500, with retries a second apart, until most attempts were made.
func failing(j delivery.Job, most int) delivery.Outcome {
	o := attempted(j, 500, "answered 500")
	o.Verdict, o.Delay = delivery.RetryAfter, time.Second
	if o.Job.Attempts >= most {
		o.Verdict, o.Delay = delivery.GiveUp, 0
	}
	return o
}

// hanging answers nothing within an attempt's limit.
func hanging(ctx context.Context, j delivery.Job) delivery.Outcome {
	select {
	case <-time.After(10 * time.Second):
	case <-ctx.Done():
	}
	o := failing(j, 2)
	o.Status, o.Error = 0, "timed out after 10s"
	return o
}

// withhold lets the answers of some seqs, none = all, wait until release is
// called.
func (r *receiver) withhold(seqs ...int64) (release func()) {
	until := make(chan struct{})
	r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
		if len(seqs) == 0 || slices.Contains(seqs, j.Entry.Seq) {
			<-until
		}
		return ok(j)
	}
	return func() { close(until) }
}

// admitted makes the lane of a hook that is not served, and gives it the first
// so many of some entries.
func (r *receiver) admitted(n int, names ...string) *lane {
	r.addWebhook("h1")
	r.add(names...)
	h, err := r.hookByID(bg, mem1, "h1")
	r.must(err)
	l := r.q.laneFor(h)
	entries, err := r.readLog(bg, h.memory, 0, n)
	r.must(err)
	for i := range entries {
		l.admit(&entries[i], int64(i))
	}
	return l
}

func (r *receiver) addWebhook(id string) hook.Hook {
	r.tb.Helper()
	h, err := hooks{r.db}.Put(bg, hook.Hook{ID: id, Memory: mem1, Name: id, Mode: hook.Webhook, URL: "http://x", Dialect: "areev",
		State: hook.Active, Redaction: "full", MaxRetries: 3})
	r.must(err)
	return h
}

func (r *receiver) setState(id string, state hook.State) {
	r.tb.Helper()
	h, err := hooks{r.db}.Get(bg, mem1, id)
	r.must(err)
	h.State = state
	_, err = hooks{r.db}.Put(bg, h)
	r.must(err)
}

func (r *receiver) state(id string) hook.State {
	r.tb.Helper()
	h, err := hooks{r.db}.Get(bg, mem1, id)
	r.must(err)
	return h.State
}

// pass lets a bubble's time pass.
func pass(d time.Duration) { <-time.NewTimer(d).C }

// settled waits until nothing more happens by itself without time passing, and
// what happened is recorded.
func (r *receiver) settled() {
	synctest.Wait()
	pass(2 * settlePause)
	synctest.Wait()
}

func (r *receiver) counts(id string) map[delivery.Status]int {
	r.tb.Helper()
	counts, err := r.q.Counts(bg, mem1, id)
	r.must(err)
	return counts
}

// list pages through all records that a query takes.
func (r *receiver) list(q delivery.Query) []delivery.Record {
	r.tb.Helper()
	var all []delivery.Record
	for {
		page, next, err := r.q.List(bg, mem1, q)
		r.must(err)
		all = append(all, page...)
		if next == "" {
			return all
		}
		q.After = next
	}
}

// versions adds n versions of a grain, one change each, to those that it has.
func (r *receiver) versions(name string, n int) {
	r.tb.Helper()
	if r.newest == nil {
		r.newest = make(map[string]*store.Stored)
	}
	for range n {
		g, expect := stored(name), ""
		if of := r.newest[name]; of != nil {
			g, expect = newer(of, name+string(rune('a'+of.Version))), of.Hash
		}
		r.must2(r.commit(put(g, expect)))
		r.newest[name] = g
	}
}
