package roadtest

import (
	"bytes"
	"context"
	"slices"

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
	for _, t := range e.covered {
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
	r.checkUnindexed(e, raw)
}

// checkUnindexed: the index neither finds what was erased nor holds a term that
// only it had.
func (r *run) checkUnindexed(e *erasure, raw []byte) {
	erased := e.hashes()
	for _, doc := range r.heard.own(e.memory, erased) {
		for _, term := range doc.terms[:min(1, len(doc.terms))] {
			found, err := r.look().Index.Find(context.Background(), e.memory, []string{term}, nil, 1000)
			for _, g := range found.Grains {
				if erased[g.Hash] || err != nil {
					r.found(8, "after its erasure the index finds %s, %v", g.Hash, err)
				}
			}
		}
		for _, term := range doc.alone {
			if r.stands(raw, term) {
				r.found(8, "after its erasure a term of %s still stands in the index's bytes", doc.hash)
				break
			}
		}
	}
}

// mustStand: before their erasure, the terms of what the index finds are found
// in its bytes; else to find none later would mean nothing.
func (r *run) mustStand(e *erasure) {
	c, err := r.Look()
	raw, unread := r.Raw()
	if err != nil || unread != nil {
		r.found(8, "before an erasure what is kept can't be read: %v, %v", err, unread)
		return
	}
	for _, doc := range r.heard.own(e.memory, e.hashes()) {
		for _, term := range doc.alone {
			found, err := c.Index.Find(context.Background(), e.memory, []string{term}, nil, 1)
			if err == nil && len(found.Grains) > 0 && !r.stands(raw, term) {
				r.found(8, "before its erasure a term of %s, by which it is found, does not stand in the index's bytes", doc.hash)
			}
		}
	}
}

// stands says whether a term of the index is among bytes.
func (r *run) stands(raw []byte, term string) bool {
	return slices.ContainsFunc(r.Term(term), func(form []byte) bool { return bytes.Contains(raw, form) })
}

// hashes are the grains that an erasure covered.
func (e *erasure) hashes() map[string]bool {
	all := map[string]bool{}
	for _, t := range e.covered {
		all[t.put.Hash] = true
	}
	return all
}
