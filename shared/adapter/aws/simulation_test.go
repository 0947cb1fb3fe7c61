package aws_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// TestSimulation runs seeded schedules: writes, hooks that come, pause, skip
// and resume, receivers that fail, batches of a stream of several shards that
// are cut, repeated and reordered, calls that fail before or after they
// happened, and processes that die between any two of their calls. When all is
// calm again, what was promised is looked at. SCHEDULES and SEED choose others.
func TestSimulation(t *testing.T) {
	schedules, first := 300, 1
	for name, into := range map[string]*int{"SCHEDULES": &schedules, "SEED": &first} {
		if text := os.Getenv(name); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatalf("%s=%q: a whole number", name, text)
			}
			*into = n
		}
	}
	seeds := make(chan int)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for seed := range seeds {
				t.Run(fmt.Sprint(seed), func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) { simulate(newWorld(t, 1+seed%3), uint64(seed)) })
				})
			}
		})
	}
	for seed := first; seed < first+schedules; seed++ {
		seeds <- seed
	}
	close(seeds)
	workers.Wait()
}

// simulation is one schedule.
type simulation struct {
	*world
	r       *rand.Rand
	mem     change.Memory
	adapter *aws.Adapter
	cloud   *cloud.Cloud
	alive   *awstest.Switch
	drawn   int
	writes  []*attempted
	heads   []store.Stored // lineages as far as their writer knows
	hooks   []*subscriber
	early   []string // ids of the log's entries as they were read half-way

	mu     sync.Mutex
	first  map[string][]int64                   // hook and group → seqs in the order of their first attempts
	ended  map[string]map[delivery.Verdict]bool // job → what its attempts came to
	tried  map[string][]delivery.Attempt        // job → its attempts, recorded or not
	calmed bool
}

// attempted is a write and what its caller was told.
type attempted struct {
	c            change.Change
	begun, ended time.Time
	answered     bool // else its fate is unknown to the caller
}

// subscriber is a hook and what its maker was told.
type subscriber struct {
	hook.Hook
	begun, made time.Time
	removed     bool
}

func simulate(w *world, seed uint64) {
	s := &simulation{
		world: w, r: rand.New(rand.NewPCG(seed, 1)), mem: change.Memory{Tenant: "acme", ID: "home"},
		first: map[string][]int64{}, ended: map[string]map[delivery.Verdict]bool{},
		tried: map[string][]delivery.Attempt{},
	}
	s.company = 0
	s.faults = awstest.NewFaults(seed, 0)
	s.restart()
	s.must(s.cloud.Memories.Put(w.t.Context(), store.Instance{Memory: s.mem, Name: "home", CreatedAt: time.Now().UnixMilli(), Version: 1}))
	s.faults.Share([...]float64{0, 0.02, 0.1}[seed%3])
	steps := 30 + s.r.IntN(60)
	for i := range steps {
		if s.r.IntN(12) == 0 {
			s.alive.KillAfter(s.r.IntN(10))
		}
		s.step()
		if s.alive.Dead() {
			s.restart()
		}
		if i == steps/2 {
			s.early = s.ids()
		}
		s.pass(time.Duration(s.r.IntN(1500)) * time.Millisecond)
	}
	s.calm()
	s.check()
}

// restart begins a new process; what the old one had in hand is given back.
func (s *simulation) restart() {
	s.adapter, s.alive = s.world.adapter()
	s.cloud = s.adapter.Cloud()
	s.jobs.Expire()
}

// step does one thing.
func (s *simulation) step() {
	ctx := s.t.Context()
	steps := []struct {
		weight int
		do     func(context.Context)
	}{
		{30, s.write}, {6, s.subscribe}, {6, s.turn}, {2, s.skip}, {1, s.remove}, {3, s.redrive}, {1, s.upkeep},
		{30, s.fanout}, {30, s.deliver}, {3, func(context.Context) { s.pass(time.Duration(s.r.IntN(120)) * time.Second) }},
	}
	total := 0
	for _, c := range steps {
		total += c.weight
	}
	n := s.r.IntN(total)
	for _, c := range steps {
		if n -= c.weight; n < 0 {
			c.do(ctx)
			return
		}
	}
}

func (s *simulation) id() string { s.drawn++; return fmt.Sprintf("%026d", s.drawn) }

