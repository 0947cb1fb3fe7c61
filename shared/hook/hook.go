// Package hook is what a subscriber asked for: which events, how they are
// shaped and signed, what it may see, and where they go.
package hook

import (
	"context"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/hook/pattern"
	"github.com/memhooks/memhooks/shared/redact"
)

// Mode is how events leave: pushed to a URL or polled from the log.
type Mode string

// The delivery modes.
const (
	Webhook Mode = "webhook"
	CDC     Mode = "cdc"
)

// State is whether a hook is being delivered to.
type State string

// The states. Held, paused and disabled hooks keep their place in the log.
const (
	Active   State = "active"
	Paused   State = "paused"   // by a caller
	Held     State = "held"     // after too many dead letters in a row
	Disabled State = "disabled" // its receiver answered 410
)

// Hook is one subscription.
type Hook struct {
	ID          string
	Memory      change.Memory
	Name        string
	Description string
	Mode        Mode
	URL         string // webhook mode only
	Dialect     string
	Causes      []events.Cause // empty = every event that the dialect has
	Namespace   *string        // nil = all; exact match
	Pattern     pattern.Pattern
	Redaction   redact.Mode
	PIIRisk     *Acknowledgement
	MaxRetries  int // 0 to 20
	State       State
	Secret      *SealedSecret // nil = unsigned
	CreatedAt   int64         // epoch milliseconds
	Since       int64         // the memory's head when the hook was made: it sees what came after
	Version     int           // counts puts, from 1
}

// Acknowledgement is who accepted that full content leaves the house, and when.
type Acknowledgement struct {
	At    int64  `json:"at"`
	KeyID string `json:"key_id"`
}

// SealedSecret is a hook's signing secret under the memory's keys. During a
// rotation Previous still signs until Until (epoch milliseconds).
type SealedSecret struct {
	Box      []byte `json:"box"`
	Previous []byte `json:"previous,omitempty"`
	Until    int64  `json:"until,omitempty"`
}

// Wants says whether the hook sees a change, before its dialect is asked
// whether it has a name for it. Patterns see what Fields made of the change;
// what they say of content keeps no hook from being told of an erasure.
func (h *Hook) Wants(c *change.Change, fields pattern.Lookup) bool {
	if !h.asks(c) || !h.covers(c) {
		return false
	}
	if memoryWide(c) && !h.Pattern.Names("event_type") {
		return true
	}
	if c.Cause == events.MemoryErased { // its content is unknown, for it is erased
		return h.Pattern.MatchMetadata(fields)
	}
	return h.Pattern.Match(fields)
}

// Store keeps hooks. Put is a compare-and-set: it is refused with fault.Conflict
// unless the stored version is h.Version (0 = absent), and returns the hook as it
// stands then, one version on. Secrets leave the core sealed. A put is durable
// when it returns, and every change whose write began after that is matched
// against it. Get and List are strongly consistent.
type Store interface {
	Put(ctx context.Context, h Hook) (Hook, error)
	Get(ctx context.Context, m change.Memory, id string) (Hook, error)
	// List returns a memory's hooks in the order of their making.
	List(ctx context.Context, m change.Memory) ([]Hook, error)
}

// Remover deletes a hook: its pending jobs end as cancelled, its settled ones
// and dead letters go with it. Deleting what is not there is no error.
type Remover interface {
	Remove(ctx context.Context, m change.Memory, id string) error
}

// Mover moves a hook's place in the log when it resumes: to the head (what lies
// between ends as skipped) or not at all.
type Mover interface {
	SkipToHead(ctx context.Context, m change.Memory, id string) (skipped int, err error)
}
