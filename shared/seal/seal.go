// Package seal keeps content unreadable without its key, so that destroying a
// key erases the content wherever its copies went.
//
// Content is sealed with AES-256-GCM from the first write on, under a random
// subject key per memory, person (or none) and exact scope path. A subject key
// is kept wrapped by its memory's cell key, a cell key wrapped by the master
// key (port Wrapper). Erasure destroys subject keys; rotation adds a cell key,
// after which new writes get new subject keys and everything older still opens.
//
// The package holds no store: Keys, Cells and Eraser are what it asks of one.
package seal

import (
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// ErrErased says that the key of some content is destroyed: nobody can open it
// again. Its kind is fault.NotFound.
var ErrErased error = fault.New(fault.NotFound, "the content was erased: its key is destroyed")

// ErrContinuing says that an erasure had no more time: every key is destroyed,
// but not all that they sealed is taken away yet. Its kind is
// fault.Unavailable.
var ErrContinuing error = fault.New(fault.Unavailable, "the keys are destroyed, and what they sealed is being taken away: repeat the request to end it")

// ErrBroken says that sealed bytes don't open: they are no box, were altered,
// are bound to something else, or name a key that this memory never had. Its
// kind is fault.Internal.
var ErrBroken error = fault.New(fault.Internal, "sealed bytes do not open: they were altered, or belong to another grain or memory; restore the store from a sound copy")

// Vault names whose keys are meant: one memory of one tenant.
type Vault struct{ Tenant, Memory string }

// Pair is what one subject key seals: a person (empty: none) and an exact
// scope path. Both are compared byte by byte.
type Pair struct{ Person, Scope string }

// State is where a subject key is in its life; it goes from Live to Destroyed
// and never back. The values may be stored as they are.
type State string

// The states of a subject key.
const (
	Live      State = "live"
	Destroyed State = "destroyed"
)

// KeyRecord is a subject key as it is stored: never the raw key.
type KeyRecord struct {
	ID        string // 26 characters (ULID), sorts by CreatedAt to the millisecond
	Pair      Pair
	Cell      string // the cell key that wraps it
	Wrapped   []byte // nil once destroyed
	State     State
	CreatedAt time.Time // UTC, whole milliseconds
}

// Cell is one generation of a memory's cell key as it is stored: never the raw
// key. Cells are never changed and never removed.
type Cell struct {
	ID        string // 26 characters (ULID)
	First     string // the memory's first cell, whose key blinds words; its own ID for that one
	Wrapped   []byte
	CreatedAt time.Time // UTC, whole milliseconds
}
