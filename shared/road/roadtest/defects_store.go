package roadtest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// cache is what a defect remembers.
type cache struct {
	mu  sync.Mutex
	all map[string]any
}

func newCache() *cache { return &cache{all: map[string]any{}} }

func (c *cache) put(key string, v any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all[key] = v
}

func (c *cache) get(key string) any {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all[key]
}

// feigned is the answer to a write that was not made.
func feigned(w store.Write) store.Committed {
	return store.Committed{Seq: make([]int64, len(w.Steps)), Existing: make([]bool, len(w.Steps))}
}

// deafStore answers every fourth write and does nothing.
type deafStore struct {
	store.Store
	mu sync.Mutex
	n  int
}

func (s *deafStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	s.mu.Lock()
	s.n++
	deaf := s.n%4 == 0
	s.mu.Unlock()
	if deaf {
		return feigned(w), nil
	}
	return s.Store.Commit(ctx, w)
}

// lateStore makes a write when the next one comes.
type lateStore struct {
	store.Store
	mu   sync.Mutex
	late []store.Write
}

func (s *lateStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, before := range s.late {
		_, _ = s.Store.Commit(ctx, before) // it was answered already
	}
	s.late = nil
	if w.Steps[0].Expect == "" {
		s.late = []store.Write{w}
		return feigned(w), nil
	}
	return s.Store.Commit(ctx, w)
}

// bare is a write that only raises the first change of another.
func bare(w store.Write) store.Write {
	return store.Write{Memory: w.Memory, Steps: []store.Step{{Change: w.Steps[0].Change}}}
}

// doublingStore raises a second change with forgets.
type doublingStore struct{ store.Store }

func (s doublingStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	done, err := s.Store.Commit(ctx, w)
	if err == nil && w.Steps[0].Forget {
		twice := bare(w)
		twice.Steps[0].Change.ID = "0" + twice.Steps[0].Change.ID[1:25] + "Z"
		_, err = s.Store.Commit(ctx, twice)
	}
	return done, err
}

// stubbornStore tells of writes that were refused.
type stubbornStore struct{ store.Store }

func (s stubbornStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	done, err := s.Store.Commit(ctx, w)
	var conflict *store.ConflictError
	if errors.As(err, &conflict) && conflict.Reason == store.Moved {
		_, _ = s.Store.Commit(ctx, bare(w)) // what was refused stays refused
	}
	return done, err
}

// flatteringStore answers a writer who came too late as if it had won.
type flatteringStore struct{ store.Store }

func (s flatteringStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	done, err := s.Store.Commit(ctx, w)
	var conflict *store.ConflictError
	if errors.As(err, &conflict) && conflict.Reason == store.Moved {
		return feigned(w), nil
	}
	return done, err
}

// openStore keeps what was said in the open, where a blind belongs.
type openStore struct{ store.Store }

func (s openStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	w.Steps = slices.Clone(w.Steps)
	for i := range w.Steps {
		if said, ok := w.Steps[i].View["content"].(string); ok && w.Steps[i].Put != nil {
			g := *w.Steps[i].Put
			g.Subject = []byte(said)
			w.Steps[i].Put = &g
		}
	}
	return s.Store.Commit(ctx, w)
}

// keptStore still has the boxes of what is gone.
type keptStore struct {
	store.Store
	boxes *cache
}

func (s keptStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	for _, step := range w.Steps {
		if step.Put != nil {
			s.boxes.put(step.Put.Hash, step.Put.Box)
		}
	}
	return s.Store.Commit(ctx, w)
}

func (s keptStore) Load(ctx context.Context, m change.Memory, ref store.Ref) (store.Stored, error) {
	got, err := s.Store.Load(ctx, m, ref)
	if box, ok := s.boxes.get(got.Hash).([]byte); ok && err == nil && got.Box == nil {
		got.Box = box
	}
	return got, err
}

// hoardingStore still has the boxes of what was forgotten.
type hoardingStore struct{ keptStore }

func (s hoardingStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	for _, step := range w.Steps {
		if was, err := s.Store.Load(ctx, w.Memory, store.Ref{Hash: step.Expect}); step.Forget && err == nil {
			s.boxes.put(was.Hash, was.Box)
		}
	}
	return s.Store.Commit(ctx, w)
}

// keptKeys still has what was destroyed.
type keptKeys struct {
	seal.Keys
	all *cache
}

func (k keptKeys) CreateKey(ctx context.Context, v seal.Vault, key seal.KeyRecord, replaces string) (seal.KeyRecord, error) {
	now, err := k.Keys.CreateKey(ctx, v, key, replaces)
	if err == nil {
		k.all.put(now.ID, now)
	}
	return now, err
}

func (k keptKeys) KeyByID(ctx context.Context, v seal.Vault, id string) (seal.KeyRecord, bool, error) {
	if was, ok := k.all.get(id).(seal.KeyRecord); ok {
		return was, true, nil
	}
	return k.Keys.KeyByID(ctx, v, id)
}

// keptIndex still finds what was taken out.
type keptIndex struct {
	store.Index
	all *cache
}

func (x keptIndex) Put(ctx context.Context, docs []store.Document) error {
	for _, d := range docs {
		for _, term := range d.Terms {
			x.all.put(term, d.Hash)
		}
	}
	return x.Index.Put(ctx, docs)
}

func (x keptIndex) Find(ctx context.Context, m change.Memory, any, must []string, limit int) (store.Found, error) {
	found, err := x.Index.Find(ctx, m, any, must, limit)
	for _, term := range any {
		if hash, ok := x.all.get(term).(string); ok && err == nil {
			found.Grains = append(slices.Clone(found.Grains), store.Stored{Hash: hash, Lineage: hash, State: store.Gone})
		}
	}
	return found, err
}

// staleIndex finds what it found before.
type staleIndex struct {
	store.Index
	all *cache
}

func (x staleIndex) Find(ctx context.Context, m change.Memory, any, must []string, limit int) (store.Found, error) {
	found, err := x.Index.Find(ctx, m, any, must, limit)
	of := strings.Join(append(slices.Clone(any), must...), " ")
	before, _ := x.all.get(of).([]store.Stored)
	for _, g := range before {
		if !slices.ContainsFunc(found.Grains, func(now store.Stored) bool { return now.Hash == g.Hash }) {
			found.Grains = append(slices.Clip(found.Grains), g)
		}
	}
	if err == nil {
		x.all.put(of, found.Grains)
	}
	return found, err
}

// lossyIndex drops the first term of what it is given.
type lossyIndex struct{ store.Index }

func (x lossyIndex) Put(ctx context.Context, docs []store.Document) error {
	docs = slices.Clone(docs)
	for i := range docs {
		docs[i].Terms = docs[i].Terms[min(1, len(docs[i].Terms)):]
	}
	return x.Index.Put(ctx, docs)
}

// hastyIndex holds everything, as it says.
type hastyIndex struct{ store.Index }

func (hastyIndex) Pending(context.Context, change.Memory, int) ([]store.Located, error) {
	return nil, nil
}

// idleEraser erases nothing.
type idleEraser struct{}

func (idleEraser) Erase(context.Context, change.Memory, seal.Selector, store.ErasePlan) (change.Change, error) {
	return change.Change{}, nil
}
