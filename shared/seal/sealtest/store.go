// Package sealtest holds real fakes for tests of whatever seals: a store in
// memory, a counting wrapper, and randomness that repeats.
package sealtest

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/seal"
)

// Store keeps keys and cells in memory. It keeps all promises of seal.Keys,
// seal.Cells and seal.Eraser but durability. The zero value is empty and ready.
type Store struct {
	erasing sync.RWMutex // taken before mu; shared by CreateKey
	mu      sync.Mutex
	vaults  map[seal.Vault]*vault
	calls   int
	err     error
}

type vault struct {
	keys    map[string]seal.KeyRecord
	current map[seal.Pair]string // pair → key id
	cells   []seal.Cell          // oldest first
}

// enter locks the store for one call and finds its memory.
func (s *Store) enter(ctx context.Context, v seal.Vault) (*vault, error) {
	s.mu.Lock()
	s.calls++
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if s.err != nil {
		return nil, s.err
	}
	if s.vaults == nil {
		s.vaults = make(map[seal.Vault]*vault)
	}
	in := s.vaults[v]
	if in == nil {
		in = &vault{keys: make(map[string]seal.KeyRecord), current: make(map[seal.Pair]string)}
		s.vaults[v] = in
	}
	return in, nil
}

// CurrentKey is the port's.
func (s *Store) CurrentKey(ctx context.Context, v seal.Vault, p seal.Pair) (seal.KeyRecord, bool, error) {
	in, err := s.enter(ctx, v)
	defer s.mu.Unlock()
	if err != nil {
		return seal.KeyRecord{}, false, err
	}
	key, ok := in.keys[in.current[p]]
	return key, ok, nil
}

// CreateKey is the port's. An id that is taken is a fault.Conflict.
func (s *Store) CreateKey(ctx context.Context, v seal.Vault, key seal.KeyRecord, replaces string) (seal.KeyRecord, error) {
	s.erasing.RLock()
	defer s.erasing.RUnlock()
	in, err := s.enter(ctx, v)
	defer s.mu.Unlock()
	if err != nil {
		return seal.KeyRecord{}, err
	}
	if now, ok := in.keys[in.current[key.Pair]]; ok && now.ID != replaces {
		return now, nil
	}
	if _, taken := in.keys[key.ID]; taken {
		return seal.KeyRecord{}, fault.New(fault.Conflict, "key id %s is taken: draw another", key.ID)
	}
	in.keys[key.ID] = key
	in.current[key.Pair] = key.ID
	return key, nil
}

// KeyByID is the port's.
func (s *Store) KeyByID(ctx context.Context, v seal.Vault, id string) (seal.KeyRecord, bool, error) {
	in, err := s.enter(ctx, v)
	defer s.mu.Unlock()
	if err != nil {
		return seal.KeyRecord{}, false, err
	}
	key, ok := in.keys[id]
	return key, ok, nil
}

// NewestCell is the port's.
func (s *Store) NewestCell(ctx context.Context, v seal.Vault) (seal.Cell, bool, error) {
	in, err := s.enter(ctx, v)
	defer s.mu.Unlock()
	if err != nil || len(in.cells) == 0 {
		return seal.Cell{}, false, err
	}
	return in.cells[len(in.cells)-1], true, nil
}

// CellByID is the port's.
func (s *Store) CellByID(ctx context.Context, v seal.Vault, id string) (seal.Cell, bool, error) {
	in, err := s.enter(ctx, v)
	defer s.mu.Unlock()
	if err != nil {
		return seal.Cell{}, false, err
	}
	for _, cell := range in.cells {
		if cell.ID == id {
			return cell, true, nil
		}
	}
	return seal.Cell{}, false, nil
}

// AddCell is the port's.
func (s *Store) AddCell(ctx context.Context, v seal.Vault, cell seal.Cell, replaces string) (seal.Cell, error) {
	in, err := s.enter(ctx, v)
	defer s.mu.Unlock()
	if err != nil {
		return seal.Cell{}, err
	}
	if n := len(in.cells); n > 0 && in.cells[n-1].ID != replaces {
		return in.cells[n-1], nil
	}
	in.cells = append(in.cells, cell)
	return cell, nil
}

// DestroyKeys is the port's. No key is created meanwhile.
func (s *Store) DestroyKeys(ctx context.Context, v seal.Vault, sel seal.Selector, prove func([]seal.KeyRecord) (seal.Erasure, error)) (seal.Erasure, error) {
	s.erasing.Lock()
	defer s.erasing.Unlock()
	in, err := s.enter(ctx, v)
	covered := in.covered(sel)
	s.mu.Unlock()
	if err != nil {
		return seal.Erasure{}, err
	}
	proof, err := prove(covered)
	if err != nil {
		return seal.Erasure{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, key := range covered {
		key.State, key.Wrapped = seal.Destroyed, nil
		in.keys[key.ID] = key
		delete(in.current, key.Pair)
	}
	return proof, nil
}

// covered lists the live keys that sel covers, ordered by id.
func (in *vault) covered(sel seal.Selector) []seal.KeyRecord {
	if in == nil {
		return nil
	}
	var out []seal.KeyRecord
	for _, key := range in.keys {
		if key.State == seal.Live && sel.Covers(key.Pair) {
			out = append(out, key)
		}
	}
	slices.SortFunc(out, byID)
	return out
}

// Keys returns all keys of a memory in both states, ordered by id.
func (s *Store) Keys(v seal.Vault) []seal.KeyRecord {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.vaults[v]
	if in == nil {
		return nil
	}
	return slices.SortedFunc(maps.Values(in.keys), byID)
}

// Cells returns all cells of a memory, oldest first.
func (s *Store) Cells(v seal.Vault) []seal.Cell {
	s.mu.Lock()
	defer s.mu.Unlock()
	if in := s.vaults[v]; in != nil {
		return slices.Clone(in.cells)
	}
	return nil
}

// Calls returns how often the store was called through its ports.
func (s *Store) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Fail makes every later call through the ports fail with err; nil ends it.
func (s *Store) Fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

func byID(a, b seal.KeyRecord) int { return strings.Compare(a.ID, b.ID) }
