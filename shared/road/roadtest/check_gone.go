package roadtest

import (
	"bytes"
	"context"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// checkGone: what an answered erasure covered is in no store and opens no
// more.
func (r *run) checkGone(e *erasure) {
	c, ctx := r.look(), context.Background()
	raw, err := r.Raw()
	if err != nil {
		r.found(8, "what is kept can't be read: %v", err)
		return
	}
	erased := map[string]bool{}
	for _, t := range e.covered {
		erased[t.put.Hash] = true
		st, err := c.Grains.Load(ctx, e.memory, store.Ref{Hash: t.put.Hash})
		if err == nil && st.Box != nil || err != nil && fault.KindOf(err) != fault.NotFound {
			r.found(8, "after its erasure grain %s has state %d and %d bytes, %v", t.put.Hash, st.State, len(st.Box), err)
		}
		key, found, err := c.Keys.KeyByID(ctx, seal.Vault{Tenant: e.memory.Tenant, Memory: e.memory.ID}, t.put.KeyID)
		if err != nil || found && (key.State != seal.Destroyed || key.Wrapped != nil) {
			r.found(8, "after its erasure key %s is %s, %v", t.put.KeyID, key.State, err)
		}
		if bytes.Contains(raw, t.put.Box[28:]) {
			r.found(8, "after its erasure the box of %s still stands", t.put.Hash)
		}
		if w := r.heard.wrapped[t.put.KeyID]; len(w) > 0 && bytes.Contains(raw, w) {
			r.found(8, "after its erasure the bytes of key %s still stand", t.put.KeyID)
		}
	}
	for _, entry := range r.heard.terms[e.memory] {
		if !erased[entry.hash] {
			continue
		}
		found, err := c.Index.Find(ctx, e.memory, []string{entry.term}, nil, 1000)
		for _, g := range found.Grains {
			if erased[g.Hash] || err != nil {
				r.found(8, "after its erasure the index finds %s, %v", g.Hash, err)
			}
		}
	}
}
