package roadtest

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// gate stands before the ports of one process. It lets calls that change
// something fail, before or after they happened, ends the process between any
// two of them, and tells what was committed.
type gate struct {
	mu     sync.Mutex
	random *rand.Rand
	share  float64
	left   int // calls until the process dies; 0: it does not
	before bool
	dead   bool
	heard  *heard
}

// call is one call of a port that changes something.
func (g *gate) call(do func() error) error {
	g.mu.Lock()
	fails, happens := g.random.Float64() < g.share, g.random.IntN(2) == 0
	last := false
	if g.left > 0 {
		g.left--
		last = g.left == 0
	}
	if last && g.before {
		g.dead = true
	}
	dead := g.dead
	g.mu.Unlock()
	if dead || fails && !happens {
		return fault.New(fault.Unavailable, "the service throttles: try again")
	}
	err := do()
	g.mu.Lock()
	defer g.mu.Unlock()
	if last {
		g.dead = true
	}
	if err == nil && (fails || g.dead) {
		err = fault.New(fault.Unavailable, "the answer is lost: try again")
	}
	return err
}

// wrap puts the gate before a cloud's ports.
func (g *gate) wrap(c *cloud.Cloud) *cloud.Cloud {
	w := *c
	w.Grains, w.Eraser = gatedStore{c.Grains, g}, gatedEraser{c.Eraser, g}
	w.Hooks, w.HookRemover, w.HookMover = gatedHooks{c.Hooks, g}, gatedRemover{c.HookRemover, g}, gatedMover{c.HookMover, g}
	w.Keys, w.Cells = gatedKeys{c.Keys, g}, gatedCells{c.Cells, g}
	w.Compactor, w.Redriver = gatedCompactor{c.Compactor, g}, gatedRedriver{c.Redriver, g}
	w.Index = gatedIndex{c.Index, g}
	return &w
}

type gatedStore struct {
	store.Store
	g *gate
}

func (s gatedStore) Commit(ctx context.Context, w store.Write) (done store.Committed, err error) {
	pass(time.Millisecond) // so that writers of one race have all read before the first commits
	s.g.heard.commits(ctx, w)
	err = s.g.call(func() (err error) { done, err = s.Store.Commit(ctx, w); return })
	s.g.heard.committed(w, done, err)
	return done, err
}

type gatedEraser struct {
	store.Eraser
	g *gate
}

func (e gatedEraser) Erase(ctx context.Context, m change.Memory, sel seal.Selector, plan store.ErasePlan) (told change.Change, err error) {
	noted := func(keys []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
		changes, err := plan(keys, current)
		e.g.heard.planned(changes)
		return changes, err
	}
	err = e.g.call(func() (err error) { told, err = e.Eraser.Erase(ctx, m, sel, noted); return })
	if err == nil && told.ID != "" {
		e.g.heard.erased(told)
	}
	return told, err
}

type gatedHooks struct {
	hook.Store
	g *gate
}

func (h gatedHooks) Put(ctx context.Context, put hook.Hook) (now hook.Hook, err error) {
	err = h.g.call(func() (err error) { now, err = h.Store.Put(ctx, put); return })
	return now, err
}

type gatedRemover struct {
	hook.Remover
	g *gate
}

func (r gatedRemover) Remove(ctx context.Context, m change.Memory, id string) error {
	return r.g.call(func() error { return r.Remover.Remove(ctx, m, id) })
}

type gatedMover struct {
	hook.Mover
	g *gate
}

func (h gatedMover) SkipToHead(ctx context.Context, m change.Memory, id string) (n int, err error) {
	err = h.g.call(func() (err error) { n, err = h.Mover.SkipToHead(ctx, m, id); return })
	return n, err
}

type gatedKeys struct {
	seal.Keys
	g *gate
}

func (k gatedKeys) CreateKey(ctx context.Context, v seal.Vault, key seal.KeyRecord, replaces string) (now seal.KeyRecord, err error) {
	k.g.heard.key(key)
	err = k.g.call(func() (err error) { now, err = k.Keys.CreateKey(ctx, v, key, replaces); return })
	return now, err
}

type gatedCells struct {
	seal.Cells
	g *gate
}

func (c gatedCells) AddCell(ctx context.Context, v seal.Vault, cell seal.Cell, replaces string) (now seal.Cell, err error) {
	err = c.g.call(func() (err error) { now, err = c.Cells.AddCell(ctx, v, cell, replaces); return })
	return now, err
}

type gatedCompactor struct {
	feed.Compactor
	g *gate
}

func (c gatedCompactor) Compact(ctx context.Context, m change.Memory, floor int64) error {
	return c.g.call(func() error { return c.Compactor.Compact(ctx, m, floor) })
}

type gatedRedriver struct {
	delivery.Redriver
	g *gate
}

func (r gatedRedriver) Redrive(ctx context.Context, m change.Memory, id string, seqs []int64) (jobs []delivery.Job, err error) {
	err = r.g.call(func() (err error) { jobs, err = r.Redriver.Redrive(ctx, m, id, seqs); return })
	return jobs, err
}

func (r gatedRedriver) Discard(ctx context.Context, m change.Memory, id string, seq int64, redrive int, reason string) error {
	return r.g.call(func() error { return r.Redriver.Discard(ctx, m, id, seq, redrive, reason) })
}

type gatedIndex struct {
	store.Index
	g *gate
}

func (x gatedIndex) Put(ctx context.Context, docs []store.Document) error {
	x.g.heard.indexed(docs)
	return x.g.call(func() error { return x.Index.Put(ctx, docs) })
}

func (g *gate) killed() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dead
}

// kill ends the process, and returns the share of calls that failed.
func (g *gate) kill() float64 {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.dead = true
	return g.share
}

func (g *gate) fail(share float64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.share = share
}

// dieAfter ends the process at the nth call from now, before or after it.
func (g *gate) dieAfter(calls int, before bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.left, g.before = calls, before
}
