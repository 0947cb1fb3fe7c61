package seal

import "context"

// Keys stores subject keys. All methods are strongly consistent, safe for
// concurrent use from many processes, and never wait for the Sealer. A method
// that meets an erasure under way on the pair waits for its end, or fails with
// fault.Unavailable.
type Keys interface {
	// CurrentKey returns the live key that the last CreateKey put in place for
	// exactly this pair; false where no key of the pair is live.
	CurrentKey(context.Context, Vault, Pair) (KeyRecord, bool, error)

	// CreateKey makes a key the current one of its pair, on condition that the
	// current one is still replaces or that none is live; it is durable when
	// the call returns. Otherwise it stores nothing and returns the current key
	// instead. So one of several callers wins and all get a live key. The
	// replaced key stays live.
	CreateKey(ctx context.Context, v Vault, key KeyRecord, replaces string) (KeyRecord, error)

	// KeyByID returns a key in either state: a destroyed one as Destroyed with
	// no Wrapped, never as absent. False: this memory never had such a key.
	KeyByID(ctx context.Context, v Vault, id string) (KeyRecord, bool, error)
}

// Cells stores the generations of cell keys, under the same promises as Keys.
type Cells interface {
	// NewestCell returns the cell added last; false before the first.
	NewestCell(context.Context, Vault) (Cell, bool, error)

	// CellByID returns any generation; false: this memory never had it.
	CellByID(ctx context.Context, v Vault, id string) (Cell, bool, error)

	// AddCell adds a generation, on condition that the newest is still replaces
	// (empty: that there is none); it is durable when the call returns.
	// Otherwise it stores nothing and returns the newest instead.
	AddCell(ctx context.Context, v Vault, cell Cell, replaces string) (Cell, error)
}

// Eraser destroys subject keys.
type Eraser interface {
	// DestroyKeys destroys every live key, current or replaced, of each pair
	// that sel covers, and no other. It calls prove with them once no more can
	// appear and before the first is destroyed (an empty list too), and returns
	// what prove said. When it returns, each is Destroyed without a trace of its
	// wrapped bytes, durably. Where several processes share the store, it fences
	// the pairs first (no key of them is handed out or created) and waits for
	// CacheTTL to pass, so that after it no other process seals or opens with
	// them. When it fails, any part may be destroyed; calling it again is
	// harmless and ends the work.
	DestroyKeys(ctx context.Context, v Vault, sel Selector, prove func([]KeyRecord) (Erasure, error)) (Erasure, error)
}

// Wrapper wraps cell keys under the master key. It is called when a cell key is
// made and about once per CellTTL and process after that, not per event. Safe
// for concurrent use.
type Wrapper interface {
	// Wrap encrypts raw (32 bytes) and binds it to about, which is no secret
	// and may appear in audit logs. It keeps no reference to raw.
	Wrap(ctx context.Context, about map[string]string, raw []byte) ([]byte, error)

	// Unwrap returns what was wrapped under an equal about; the caller may
	// overwrite it. Anything else is an error.
	Unwrap(ctx context.Context, about map[string]string, wrapped []byte) ([]byte, error)
}
