package store

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
)

// Instance is one memory: what GET /api/memories shows.
type Instance struct {
	Memory      change.Memory
	Name        string
	Description string
	Policies    []string // every name counts as detecting PII
	CreatedAt   int64
	Version     int // counts puts, from 1
}

// DetectsPII says whether COMP-H1 holds for hooks of this memory.
func (i Instance) DetectsPII() bool { return len(i.Policies) > 0 }

// DefaultID is the memory that every tenant has and nobody can delete.
const DefaultID = "default"

// Registry keeps memory instances. Put is refused with fault.Conflict unless
// the stored version is i.Version-1 (0 = absent). Get and List are strongly
// consistent; a memory that is not there is fault.NotFound.
type Registry interface {
	Put(ctx context.Context, i Instance) error
	Get(ctx context.Context, m change.Memory) (Instance, error)
	// List pages a tenant's memories by id.
	List(ctx context.Context, tenant, after string, limit int) ([]Instance, error)
}

// Remover takes a memory away with all that it holds. It is refused with
// fault.Conflict while the memory has hooks.
type Remover interface {
	Remove(ctx context.Context, m change.Memory) error
}

// Statistics are what GET …/stats counts.
type Statistics struct {
	Grains     int
	Types      map[string]int
	Namespaces []string
	Bytes      int64
}

// Counter counts a memory's current grains.
type Counter interface {
	Count(ctx context.Context, m change.Memory) (Statistics, error)
}
