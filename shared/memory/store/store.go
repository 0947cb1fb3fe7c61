// Package store is what the memory stage asks of a cloud: grains as they are
// kept, identifiers in the open and content sealed, and the ports that keep,
// find, erase and count them.
package store

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/seal"
)

// State says what can still be read of a stored grain.
type State uint8

// The states. A gone grain keeps identifiers only; its Box is nil.
const (
	Current    State = iota // the newest version of its lineage
	Superseded              // an older version, kept as history
	Gone                    // forgotten or erased with its lineage
)

// Stored is a grain as a cloud keeps it: identifiers in the open, content sealed.
type Stored struct {
	Hash      string
	Lineage   string // hash of the first grain; equals Hash for a first grain
	Type      string
	Namespace string
	Person    string // user_id; "" = none
	ScopePath string // as given; "" = none
	CreatedAt int64  // the grain's own, epoch milliseconds
	FirstAt   int64  // CreatedAt of the lineage's first grain
	Version   int    // from 1
	State     State
	KeyID     string // the key that Box is sealed under
	Subject   []byte // blind of the subject; nil = none
	Name      []byte // blind of namespace and memory-set key; nil = none
	Box       []byte // sealed fields
	Seq       int64  // of the change that made it current; 0 where the cloud does not keep it
}

// Scope is where the grain belongs: its scope path, or where that is absent
// its namespace.
func (s Stored) Scope() string {
	if s.ScopePath != "" {
		return s.ScopePath
	}
	return s.Namespace
}

// Step is one conditional part of a write. Exactly one of its forms is meant:
// Put set adds (Expect "") or supersedes (Expect = the current hash); Forget
// deletes the lineage whose current hash is Expect; neither only raises the change.
type Step struct {
	Lineage string
	Expect  string
	Put     *Stored
	Forget  bool
	Change  change.Change
	View    change.View // what filters see; for a forgotten grain, as it last was
}

// Write is all of it or nothing.
type Write struct {
	Memory change.Memory
	Steps  []Step
}

// Committed answers a write, one entry per step.
type Committed struct {
	// Seq is the change's position, 0 where the cloud does not know it yet or
	// nothing was raised.
	Seq []int64
	// Existing marks an add whose very grain was already current: it changed
	// nothing and raised nothing.
	Existing []bool
}

// ConflictError is a Commit that was refused because the state was not what a
// step expected. Nothing was written.
type ConflictError struct {
	Step    int
	Reason  Reason
	Current Stored // what stands there; zero where nothing does
}

// Reason is why a step did not fit.
type Reason uint8

// The reasons.
const (
	Moved    Reason = iota // the lineage's current grain is another, or it is gone
	Taken                  // the memory-set key belongs to another lineage, or the hash to another grain
	KeyGone                // the sealing key was destroyed: seal again under a new one
	NoMemory               // the memory itself is not there
)

// Error says which step did not fit.
func (e *ConflictError) Error() string {
	return [...]string{"the lineage has moved on", "the key or hash is taken", "the sealing key is gone", "the memory does not exist"}[e.Reason]
}

// Store keeps grains. Commit is atomic, answers after the write is durable,
// raises exactly one change per step (none for an Existing one), and is
// refused with *ConflictError when a condition does not hold. It is safe for
// concurrent use; concurrent writes of one lineage are decided by their
// conditions. A retry is the caller's.
type Store interface {
	Commit(ctx context.Context, w Write) (Committed, error)
	// Load is strongly consistent. fault.NotFound where nothing has that name;
	// a gone grain is returned with its State.
	Load(ctx context.Context, m change.Memory, ref Ref) (Stored, error)
	// Scan pages current grains in a stable order; grains written meanwhile may
	// or may not be among them, none is left out that stood throughout.
	Scan(ctx context.Context, m change.Memory, f Filter, after string, limit int) (Page, error)
}

// Ref names a grain in one of four ways; exactly one field is set. Prefix,
// Lineage and Name lead to the lineage's current grain (or its gone head), Hash
// to that very grain.
type Ref struct {
	Hash    string
	Lineage string
	Prefix  string // the first 32 digits of the lineage's hash: a REM id's
	Name    []byte // blind of namespace and memory-set key
}

// Filter narrows a scan; zero fields do not narrow. ScopeTree takes the path
// and everything below it; Siblings widens it by what lies beside it.
type Filter struct {
	Namespace *string
	Type      string
	Person    string
	Subject   []byte
	ScopeTree string
	Named     bool // only grains with a memory-set key
	Newest    bool // an order, no narrowing: the last written first
}

// Page is a part of a scan; Next is "" at the end.
type Page struct {
	Grains []Stored
	Next   string
	Total  int // of the whole scan; -1 where the cloud would have to read it all
}

// Eraser destroys keys and what they sealed. Plan is pure and may be called
// more than once, first perhaps without the grains; what its last call gives
// counts; it gets the live keys that the selector covers and the current grains
// that were sealed under them (perhaps without their boxes), and gives the
// changes to raise, none where there is nothing to erase. Where it fails before
// a key was destroyed, nothing is erased. When Erase returns, no process can
// seal or open with a destroyed key, the grains' lineages are gone with their
// boxes and search entries, and no freed page or log file keeps them.
//
// A call that ended half-way is continued by the next with an equal selector.
// Its plan gets no keys where they are destroyed already, and its first change
// is passed over: told is the Erased change that is raised, by this call or
// the one before, zero where there was nothing to erase. What was written
// between the two is erased as well, and told by an Erased of its own, which is
// the answer then. seal.ErrContinuing comes with what is known of it.
type Eraser interface {
	Erase(ctx context.Context, m change.Memory, sel seal.Selector, plan ErasePlan) (told change.Change, err error)
}

// ErasePlan decides what an erasure tells the outside: first its Erased change,
// then one MemoryErased for each grain.
type ErasePlan func(keys []seal.KeyRecord, current []Stored) ([]change.Change, error)

// Index finds candidates for a recall. Terms are blind: HMACs, never words.
type Index interface {
	// Find returns current grains that hold at least one of any and all of
	// must, the likeliest first: a rare term counts more than a frequent one,
	// and of very many that are as likely the newest are taken.
	Find(ctx context.Context, m change.Memory, any, must []string, limit int) (Found, error)
	// Pending returns current grains that the index does not hold yet, at most
	// limit, oldest first. The zero memory means all memories.
	Pending(ctx context.Context, m change.Memory, limit int) ([]Located, error)
	// Put indexes grains that are still current; others are passed over.
	Put(ctx context.Context, docs []Document) error
}

// Located is a grain and the memory it stands in.
type Located struct {
	Memory change.Memory
	Grain  Stored
}

// Document is one grain's terms.
type Document struct {
	Memory change.Memory
	Hash   string
	Terms  []string
}

// Found is the answer of an index. Docs and Frequency describe the index of that
// memory, Frequency for the terms of any; Cut is set where there were more
// candidates than the limit.
type Found struct {
	Grains    []Stored
	Docs      int
	Frequency map[string]int
	Cut       bool
}
