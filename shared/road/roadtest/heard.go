package roadtest

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// fate is what became of a commit, as far as its caller was told.
type fate uint8

const (
	unknown fate = iota
	refused      // or changed nothing
	kept
)

// told is one change that somebody tried to raise.
type told struct {
	change       change.Change
	put          *store.Stored
	by           *asked
	begun, ended time.Time
	fate         fate
}

// asked is one call of a caller that raises changes.
type asked struct {
	op       Op
	memory   change.Memory
	cause    events.Cause
	sentinel string         // in its content; "" = none
	given    map[string]any // the fields of the grain that it wrote
	ended    time.Time
	answered bool
	existing bool // it was answered that nothing had to be done
}

type askedKey struct{}

// request is a caller's context.
func request(by *asked) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithValue(context.Background(), askedKey{}, by), patience)
}

// heard is what passed the ports of all processes of a run.
type heard struct {
	mu      sync.Mutex
	changes map[string]*told // by change id
	order   []*told
	wrapped map[string][]byte              // key id → its wrapped bytes
	terms   map[change.Memory][]indexEntry // what was given to the index
}

// indexEntry is a document as the index was given it.
type indexEntry struct {
	hash  string
	terms []string
	alone []string // those that no other document of the memory has, where own was asked
}

func newHeard() *heard {
	return &heard{changes: map[string]*told{}, wrapped: map[string][]byte{}, terms: map[change.Memory][]indexEntry{}}
}

// commits notes changes that are about to be committed.
func (h *heard) commits(ctx context.Context, w store.Write) {
	by, _ := ctx.Value(askedKey{}).(*asked)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, step := range w.Steps {
		t := h.note(step.Change)
		t.by, t.put = by, step.Put
	}
}

func (h *heard) note(c change.Change) *told {
	t := h.changes[c.ID]
	if t == nil {
		t = &told{change: c, begun: time.Now()}
		h.changes[c.ID] = t
		h.order = append(h.order, t)
	} else if t.fate == refused {
		t.fate = unknown // it is tried again
	}
	return t
}

// committed notes what became of them.
func (h *heard) committed(w store.Write, done store.Committed, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var conflict *store.ConflictError
	for i, step := range w.Steps {
		t := h.changes[step.Change.ID]
		t.ended = time.Now()
		switch {
		case err == nil && !done.Existing[i]:
			t.fate = kept
		case err == nil || errors.As(err, &conflict):
			t.fate = refused
		}
	}
}

// planned notes the changes that an erasure may raise.
func (h *heard) planned(changes []change.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, c := range changes {
		h.note(c)
	}
}

// erased notes the change that an answered erasure was told by.
func (h *heard) erased(c change.Change) {
	h.mu.Lock()
	defer h.mu.Unlock()
	t := h.note(c)
	t.fate, t.ended = kept, time.Now()
}

func (h *heard) key(k seal.KeyRecord) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.wrapped[k.ID] = k.Wrapped
}

func (h *heard) indexed(docs []store.Document) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range docs {
		h.terms[d.Memory] = append(h.terms[d.Memory], indexEntry{hash: d.Hash, terms: d.Terms})
	}
}

// own are the documents of some grains of a memory, with the terms that no other
// grain has, in its document or its row.
func (h *heard) own(m change.Memory, hashes map[string]bool) (own []indexEntry) {
	h.mu.Lock()
	defer h.mu.Unlock()
	others := map[string]bool{}
	for _, doc := range h.terms[m] {
		for _, term := range doc.terms {
			others[term] = others[term] || !hashes[doc.hash]
		}
	}
	var rows []string // the blinds in rows of other grains, of which terms are the beginning
	for _, t := range h.order {
		if t.put != nil && t.change.Memory == m && !hashes[t.put.Hash] {
			rows = append(rows, hex.EncodeToString(t.put.Subject), hex.EncodeToString(t.put.Name))
		}
	}
	for _, doc := range h.terms[m] {
		if hashes[doc.hash] {
			doc.alone = slices.DeleteFunc(slices.Clone(doc.terms), func(term string) bool {
				return others[term] || slices.ContainsFunc(rows, func(blind string) bool { return strings.HasPrefix(blind, term) })
			})
			own = append(own, doc)
		}
	}
	return own
}

// all are the changes in the order in which they were first tried.
func (h *heard) all() []*told {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]*told(nil), h.order...)
}

// covered are the grains of a memory that an erasure covers, tried so far.
func (h *heard) covered(m change.Memory, sel seal.Selector) []*told {
	var out []*told
	for _, t := range h.all() {
		if t.put != nil && t.change.Memory == m && sel.Covers(seal.Pair{Person: t.put.Person, Scope: t.put.Scope()}) {
			out = append(out, t)
		}
	}
	return out
}
