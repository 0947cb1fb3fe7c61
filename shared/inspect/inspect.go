// Package inspect finds again what happened to a memory and explains it: one
// event's whole story, which hooks saw it and why the others did not, how all
// of it went lately, what was erased. It changes nothing, raises nothing, and
// each call reads a bounded part of the log and of the deliveries.
package inspect

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// Kept pages the entries that outlive the log's floor, in the order of their
// seq: feed.Compactor's part that reads.
type Kept interface {
	Kept(ctx context.Context, m change.Memory, after int64, limit int) ([]feed.Entry, error)
}

// Ledger is delivery.Ledger's part that reads single deliveries and lists.
type Ledger interface {
	List(ctx context.Context, m change.Memory, q delivery.Query) (records []delivery.Record, next string, err error)
	Find(ctx context.Context, m change.Memory, hook string, seq int64, redrive int) (delivery.Record, error)
}

// Hooks lists a memory's hooks in the order of their making.
type Hooks interface {
	List(ctx context.Context, m change.Memory) ([]hook.Hook, error)
}

// Memories reads what is left of a memory: what may be said about a change at
// this moment, and whether the memory's policies tighten what hooks see of it.
type Memories interface {
	Tell(ctx context.Context, c change.Change) (dialect.Event, error)
	DetectsPII(ctx context.Context, m change.Memory) (bool, error)
}

// Grains loads a stored grain by any of its names: store.Store's part that
// reads one.
type Grains interface {
	Load(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error)
}

// Config is what a Service works with; all fields are required, and all of it
// is safe for concurrent use.
type Config struct {
	Log      feed.Log
	Kept     Kept
	Ledger   Ledger
	Hooks    Hooks
	Memories Memories
	Grains   Grains
	Troubles Troubles
	Version  string // of the product, which deliveries name
}

// Service inspects. It is safe for concurrent use.
type Service struct{ cfg Config }

// New makes a Service.
func New(cfg Config) *Service { return &Service{cfg} }

// looked bounds how many entries of the log one call looks through.
const looked = 10_000

// width is how many pieces of a call's work run at once.
const width = 16

// side runs n pieces of work, a few at once, waits for all and returns the
// first error in their order. A panic in one is its error: on a goroutine of its
// own it would end the process.
func side(n int, work func(i int) error) error {
	errs := make([]error, n)
	slots := make(chan struct{}, width)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			defer func() {
				if v := recover(); v != nil {
					errs[i] = fmt.Errorf("inspect: panic: %v\n%s", v, debug.Stack())
				}
			}()
			errs[i] = work(i)
		})
	}
	all.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
