package cloudtest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/inspect"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/seal"
)

// lateStore answers a commit at once and makes it when it is asked again.
type lateStore struct {
	store.Store
	mu      sync.Mutex
	waiting []store.Write
}

func (s *lateStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = append(s.waiting, w)
	return store.Committed{Seq: make([]int64, len(w.Steps)), Existing: make([]bool, len(w.Steps))}, nil
}

func (s *lateStore) Load(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, w := range s.waiting {
		if _, err := s.Store.Commit(ctx, w); err != nil {
			return store.Stored{}, err
		}
	}
	s.waiting = nil
	return s.Store.Load(ctx, m, ref)
}

// stepwiseStore commits each step of a write for itself.
type stepwiseStore struct{ store.Store }

func (s stepwiseStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	var all store.Committed
	for i := range w.Steps {
		c, err := s.Store.Commit(ctx, store.Write{Memory: w.Memory, Steps: w.Steps[i : i+1]})
		if err != nil {
			return store.Committed{}, err
		}
		all.Seq, all.Existing = append(all.Seq, c.Seq...), append(all.Existing, c.Existing...)
	}
	return all, nil
}

// forcingStore writes over whatever stands there.
type forcingStore struct{ store.Store }

func (s forcingStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	for {
		c, err := s.Store.Commit(ctx, w)
		var conflict *store.ConflictError
		if !errors.As(err, &conflict) || conflict.Reason != store.Moved || conflict.Current.Hash == "" || conflict.Current.State == store.Gone {
			return c, err
		}
		w.Steps = append([]store.Step(nil), w.Steps...)
		w.Steps[conflict.Step].Expect = conflict.Current.Hash
	}
}

// doublingStore raises every change once more.
type doublingStore struct{ store.Store }

func (s doublingStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	c, err := s.Store.Commit(ctx, w)
	if err == nil {
		for _, step := range w.Steps {
			if _, err := s.Store.Commit(ctx, store.Write{Memory: w.Memory, Steps: []store.Step{{Change: step.Change}}}); err != nil {
				return c, err
			}
		}
	}
	return c, err
}

// terseStore keeps to itself what stands in the way.
type terseStore struct{ store.Store }

func (s terseStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	c, err := s.Store.Commit(ctx, w)
	var conflict *store.ConflictError
	if errors.As(err, &conflict) {
		conflict.Current = store.Stored{}
	}
	return c, err
}

// staleStore answers a load with what an earlier one found.
type staleStore struct {
	store.Store
	found sync.Map
}

func (s *staleStore) Load(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error) {
	key := fmt.Sprint(m, ref)
	if old, ok := s.found.Load(key); ok {
		return old.(store.Stored), nil
	}
	got, err := s.Store.Load(ctx, m, ref)
	if err == nil {
		s.found.Store(key, got)
	}
	return got, err
}

// leakyStore looks in the memories of others too.
type leakyStore struct {
	store.Store
	known sync.Map
}

func (s *leakyStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	s.known.Store(w.Memory, true)
	return s.Store.Commit(ctx, w)
}

func (s *leakyStore) Load(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error) {
	got, err := s.Store.Load(ctx, m, ref)
	s.known.Range(func(other, _ any) bool {
		if err != nil {
			got, err = s.Store.Load(ctx, other.(change.Memory), ref)
		}
		return err != nil
	})
	return got, err
}

// prefixStore takes a scope tree for all that begins alike.
type prefixStore struct{ store.Store }

func (s prefixStore) Scan(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) (store.Page, error) {
	root := f.ScopeTree
	f.ScopeTree = ""
	page, err := s.Store.Scan(ctx, m, f, after, limit)
	all := page.Grains
	page.Grains = nil
	for _, g := range all {
		if strings.HasPrefix(g.Scope(), root) {
			page.Grains = append(page.Grains, g)
		}
	}
	return page, err
}

// oldestStore does not care in which order a scan is wanted.
type oldestStore struct{ store.Store }

func (s oldestStore) Scan(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) (store.Page, error) {
	f.Newest = false
	return s.Store.Scan(ctx, m, f, after, limit)
}

// gappyStore loses the last grain of every page but the last.
type gappyStore struct{ store.Store }

func (s gappyStore) Scan(ctx context.Context, m change.Memory, f store.Filter, after string, limit int) (store.Page, error) {
	page, err := s.Store.Scan(ctx, m, f, after, limit)
	if page.Next != "" && len(page.Grains) > 0 {
		page.Grains = page.Grains[:len(page.Grains)-1]
	}
	return page, err
}

// vanishingKeys knows no destroyed key.
type vanishingKeys struct{ seal.Keys }

func (k vanishingKeys) KeyByID(ctx context.Context, v seal.Vault, id string) (seal.KeyRecord, bool, error) {
	key, found, err := k.Keys.KeyByID(ctx, v, id)
	return key, found && key.State == seal.Live, err
}

// greedyKeys takes every new key, whatever it was to replace.
type greedyKeys struct{ seal.Keys }

func (k greedyKeys) CreateKey(ctx context.Context, v seal.Vault, key seal.KeyRecord, replaces string) (seal.KeyRecord, error) {
	for {
		got, err := k.Keys.CreateKey(ctx, v, key, replaces)
		if err != nil || got.ID == key.ID {
			return got, err
		}
		replaces = got.ID
	}
}

// hidingEraser does not show the plan all that it takes.
type hidingEraser struct{ store.Eraser }

func (e hidingEraser) Erase(ctx context.Context, m change.Memory, sel seal.Selector, plan store.ErasePlan) (change.Change, error) {
	return e.Eraser.Erase(ctx, m, sel, func(keys []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
		return plan(keys, current[:max(0, len(current)-1)])
	})
}

// forcingHooks puts a hook over whichever version stands there.
type forcingHooks struct{ hook.Store }

func (s forcingHooks) Put(ctx context.Context, h hook.Hook) (hook.Hook, error) {
	if now, err := s.Store.Get(ctx, h.Memory, h.ID); err == nil {
		h.Version = now.Version
	}
	return s.Store.Put(ctx, h)
}

// cachingAuth goes on finding what it found.
type cachingAuth struct {
	auth.Keys
	found sync.Map
}

func (a *cachingAuth) Find(ctx context.Context, hash [32]byte) (auth.Key, error) {
	if k, ok := a.found.Load(hash); ok {
		return k.(auth.Key), nil
	}
	k, err := a.Keys.Find(ctx, hash)
	if err == nil {
		a.found.Store(hash, k)
	}
	return k, err
}

// generousReceipts tells everyone that the claim is theirs.
type generousReceipts struct{ once.Receipts }

func (g generousReceipts) Claim(ctx context.Context, r once.Receipt, since int64) (once.Receipt, bool, error) {
	got, _, err := g.Receipts.Claim(ctx, r, since)
	return got, err == nil, err
}

// ownLeases gives everyone a full bucket.
type ownLeases struct{}

func (ownLeases) Draw(_ context.Context, _ string, b auth.Bucket, want int, _ time.Time) (int, float64, error) {
	return want, float64(b.Burst - want), nil
}

// shiftedTroubles tells of each memory what is so of the next one.
type shiftedTroubles struct{ inspect.Troubles }

func (s shiftedTroubles) Troubled(ctx context.Context, all []change.Memory) ([]bool, error) {
	has, err := s.Troubles.Troubled(ctx, all)
	return append(has[1:], false), err
}
