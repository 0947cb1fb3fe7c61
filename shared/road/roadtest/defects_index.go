package roadtest

import (
	"context"

	"github.com/memhooks/memhooks/shared/memory/store"
)

// shedIndex leaves what it was given in bytes that no search reads.
type shedIndex struct {
	store.Index
	left *cache
}

func (x shedIndex) Put(ctx context.Context, docs []store.Document) error {
	for _, d := range docs {
		for _, term := range d.Terms {
			x.left.put(term, true)
		}
	}
	return x.Index.Put(ctx, docs)
}

// beside has a world keep such terms beside all else.
func (c *cache) beside(w *World) {
	raw, term := w.Raw, w.Term
	w.Raw = func() ([]byte, error) {
		all, err := raw()
		c.mu.Lock()
		defer c.mu.Unlock()
		for one := range c.all {
			all = append(all, term(one)[0]...)
		}
		return all, err
	}
}
