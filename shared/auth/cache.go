package auth

import (
	"sync"
	"time"
)

const (
	cacheFor  = 2 * time.Second
	cacheSize = 4096
)

// cache believes what was found for a short while. It never holds more than
// cacheSize keys; what is dropped is not brought back by a look-up that began
// before.
type cache struct {
	mu         sync.Mutex
	known      map[[32]byte]cached
	generation int // counts drops
}

type cached struct {
	key   Key
	until time.Time
}

func (c *cache) get(hash [32]byte, now time.Time) (k Key, ok bool, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e, found := c.known[hash]
	return e.key, found && now.Before(e.until), c.generation
}

// put keeps what a look-up found that began at a generation.
func (c *cache) put(k Key, now time.Time, generation int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if generation != c.generation {
		return
	}
	if len(c.known) >= cacheSize {
		clear(c.known)
	}
	c.known[k.Hash] = cached{k, now.Add(cacheFor)}
}

func (c *cache) drop(tenant, id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.generation++
	for hash, e := range c.known {
		if e.key.Tenant == tenant && e.key.ID == id {
			delete(c.known, hash)
		}
	}
}
