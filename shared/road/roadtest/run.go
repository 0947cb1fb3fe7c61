package roadtest

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync/atomic"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/delivery/guard"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/road"
	"github.com/memhooks/memhooks/shared/seal/sealtest"
)

// settings are the defaults of the road; checkTries reads them for itself.
var settings = road.Settings{RetryBase: time.Second, RetryFactor: 2, RetryJitter: 0.2, Timeout: 10 * time.Second}

// patience is how long a caller's request may take.
const patience = 25 * time.Second

// Broken is an invariant that did not hold, by its number in the documents,
// and what was seen.
type Broken struct {
	Invariant int
	Seen      string
}

// String is one line.
func (b Broken) String() string { return fmt.Sprintf("invariant %d: %s", b.Invariant, b.Seen) }

// run is one schedule on one world.
type run struct {
	World
	defect    Defect
	seed      uint64
	memories  [2]change.Memory
	receivers *receivers
	heard     *heard
	began     time.Time

	*life
	calls     []*asked
	heads     []head
	hooks     []*subscriber
	erasures  []*erasure
	log       map[change.Memory][]feed.Entry
	secrets   []string          // of hooks, as their makers gave them or were shown
	polled    []body            // of which the entry's seq alone is known
	writers   map[string]*told  // hash → what wrote that grain, and who
	bodies    map[string][]byte // by hook, change and what is shown of it
	broken    []Broken
	compacted []compaction
	keep      feed.Keep    // the tightest of the compactions so far
	deaths    atomic.Int64 // of processes
}

// life is one process.
type life struct {
	*road.Stages
	sender *delivery.Sender
	gate   *gate
	off    time.Duration
	ended  chan struct{} // closed at its death
	stop   func()
}

// head is the current grain of a lineage, as far as its writer knows.
type head struct {
	memory        change.Memory
	lineage, hash string
	person, scope string
	sentinel      string
}

// Run runs a schedule on an empty world with a defect, None for a sound one,
// and returns what was broken: nothing, if all is well. It must be called in a
// bubble of testing/synctest.
func Run(w World, s Schedule, d Defect) []Broken {
	r := &run{
		World: w, defect: d, seed: s.Seed,
		memories: [2]change.Memory{{Tenant: "acme", ID: "home"}, {Tenant: "bolt", ID: "home"}},
		heard:    newHeard(), began: time.Now(),
		log: map[change.Memory][]feed.Entry{}, writers: map[string]*told{}, bodies: map[string][]byte{},
	}
	if d.world != nil {
		d.world(&r.World)
	}
	r.receivers = newReceivers(s.Seed, r.troubles)
	if !r.start(0) {
		return r.broken
	}
	for _, m := range r.memories {
		if err := r.Cloud.Memories.Put(context.Background(), store.Instance{Memory: m, Name: m.ID, CreatedAt: time.Now().UnixMilli(), Version: 1}); err != nil {
			r.found(1, "the memory can't be made: %v", err)
			return r.broken
		}
	}
	table := map[string]func(*run, Op){}
	for _, k := range kinds() {
		table[k.name] = k.do
	}
	for _, op := range s.Ops {
		table[op.Kind](r, op)
		if r.dead() && !r.restart(op) {
			return r.broken
		}
		pass(time.Duration(op.C%1200) * time.Millisecond)
	}
	if r.calm() {
		r.check()
	}
	r.end()
	return r.broken
}

func (r *run) found(invariant int, format string, args ...any) {
	if len(r.broken) < 20 {
		r.broken = append(r.broken, Broken{invariant, fmt.Sprintf(format, args...)})
	}
}

// start begins a process whose clock is off by so much.
func (r *run) start(off time.Duration) bool {
	c, err := r.Open(off, cmp.Or(r.defect.holdAfter, holdAfter))
	if err != nil {
		r.found(11, "the cloud does not open: %v", err)
		return false
	}
	if r.defect.cloud != nil {
		r.defect.cloud(c)
	}
	l := &life{gate: &gate{random: rand.New(rand.NewPCG(r.seed, uint64(r.deaths.Load()))), heard: r.heard}, off: off, ended: make(chan struct{}), stop: func() {}}
	now := func() time.Time { return time.Now().Add(off) }
	l.Stages = road.Assemble(l.gate.wrap(c), settings, "sim", now, slog.New(slog.DiscardHandler))
	between := network{guard.New(settings.Allow).Control, off, r.receivers}
	transport := http.RoundTripper(between)
	if r.defect.network != nil {
		transport = r.defect.network(between)
	}
	l.sender = delivery.New(delivery.Config{
		Hooks: c.Hooks.Get, Teller: l.Memory, Secrets: l.Hooks, Modes: l.Hooks, Transport: transport, Now: now,
		Rand: sealtest.Random(r.seed), Settings: delivery.Settings{
			Base: settings.RetryBase, Factor: settings.RetryFactor, Jitter: settings.RetryJitter, Timeout: settings.Timeout, Version: "sim",
		},
	})
	r.life = l
	if r.Turn == nil {
		ctx, cancel := context.WithCancel(context.Background())
		served := make(chan error, 1)
		go func() { served <- c.Queue.Serve(ctx, r.handler(l)) }()
		l.stop = func() {
			cancel()
			if err := <-served; err != nil {
				r.found(11, "the queue ends with %v", err)
			}
		}
	}
	return true
}

