// Package authtest keeps bearer keys in memory, for tests of what needs them.
package authtest

import (
	"cmp"
	"context"
	"slices"
	"sync"

	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
)

// Keys is an auth.Keys and an auth.Lister. The zero value is empty. Failing
// makes Find fail; Finds counts its calls.
type Keys struct {
	mu      sync.Mutex
	all     []auth.Key
	Failing error
	Finds   int
}

// Find is auth.Keys'.
func (k *Keys) Find(_ context.Context, hash [32]byte) (auth.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.Finds++
	if k.Failing != nil {
		return auth.Key{}, k.Failing
	}
	for _, have := range k.all {
		if have.Hash == hash {
			return have, nil
		}
	}
	return auth.Key{}, fault.New(fault.NotFound, "no such key")
}

// Put is auth.Keys'.
func (k *Keys) Put(_ context.Context, key auth.Key) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, have := range k.all {
		if have.Hash == key.Hash {
			return fault.New(fault.Conflict, "this key is there already")
		}
	}
	k.all = append(k.all, key)
	return nil
}

// Revoke is auth.Keys'.
func (k *Keys) Revoke(_ context.Context, tenant, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, have := range k.all {
		if have.Tenant == tenant && have.ID == id {
			k.all = slices.Delete(k.all, i, i+1)
			return nil
		}
	}
	return fault.New(fault.NotFound, "no such key")
}

// ListKeys is auth.Lister's.
func (k *Keys) ListKeys(_ context.Context, tenant, after string, limit int) ([]auth.Key, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	var out []auth.Key
	for _, have := range k.all {
		if have.Tenant == tenant && have.ID > after {
			out = append(out, have)
		}
	}
	slices.SortFunc(out, func(a, b auth.Key) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(limit, len(out))], nil
}