// write adds, supersedes, forgets, or raises a change about no grain.
func (s *simulation) write(ctx context.Context) {
	var step store.Step
	kind := s.r.IntN(10)
	switch {
	case kind == 0:
		step.Change = change.Change{ID: s.id(), Memory: s.mem, Cause: events.Rotated, KeyID: s.id()}
	case kind < 5 || len(s.heads) == 0:
		g, ok := s.grain(ctx)
		if !ok {
			return
		}
		g.Lineage, g.FirstAt, g.Version = g.Hash, g.CreatedAt, 1
		step = store.Step{Lineage: g.Lineage, Put: &g, Change: s.tells(events.Created, g)}
	case kind < 9:
		old := s.heads[s.r.IntN(len(s.heads))]
		g, ok := s.grain(ctx)
		if !ok {
			return
		}
		g.Lineage, g.FirstAt, g.Version = old.Lineage, old.FirstAt, old.Version+1
		step = store.Step{Lineage: g.Lineage, Expect: old.Hash, Put: &g, Change: s.tells(events.Superseded, g)}
		step.Change.Superseded = old.Hash
	default:
		old := s.heads[s.r.IntN(len(s.heads))]
		step = store.Step{Lineage: old.Lineage, Expect: old.Hash, Forget: true, Change: s.tells(events.Forgotten, old)}
	}
	step.Change.At = time.Now().UnixMilli()
	w := &attempted{c: step.Change, begun: time.Now()}
	_, err := s.cloud.Grains.Commit(ctx, store.Write{Memory: s.mem, Steps: []store.Step{step}})
	w.ended, w.answered = time.Now(), err == nil
	s.writes = append(s.writes, w)
	s.reread(ctx, step)
}

// reread learns where a lineage stands, as a caller does whose write failed.
func (s *simulation) reread(ctx context.Context, step store.Step) {
	if step.Lineage == "" {
		return
	}
	s.heads = slices.DeleteFunc(s.heads, func(h store.Stored) bool { return h.Lineage == step.Lineage })
	got, err := s.cloud.Grains.Load(ctx, s.mem, store.Ref{Lineage: step.Lineage})
	if err == nil && got.State == store.Current {
		s.heads = append(s.heads, got)
	}
}

// grain draws a grain under a key; false where the key could not be had.
func (s *simulation) grain(ctx context.Context) (store.Stored, bool) {
	p := seal.Pair{Person: [...]string{"", "ann", "bob"}[s.r.IntN(3)], Scope: "default"}
	v := seal.Vault{Tenant: s.mem.Tenant, Memory: s.mem.ID}
	k, found, err := s.cloud.Keys.CurrentKey(ctx, v, p)
	if err == nil && !found {
		id := s.id()
		k, err = s.cloud.Keys.CreateKey(ctx, v, seal.KeyRecord{
			ID: id, Pair: p, Cell: id, Wrapped: []byte("wrapped"), State: seal.Live, CreatedAt: time.Now().UTC().Truncate(time.Millisecond),
		}, "")
	}
	sum := sha256.Sum256([]byte(s.id()))
	return store.Stored{
		Hash: hex.EncodeToString(sum[:]), Type: "belief", Namespace: p.Scope, Person: p.Person, KeyID: k.ID,
		CreatedAt: time.Now().UnixMilli(), Box: []byte("sealed"),
	}, err == nil
}

func (s *simulation) tells(cause events.Cause, g store.Stored) change.Change {
	return change.Change{
		ID: s.id(), Memory: s.mem, Cause: cause, Lineage: g.Lineage, Hash: g.Hash, GrainType: g.Type,
		Namespace: g.Namespace, UserID: g.Person, CreatedAt: g.FirstAt,
	}
}

// fanout hands a piece of one shard to fan-out, or of all shards side by side,
// and now and then repeats what was done.
func (s *simulation) fanout(ctx context.Context) {
	stream := s.stream
	shards := len(stream.Undone())
	from, to := 0, shards
	if s.r.IntN(3) > 0 {
		from = s.r.IntN(shards)
		to = from + 1
	}
	var all sync.WaitGroup
	for shard := from; shard < to; shard++ {
		if s.r.IntN(10) == 0 {
			stream.Rewind(shard, s.r.IntN(8))
		}
		batch := stream.Next(shard, 1+s.r.IntN(12))
		all.Go(func() { s.tell(ctx, batch) })
	}
	all.Wait()
}

func (s *simulation) tell(ctx context.Context, batch awstest.Batch) {
	if len(batch.Records) == 0 {
		return
	}
	done, err := s.adapter.Fanout(ctx, batch.Records)
	if err == nil && done != len(batch.Records) {
		s.t.Errorf("fan-out ended %d of %d records and named no reason", done, len(batch.Records))
	}
	if !s.alive.Dead() { // else nobody was told how far it got
		s.stream.Done(batch, done)
	}
}
