package embedded

import (
	"container/list"
	"sync"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// Bounds of the row cache.
const (
	maxBoxes     = 8192     // grains
	maxBoxBytes  = 16 << 20 // of their boxes
	boxedAtLeast = 512      // bytes that a grain counts for besides its box
)

// boxOf names a grain.
type boxOf struct {
	memory change.Memory
	hash   string
}

// rowCache holds grains that were lately written or read, sealed as they are
// stored: what is delivered was mostly written a moment ago. What is dropped
// never comes back with a read that began before the drop.
type rowCache struct {
	mu    sync.Mutex
	era   uint64 // counts drops
	bytes int
	index map[boxOf]*list.Element
	order *list.List // of *boxed, the last used first
}

type boxed struct {
	of    boxOf
	grain store.Stored
}

func (b *boxed) size() int { return boxedAtLeast + len(b.grain.Box) }

func newRowCache() *rowCache {
	return &rowCache{index: make(map[boxOf]*list.Element), order: list.New()}
}

// get returns a grain; its slices must not be changed.
func (c *rowCache) get(of boxOf) (store.Stored, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, ok := c.index[of]
	if !ok {
		return store.Stored{}, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*boxed).grain, true
}

// begin returns the era to read in.
func (c *rowCache) begin() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.era
}

// keep holds what was read in an era, unless something was dropped since.
func (c *rowCache) keep(era uint64, of boxOf, s store.Stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if era == c.era {
		c.set(of, s)
	}
}

// put holds what was just written.
func (c *rowCache) put(of boxOf, s store.Stored) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++ // who read before the write saw another grain under this hash, or none
	c.set(of, s)
}

func (c *rowCache) set(of boxOf, s store.Stored) {
	c.remove(of)
	b := &boxed{of, s}
	if b.size() > maxBoxBytes/8 {
		return
	}
	c.index[of] = c.order.PushFront(b)
	c.bytes += b.size()
	for len(c.index) > maxBoxes || c.bytes > maxBoxBytes {
		c.remove(c.order.Back().Value.(*boxed).of)
	}
}

func (c *rowCache) remove(of boxOf) {
	if e, ok := c.index[of]; ok {
		c.bytes -= c.order.Remove(e).(*boxed).size()
		delete(c.index, of)
	}
}

// forget drops one grain.
func (c *rowCache) forget(of boxOf) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++
	c.remove(of)
}

// drop drops all grains that gone picks.
func (c *rowCache) drop(gone func(boxOf) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++
	for of := range c.index {
		if gone(of) {
			c.remove(of)
		}
	}
}
