package aws_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/adapter/aws"
	"github.com/memhooks/memhooks/shared/adapter/aws/awstest"
	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// road is a table whose stream a test hands on itself.
type road struct {
	*testing.T
	main  *awstest.Table
	jobs  *awstest.Queue
	cloud *cloud.Cloud
	mem   change.Memory
	drawn int

	content []byte // of changes that are raised
}

// onRoad runs a test in a bubble, with a memory that has one hook.
func onRoad(t *testing.T, shards int, f func(r *road)) {
	synctest.Test(t, func(t *testing.T) {
		r := &road{
			T: t, main: awstest.NewTable(shards), jobs: awstest.NewQueue(time.Now, visible),
			mem: change.Memory{Tenant: "acme/a#b", ID: "home/#h#1"},
		}
		r.cloud = r.adapter(r.main).Cloud()
		r.makeMemory(r.mem)
		r.hook("h")
		f(r)
	})
}

// adapter is a process of its own.
func (r *road) adapter(rows aws.Rows) *aws.Adapter {
	return aws.New(aws.Config{
		Main: rows, Keys: awstest.NewTable(0), Jobs: r.jobs, Dead: awstest.NewQueue(time.Now, visible), Wrapper: awstest.NewWrapper(),
		Now: time.Now, Pause: pause, Company: company, HoldAfter: holdAfter, Log: slog.New(slog.DiscardHandler),
	})
}

func (r *road) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *road) makeMemory(m change.Memory) {
	r.must(r.cloud.Memories.Put(r.Context(), store.Instance{Memory: m, Name: m.ID, CreatedAt: time.Now().UnixMilli(), Version: 1}))
}

func (r *road) hook(id string) {
	_, err := r.cloud.Hooks.Put(r.Context(), hook.Hook{
		ID: id, Memory: r.mem, Name: id, Mode: hook.Webhook, URL: "https://receiver.example", Dialect: dialect.Areev,
		Redaction: "full", State: hook.Active, CreatedAt: time.Now().UnixMilli(),
	})
	r.must(err)
}

func (r *road) turn(id string, state hook.State) {
	h, err := r.cloud.Hooks.Get(r.Context(), r.mem, id)
	r.must(err)
	h.State = state
	_, err = r.cloud.Hooks.Put(r.Context(), h)
	r.must(err)
}

// raise commits n changes and returns their ids.
func (r *road) raise(n int) (ids []string) {
	for range n {
		r.drawn++
		id := fmt.Sprintf("%026d", r.drawn)
		_, err := r.cloud.Grains.Commit(r.Context(), store.Write{Memory: r.mem, Steps: []store.Step{{Change: change.Change{
			ID: id, Memory: r.mem, Cause: events.Rotated, At: time.Now().UnixMilli(), KeyID: id, Content: r.content,
		}}}})
		r.must(err)
		ids = append(ids, id)
	}
	return ids
}

// records are what the shards have to tell, shard after shard.
func (r *road) records() (all []table.Record) {
	stream := r.main.Stream()
	for shard := range stream.Undone() {
		batch := stream.Next(shard, 1<<20)
		stream.Done(batch, len(batch.Records))
		all = append(all, batch.Records...)
	}
	return all
}

func (r *road) tell(a *aws.Adapter, records []table.Record) {
	r.Helper()
	done, err := a.Fanout(r.Context(), records)
	if err != nil || done != len(records) {
		r.Fatalf("%d of %d records are done: %v", done, len(records), err)
	}
}

// log is the whole log, checked: no gap, each change once, chains unbroken.
func (r *road) log() (ids []string) {
	r.Helper()
	b, err := r.cloud.Log.Bounds(r.Context(), r.mem)
	r.must(err)
	all, err := r.cloud.Log.Read(r.Context(), r.mem, b.Floor-1, 1<<20)
	r.must(err)
	for i, e := range all {
		prev := e.Seq - 1
		if m, sees := e.For("h"); !sees || m.Prev != prev {
			r.Errorf("hook h sees seq %d: %v, after %d", e.Seq, sees, m.Prev)
		}
		if e.Seq != b.Floor+int64(i) || slices.Contains(ids, e.Change.ID) {
			r.Errorf("entry %d behind floor %d has seq %d and tells %s", i, b.Floor, e.Seq, e.Change.ID)
		}
		ids = append(ids, e.Change.ID)
	}
	if b.Head != b.Floor+int64(len(all))-1 {
		r.Errorf("%d entries stand between %d and %d", len(all), b.Floor, b.Head)
	}
	return ids
}

// sent counts the jobs in line by their event, of one epoch.
func (r *road) sent(epoch int) map[string]int {
	all := make(map[string]int)
	for _, j := range r.line() {
		if j.Job.Epoch == epoch {
			all[strings.TrimPrefix(j.EventID, "evt_")]++
		}
	}
	return all
}

// inLine are the seqs of all jobs in the order in which they were sent.
func (r *road) inLine() (seqs []int64) {
	for _, j := range r.line() {
		seqs = append(seqs, j.Seq)
	}
	return seqs
}

