package acceptance_test

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"
)

// torture is a server that comes to many ends while authors write to it,
// receivers are posted to and a consumer reads along.
type torture struct {
	s       *server
	m       instance
	random  *rand.Rand
	authors []*author
	answers tally
	spring  atomic.Pointer[func(http.ResponseWriter)]

	feed                 string
	steady, flaky, dead  *receiver
	fine, rough, refused string // their hooks

	late []lateHook // made under load

	log      []entry // as it was last read
	restarts []time.Duration

	lost, twice, unasked, gaps int // what verify found wrong
	disorder                   int // events that a receiver got out of their lineage's order
}

// unlucky says of a third of all attempts that they fail. It is always the same
// ones of a seed's, whatever comes before them.
func unlucky(seed uint64, q *http.Request) bool {
	h := fnv.New64a()
	fmt.Fprint(h, seed, " ", q.Header.Get("webhook-id"), " ", q.Header.Get("X-Memhooks-Attempt"))
	return h.Sum64()%3 == 0
}

// newTorture makes a memory with its hooks, and its authors.
func newTorture(t *testing.T, c caller, seed uint64) *torture {
	t.Helper()
	r := &torture{s: c.at, m: c.fresh(t), random: rand.New(rand.NewPCG(seed, 0))}
	r.feed = r.m.feed(t)
	r.steady = receive(t, trap(&r.spring))
	r.flaky = receive(t, func(w http.ResponseWriter, q *http.Request) {
		if unlucky(seed, q) {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	r.dead = receive(t, status(http.StatusInternalServerError))
	r.fine = r.m.push(t, r.steady)
	r.rough = r.m.push(t, r.flaky, object{"max_retries": 20})
	r.refused = r.m.push(t, r.dead, object{"max_retries": 1})
	for i := range 6 {
		r.authors = append(r.authors, newAuthor(r.m, seed+uint64(i), r.answers.add))
	}
	return r
}

// lateHook is one that was made under load, when its 201 had come.
type lateHook struct {
	rx   *receiver
	made time.Time
}

// mostLate is how many of them there are: each gets all that follows.
const mostLate = 4

// join makes a hook, unless the server dies meanwhile.
func (r *torture) join(ctx context.Context, rx *receiver) {
	a, err := r.m.try(ctx, "POST", r.m.path("/hooks"), object{"name": name("late"), "delivery_mode": "webhook", "url": rx.url})
	if err == nil && a.status == http.StatusCreated {
		r.late = append(r.late, lateHook{rx, time.Now()})
	}
}

// begin lets all authors write, and one more hook be made; stop returns when none does any more, which is
// when each has met a server that is gone or refuses, or the context's end.
func (r *torture) begin(ctx context.Context, t *testing.T) (stop func()) {
	t.Helper()
	var all sync.WaitGroup
	for _, a := range r.authors {
		all.Go(func() {
			if err := a.work(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	if len(r.late) < mostLate {
		rx := receive(t)
		all.Go(func() { r.join(ctx, rx) })
	}
	return all.Wait
}

// revive starts the process, waits until it is ready, and settles.
func (r *torture) revive(t *testing.T) {
	t.Helper()
	begun := time.Now()
	r.s.start(t)
	eventually(t, "a server that is ready", func() bool { return r.s.call(t, "GET", "/readyz", nil).status == http.StatusOK })
	r.restarts = append(r.restarts, time.Since(begun))
	r.settle(t)
}

// settle asks again for what was not answered.
func (r *torture) settle(t *testing.T) {
	t.Helper()
	for _, a := range r.authors {
		if again, err := a.settle(); again || err != nil {
			t.Errorf("asked again: still open %v, %v", again, err)
		}
	}
}

// follow reads the log along, through all restarts, until the context ends,
// and gives what it read to end.
func (r *torture) follow(ctx context.Context, end chan<- []entry) {
	var got []entry
	after := "earliest"
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		a, err := r.m.try(ctx, "GET", r.m.path("/hooks/"+r.feed+"/events?limit=50&wait_ms=500&after="+url.QueryEscape(after)), nil)
		var p page
		if err == nil && a.status == http.StatusOK && json.Unmarshal(a.body, &p) == nil {
			got, after = append(got, p.Events...), p.Next
			if *p.HasMore {
				continue
			}
		}
		select {
		case <-ctx.Done():
			end <- got
			return
		case <-again.C:
		}
	}
}

// seeded is the seed of a schedule: SEED, or one that the test tells.
func seeded(t *testing.T) uint64 {
	t.Helper()
	seed, err := strconv.ParseUint(os.Getenv("SEED"), 10, 64)
	if err != nil {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("SEED=%d", seed)
	return seed
}

func TestCrash(t *testing.T) {
	if deployed() {
		t.Skip("a function has no process to kill here; on a laptop: make crash")
	}
	t.Parallel()
	r := newTorture(t, start(t, 99, nil).caller, seeded(t))
	reading, stop := context.WithCancel(t.Context())
	read := make(chan []entry, 1)
	go r.follow(reading, read)
	came := map[string]int{}
	n := rounds(len(ends), 50)
	for i := range n {
		e := ends[i%len(ends)]
		e.come(t, r)
		r.revive(t)
		r.verify(t)
		came[e.name]++
		if t.Failed() {
			t.Fatalf("round %d: %s", i+1, e.name)
		}
	}
	r.delivered(t)
	stop()
	r.readAlong(t, <-read)
	got, _ := r.steady.all()
	fewRepeated(t, len(r.log), len(got)-len(ids(got)), len(r.restarts))
	r.print(t, n, came)
}

// print tells what happened.
func (r *torture) print(t *testing.T, n int, came map[string]int) {
	t.Helper()
	writes, refused, asked := 0, 0, 0
	for _, a := range r.authors {
		writes, refused, asked = writes+len(a.done), refused+a.refused, asked+a.asked
	}
	got, _ := r.steady.all()
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	line := func(what string, value any) { fmt.Fprintf(out, "%s\t%v\n", what, value) }
	line("rounds", n)
	for _, e := range ends {
		line("  "+e.name, came[e.name])
	}
	line("writes answered", writes)
	line("  of them asked for again after no answer", asked)
	line("  lost", r.lost)
	line("  told twice", r.twice)
	line("refused", refused)
	line("told, and answered to nobody", r.unasked)
	line("events in the log", len(r.log))
	line("  gaps, numbers changed or used again", r.gaps)
	line("delivered to the healthy receiver", len(ids(got)))
	line("  repeated, with the same id", len(got)-len(ids(got)))
	line("  out of their lineage's order", r.disorder)
	line("longest restart until ready", slices.Max(r.restarts).Round(time.Millisecond))
	_ = out.Flush()
}

// TestCrashClock sets the clock back and forth by days under the same load.
func TestCrashClock(t *testing.T) {
	if deployed() {
		t.Skip("the functions' clock is not ours to move; on a laptop: make crash")
	}
	t.Parallel()
	c, ahead := movable(t)
	r := newTorture(t, c, seeded(t))
	ctx, cancel := context.WithCancel(t.Context())
	stop := r.begin(ctx, t)
	for range rounds(6, 50) {
		r.some(t)
		ahead.Store(int64(time.Duration(r.random.IntN(144)-72) * time.Hour))
	}
	cancel()
	stop()
	r.settle(t)
	r.verify(t)
	r.delivered(t)
}
