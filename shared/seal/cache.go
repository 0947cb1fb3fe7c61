package seal

import (
	"sync"
	"sync/atomic"
	"time"
)

// cache holds a bounded number of values for a bounded time. When it is full,
// one that was not used lately goes (second chance). A hit takes a shared lock
// only. What was loaded before a drop never enters after it: a loader takes
// the era first and hands it to put.
type cache[K comparable, V any] struct {
	mu    sync.RWMutex
	size  int
	era   uint64 // counts drops
	slots []*slot[K, V]
	index map[K]int
	hand  int
}

type slot[K comparable, V any] struct {
	key     K
	value   V
	expires time.Time
	used    atomic.Bool
}

func newCache[K comparable, V any](size int) *cache[K, V] {
	return &cache[K, V]{size: size, index: make(map[K]int)}
}

// get returns the value of a key that has not expired at now.
func (c *cache[K, V]) get(key K, now time.Time) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	at, ok := c.index[key]
	if !ok || !now.Before(c.slots[at].expires) {
		var none V
		return none, false
	}
	s := c.slots[at]
	if !s.used.Load() {
		s.used.Store(true)
	}
	return s.value, true
}

// begin returns the era to load in.
func (c *cache[K, V]) begin() uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.era
}

// put keeps a value that was loaded in an era, unless there was a drop since.
func (c *cache[K, V]) put(era uint64, key K, value V, expires time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if era != c.era {
		return
	}
	fresh := &slot[K, V]{key: key, value: value, expires: expires}
	if at, ok := c.index[key]; ok {
		c.slots[at] = fresh
		return
	}
	if len(c.slots) < c.size {
		c.index[key] = len(c.slots)
		c.slots = append(c.slots, fresh)
		return
	}
	for c.slots[c.hand].used.Swap(false) {
		c.hand = (c.hand + 1) % len(c.slots)
	}
	delete(c.index, c.slots[c.hand].key)
	c.slots[c.hand] = fresh
	c.index[key] = c.hand
	c.hand = (c.hand + 1) % len(c.slots)
}

// drop takes out all that gone picks, and begins a new era.
func (c *cache[K, V]) drop(gone func(K, V) bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.era++
	kept := c.slots[:0]
	for _, s := range c.slots {
		if gone(s.key, s.value) {
			delete(c.index, s.key)
			continue
		}
		c.index[s.key] = len(kept)
		kept = append(kept, s)
	}
	clear(c.slots[len(kept):])
	c.slots, c.hand = kept, 0
}