// message is what a test looks at of a job.
type message struct {
	EventID string `json:"event_id"`
	Seq     int64  `json:"seq"`
	Job     struct {
		Epoch int `json:"epoch"`
	} `json:"job"`
}

func (r *road) line() []message {
	bodies := r.jobs.Bodies()
	all := make([]message, len(bodies))
	for i, body := range bodies {
		r.must(json.Unmarshal([]byte(body), &all[i]))
	}
	return all
}

// once checks that of every change one job of an epoch is in line, and no more.
func (r *road) once(epoch int, ids []string) {
	r.Helper()
	sent := r.sent(epoch)
	for _, id := range ids {
		if sent[id] != 1 {
			r.Errorf("%d jobs of change %s were put in line in epoch %d", sent[id], id, epoch)
		}
	}
	if len(sent) != len(ids) {
		r.Errorf("jobs of %d changes are in line in epoch %d, not of %d", len(sent), epoch, len(ids))
	}
}

func TestRecordsThatComeAgainAreToldOnce(t *testing.T) {
	for seed := range uint64(20) {
		onRoad(t, 3, func(r *road) {
			random := rand.New(rand.NewPCG(seed, 0))
			faults := awstest.NewFaults(seed, 0.15)
			processes := []*aws.Adapter{r.adapter(faults.Rows(r.main)), r.adapter(faults.Rows(r.main)), r.adapter(r.main)}
			var ids []string
			stream := r.main.Stream()
			for range 200 {
				ids = append(ids, r.raise(random.IntN(3))...)
				shard := random.IntN(3)
				if random.IntN(3) == 0 {
					stream.Rewind(shard, random.IntN(8))
				}
				batch := stream.Next(shard, 1+random.IntN(12))
				done, err := processes[random.IntN(3)].Fanout(r.Context(), batch.Records)
				if done < len(batch.Records) && err == nil {
					r.Errorf("%d of %d records are done, and nothing is wrong", done, len(batch.Records))
				}
				stream.Done(batch, done)
			}
			r.tell(processes[2], r.records())
			got := r.log()
			slices.Sort(got)
			if !slices.Equal(got, ids) {
				r.Errorf("%d changes became %d entries", len(ids), len(got))
			}
			r.once(1, ids)
			if faults.Failed() == 0 {
				r.Error("no call failed")
			}
		})
	}
}

// meddler does something before the first write of a chunk.
type meddler struct {
	aws.Rows
	before func()
}

func (m *meddler) Write(ctx context.Context, ops ...table.Op) error {
	if before := m.before; before != nil && strings.HasPrefix(ops[0].Key.Sort, "e#") {
		m.before = nil
		before()
	}
	return m.Rows.Write(ctx, ops...)
}

func TestWhoLosesTheRaceAppendsBehindTheOther(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		ids := r.raise(6)
		all := r.records()
		all = all[len(all)-6:]
		slow := &meddler{Rows: r.main}
		slow.before = func() { r.tell(r.adapter(r.main), all[2:5]) } // two that the slow one has, too
		r.tell(r.adapter(slow), slices.Concat(all[:4], all[5:]))
		if got, want := r.log(), []string{ids[2], ids[3], ids[4], ids[0], ids[1], ids[5]}; !slices.Equal(got, want) {
			r.Errorf("the log tells %v, not %v", got, want)
		}
		r.once(1, ids)
	})
}

// Who appends knows the hooks as they were: one that was paused and resumed
// meanwhile, and has been caught up with, is caught up with again.
func TestAHookThatResumesBesideAnAppendMissesNothing(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		first := r.raise(2)
		r.tell(r.adapter(r.main), r.records())
		slow := &meddler{Rows: r.main}
		second := r.raise(2)
		batch := r.records()
		slow.before = func() {
			r.turn("h", hook.Paused)
			r.turn("h", hook.Active)
			r.tell(r.adapter(r.main), r.records())
			r.once(2, first)
		}
		r.tell(r.adapter(slow), batch)
		r.once(1, first)
		r.once(2, slices.Concat(first, second))
		third := r.raise(1)
		r.tell(r.adapter(r.main), r.records())
		r.once(2, slices.Concat(first, second, third))
	})
}

func TestAPausedHookIsCaughtUpWithWhenItResumes(t *testing.T) {
	onRoad(t, 2, func(r *road) {
		a := r.adapter(r.main)
		r.turn("h", hook.Paused)
		ids := r.raise(5)
		r.tell(a, r.records())
		r.once(1, nil)
		r.turn("h", hook.Active)
		resumed := r.records()
		ids = append(ids, r.raise(1)...)
		r.tell(a, r.records()) // the change before the hook: what waits goes first
		if sent := r.inLine(); !slices.IsSorted(sent) || len(sent) != 6 {
			r.Errorf("seqs are in line in the order %v", sent)
		}
		r.tell(a, resumed)
		r.once(2, ids)
		short, cancel := context.WithTimeout(r.Context(), 2*time.Second)
		defer cancel()
		r.turn("h", hook.Paused)
		r.turn("h", hook.Active)
		records := r.records()
		if done, err := a.Fanout(short, records); err != nil || done != len(records) {
			r.Errorf("without time to catch up, %d of %d records are done: %v", done, len(records), err)
		}
		r.once(3, nil)
		_, err := a.Upkeep(short)
		r.must(err)
		r.once(3, nil)
		_, err = a.Upkeep(r.Context())
		r.must(err)
		r.once(3, ids)
	})
}