// handler attempts jobs for as long as the process lives; what a dead one had
// in hand is told to nobody.
func (r *run) handler(l *life) delivery.Handler {
	handle := delivery.Handler(l.sender.Handle)
	if r.defect.handler != nil {
		handle = r.defect.handler(handle)
	}
	return func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
		var out []delivery.Outcome
		if !l.gate.killed() {
			call := &handed{from: time.Now()}
			out = handle(context.WithValue(ctx, handedKey{}, call), jobs)
			r.receivers.end(call)
		}
		if !l.gate.killed() {
			return out
		}
		if r.Turn == nil {
			<-l.ended
		}
		out = make([]delivery.Outcome, len(jobs))
		for i := range jobs {
			out[i] = delivery.Outcome{Job: jobs[i], Verdict: delivery.PutBack, At: time.Now().UnixMilli()}
		}
		return out
	}
}

func (r *run) dead() bool { return r.gate.killed() || r.Dead != nil && r.Dead() }

// restart begins a new process after the death of the old one.
func (r *run) restart(op Op) bool {
	share := r.gate.kill()
	synctest.Wait()
	if err := r.Die(); err != nil {
		r.found(11, "what a crash left can't be taken over: %v", err)
		return false
	}
	close(r.ended)
	r.stop()
	r.deaths.Add(1) // the old one's last POST has begun
	off := time.Duration(0)
	if r.Apart > 0 {
		off = time.Duration(op.B)%r.Apart - r.Apart/2
	}
	if !r.start(off) {
		return false
	}
	r.gate.fail(share)
	return true
}

// end closes what is open.
func (r *run) end() {
	close(r.ended)
	r.stop()
}

// look is what stands there, read without faults but through the defect.
func (r *run) look() *cloud.Cloud {
	c, err := r.Look()
	if err != nil {
		r.found(11, "the cloud can't be read: %v", err)
		return r.Cloud
	}
	seen := *c
	if r.defect.cloud != nil {
		r.defect.cloud(&seen)
	}
	return &seen
}

// draw is where an op takes its time and its randomness from.
func (r *run) draw(op Op) change.Draw {
	return change.Draw{At: time.Now().Add(r.off), Rand: sealtest.Random(uint64(op.A)<<32 ^ uint64(op.B) ^ r.seed<<17)}
}

// learn reads each log as it stands, and holds it to what was read before.
func (r *run) learn() {
	for _, m := range r.memories {
		r.learnOf(m)
	}
}

func (r *run) learnOf(m change.Memory) {
	c, ctx := r.look(), context.Background()
	b, err := c.Log.Bounds(ctx, m)
	if err != nil {
		r.found(2, "the log's ends can't be read: %v", err)
		return
	}
	after := b.Floor - 1
	for {
		page, err := c.Log.Read(ctx, m, after, 1000)
		if err != nil {
			r.found(2, "the log can't be read after %d: %v", after, err)
			return
		}
		if len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.Seq != after+1 {
				r.found(2, "seq %d of %s follows %d", e.Seq, m.Tenant, after)
				return
			}
			after = e.Seq
			r.remind(m, e)
		}
	}
	if after != b.Head {
		r.found(2, "the log of %s ends at %d, its head is %d", m.Tenant, after, b.Head)
	}
}

// remind holds an entry to what was read of it before.
func (r *run) remind(m change.Memory, e feed.Entry) {
	have := r.log[m]
	switch n := int64(len(have)); {
	case e.Seq == n+1:
		r.log[m] = append(have, e)
	case e.Seq > n+1:
		r.found(2, "seq %d of %s appeared, before it %d were known", e.Seq, m.Tenant, n)
	case have[e.Seq-1].Change.ID != e.Change.ID:
		r.found(2, "seq %d of %s was change %s, and is %s now", e.Seq, m.Tenant, have[e.Seq-1].Change.ID, e.Change.ID)
	}
}
