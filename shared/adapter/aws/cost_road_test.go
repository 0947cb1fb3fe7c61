package aws_test

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory"
	"github.com/memhooks/memhooks/shared/memory/store"
)

const (
	costWrites  = 1000
	costPersons = 100 // each writes in its turn, so that no key is still in a cache
	costBytes   = 500 // of a memory's text
	costPace    = 25 * time.Millisecond

	streamBatch = 1000            // as template.yaml has it
	limit       = 2 * time.Minute // of an invocation
)

// system is every function of the template in one account, with one memory.
type system struct {
	*account
	mem                               change.Memory
	memories, fanout, deliver, upkeep *lambda
	r                                 *rand.Rand
	from                              int    // the first person who writes
	who                               string // who writes; "": persons in turn
}

func newSystem(c *account) *system {
	t := c.t
	s := &system{
		account: c, mem: change.Memory{Tenant: "default", ID: "mem_01K0COST0000000000000000"}, r: rand.New(rand.NewPCG(1, 1)),
		memories: c.function("memories"), fanout: c.function("fanout"), deliver: c.function("deliver"), upkeep: c.function("upkeep"),
	}
	s.must(s.memories.stages.Cloud.Memories.Put(t.Context(), store.Instance{Memory: s.mem, Name: "cost", CreatedAt: time.Now().UnixMilli(), Version: 1}))
	return s
}

func (s *system) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// invoke runs a function once.
func (s *system) invoke(l *lambda, run func(context.Context) error) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), limit)
	defer cancel()
	begun := time.Now()
	s.must(run(ctx))
	s.bill.invoked[l.name]++
	s.bill.took[l.name] += time.Since(begun)
}

// subscribe makes hooks as the API does.
func (s *system) subscribe(n int) {
	for i := range n {
		name, url := fmt.Sprintf("hook %d", i), fmt.Sprintf("https://receiver-%d.example/hooks", i)
		_, _, err := s.memories.stages.Hooks.Create(s.t.Context(), s.mem, change.NewDraw(time.Now()), fmt.Sprintf("hook_01K0COST%018d", i), "key_cost",
			hook.Settings{Name: &name, URL: &url, Dialect: "areev", Generate: true})
		s.must(err)
	}
	s.drain()
}

// write stores memories of persons in turn, or of who is set, and returns their
// hashes.
func (s *system) write(n int) []string {
	hashes := make([]string, n)
	for i := range n {
		in := s.input(cmp.Or(s.who, person(s.from+i%costPersons)))
		s.invoke(s.memories, func(ctx context.Context) error {
			done, err := s.memories.stages.Memory.Add(ctx, s.mem, change.NewDraw(time.Now()), in)
			hashes[i] = done.Grain.Hash
			return err
		})
		s.pass(costPace)
	}
	return hashes
}

// input is a memory of random letters, which nothing packs.
func (s *system) input(who string) memory.Input {
	raw := make([]byte, costBytes*3/4)
	for i := range raw {
		raw[i] = byte(s.r.Uint32())
	}
	return memory.Input{Type: "event", Namespace: "default", Fields: map[string]any{"content": base64.StdEncoding.EncodeToString(raw), "user_id": who}}
}

func person(i int) string { return fmt.Sprintf("person-%06d", i) }

func (s *system) pass(d time.Duration) { s.must(pause(s.t.Context(), d)) }

// drain runs both triggers until nothing is left, in full batches.
func (s *system) drain() {
	for s.fanOut() || s.deliverOnce() {
	}
}

// fanOut is the stream's trigger: records that the filter lets pass, in full
// batches. It reports whether there were any records.
func (s *system) fanOut() bool {
	stream := s.main.Stream()
	all := stream.Next(0, 1<<30)
	var told []table.Record
	for _, r := range all.Records {
		if r.New.Text("f") != "" {
			told = append(told, r)
		}
	}
	for len(told) > 0 {
		batch := told[:min(streamBatch, len(told))]
		s.invoke(s.fanout, func(ctx context.Context) error { _, err := s.fanout.adapter.Fanout(ctx, batch); return err })
		told = told[len(batch):]
	}
	stream.Done(all, len(all.Records))
	return len(all.Records) > 0
}

// deliverOnce is the queue's trigger: it receives, has the function deliver
// and deletes. It reports whether there was anything in line.
func (s *system) deliverOnce() bool {
	if len(s.jobs.Bodies()) == 0 {
		return false
	}
	poller := billedLine{s.account, s.jobs, false}
	batch, err := poller.Receive(s.t.Context())
	s.must(err)
	s.invoke(s.deliver, func(ctx context.Context) error {
		failed, err := s.deliver.adapter.Deliver(ctx, s.deliver.sender.Handle, batch)
		if err == nil && len(failed) > 0 {
			err = fmt.Errorf("%d deliveries to a receiver that takes everything failed", len(failed))
		}
		return err
	})
	done := make([]string, len(batch))
	for i, m := range batch {
		done[i] = m.Handle
	}
	s.must(poller.Settle(s.t.Context(), done, nil))
	return true
}

// keep is what the upkeep function does each minute.
func (s *system) keep() {
	s.invoke(s.upkeep, func(ctx context.Context) error {
		_, err := s.upkeep.adapter.Upkeep(ctx)
		return errors.Join(err, s.upkeep.stages.Feed.Compact(ctx, feed.Keep{Age: 720 * time.Hour, Events: 1_000_000}))
	})
}

// settled is a system of so many hooks, with persons that have their keys and
// functions that have run before.
func settled(t *testing.T, hooks int) *system {
	s := newSystem(newAccount(t))
	s.subscribe(hooks)
	s.write(costPersons)
	s.drain()
	s.pass(time.Minute)
	s.used()
	return s
}