func TestWhatARemovedMemoryToldIsPassedOver(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		a := r.adapter(r.main)
		r.raise(3)
		late := r.records()
		r.must(r.cloud.HookRemover.Remove(r.Context(), r.mem, "h"))
		r.must(r.cloud.Remover.Remove(r.Context(), r.mem))
		r.tell(a, late)
		if _, err := r.cloud.Log.Bounds(r.Context(), r.mem); fault.KindOf(err) != fault.NotFound {
			r.Errorf("the log of a memory that is gone: %v", err)
		}
		r.makeMemory(r.mem)
		r.hook("h")
		ids := r.raise(1)
		r.tell(a, slices.Concat(late, r.records()))
		if got := r.log(); !slices.Equal(got, ids) {
			r.Errorf("the log of a memory that was made again tells %v, not %v", got, ids)
		}
	})
}

func TestALateBatchIsKnownAfterCompaction(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		a := r.adapter(r.main)
		r.raise(3)
		late := r.records()
		r.tell(a, late)
		r.raise(2)
		r.tell(a, r.records())
		r.must(r.cloud.Compactor.Compact(r.Context(), r.mem, 6))
		r.tell(a, late)
		if got := r.log(); len(got) != 0 {
			r.Errorf("behind the floor stand %v", got)
		}
		if size := r.chunks(); size[0] != 3 || size[3] != 2 {
			r.Errorf("after compaction chunks of these sizes stand: %v", size)
		}
	})
}

// chunks are the sizes of the chunks that stand, by the last seq before them;
// 0 for one that is empty.
func (r *road) chunks() map[int64]int64 {
	sizes := make(map[int64]int64)
	for _, f := range r.main.Dump() {
		var first int64
		if n, _ := fmt.Sscanf(f.Sort, "e#%d", &first); n == 1 {
			sizes[first-1] = f.Row.Number("n")
			if f.Row.Bytes("d") == nil {
				sizes[first-1] = 0
			}
		}
	}
	return sizes
}

func TestOldChunksGoAndTheHeadStays(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		a := r.adapter(r.main)
		for range 2 {
			r.raise(3)
			r.tell(a, r.records())
		}
		r.must(pause(r.Context(), 26*time.Hour))
		r.must(r.cloud.Compactor.Compact(r.Context(), r.mem, 2))
		r.log()
		for range 2 {
			r.must(r.cloud.Compactor.Compact(r.Context(), r.mem, 100))
			if size := r.chunks(); len(size) != 1 || size[3] != 0 {
				r.Errorf("a day after they were written chunks of these sizes stand: %v", size)
			}
		}
		if b, err := r.cloud.Log.Bounds(r.Context(), r.mem); err != nil || b != (feed.Bounds{Head: 6, Floor: 7}) {
			r.Errorf("the bounds are %+v, %v", b, err)
		}
		ids := r.raise(2)
		r.tell(r.adapter(r.main), r.records())
		if got := r.log(); !slices.Equal(got, ids) {
			r.Errorf("behind what was compacted stand %v, not %v", got, ids)
		}
		kept, err := r.cloud.Compactor.Kept(r.Context(), r.mem, 2, 3)
		if err != nil || len(kept) != 3 || kept[0].Seq != 3 {
			r.Errorf("kept are %+v, %v", kept, err)
		}
	})
}

// broken refuses what concerns one partition.
type broken struct {
	aws.Rows
	part string
}

func (b *broken) Query(ctx context.Context, q table.Query) (table.Page, error) {
	if strings.HasPrefix(q.Part, b.part) {
		return table.Page{}, errors.New("broken")
	}
	return b.Rows.Query(ctx, q)
}

func TestOnlyWhatComesBeforeAFailureIsDone(t *testing.T) {
	onRoad(t, 1, func(r *road) {
		home, other := r.mem, change.Memory{Tenant: "globex", ID: "other"}
		r.raise(2)
		r.mem = other
		r.makeMemory(other)
		r.raise(1)
		r.mem = home
		r.raise(1)
		records := r.records()
		at := slices.IndexFunc(records, func(rec table.Record) bool { return strings.HasPrefix(rec.Key.Part, "globex/") })
		done, err := r.adapter(&broken{r.main, "globex/"}).Fanout(r.Context(), records)
		if err == nil || done != at {
			r.Errorf("of %d records, the one at %d broken, %d are done: %v", len(records), at, done, err)
		}
		r.tell(r.adapter(r.main), records[done:])
		if got := r.log(); len(got) != 3 {
			r.Errorf("3 changes became the entries %v", got)
		}
	})
}
