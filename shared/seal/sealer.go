package seal

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"time"

	"github.com/oklog/ulid/v2"
)

// A box is version (1 byte), key id (16), nonce (12), ciphertext, tag (16).
const (
	version    = 1
	headerSize = 1 + len(ulid.ULID{})
	nonceSize  = 12
	tagSize    = 16
)

// Overhead is how many bytes a box is longer than what it holds.
const Overhead = headerSize + nonceSize + tagSize

// Config is what a Sealer works with. Keys, Cells and Wrapper are required.
type Config struct {
	Keys    Keys
	Cells   Cells
	Wrapper Wrapper

	Random io.Reader        // safe for concurrent use; nil: crypto/rand
	Now    func() time.Time // nil: time.Now

	// CacheTTL is how long a subject key, or the knowledge which cell key is
	// the newest, may be used without asking the store. 0 or less: 2 s, the
	// most that is right where several processes share a store. Where there is
	// one process only, an hour does no harm.
	CacheTTL time.Duration
	// CellTTL is how long an unwrapped cell key is kept. 0 or less: 5 minutes.
	CellTTL time.Duration
	// CacheSize is how many subject keys (of each use, sealing and opening) and
	// cell keys are kept. 0 or less: 4096, about 4 MiB when full.
	CacheSize int
}

// Sealer seals and opens content, and erases and rotates its keys. It is safe
// for concurrent use. A raw key leaves it in no form but, wrapped, to the ports.
type Sealer struct {
	cfg Config

	current *cache[pairOf, *subjectKey] // what to seal with
	known   *cache[keyOf, *subjectKey]  // what to open with
	newest  *cache[Vault, Cell]
	cells   *cache[cellOf, *cellKey]
}

type (
	pairOf struct {
		vault Vault
		pair  Pair
	}
	keyOf struct {
		vault Vault
		id    ulid.ULID
	}
	cellOf struct {
		vault Vault
		id    string
	}
)

// New makes a Sealer; it asks nothing of the ports yet.
func New(cfg Config) *Sealer {
	if cfg.Random == nil {
		cfg.Random = rand.Reader
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.CacheTTL <= 0 {
		cfg.CacheTTL = 2 * time.Second
	}
	if cfg.CellTTL <= 0 {
		cfg.CellTTL = 5 * time.Minute
	}
	if cfg.CacheSize <= 0 {
		cfg.CacheSize = 4096
	}
	return &Sealer{
		cfg:     cfg,
		current: newCache[pairOf, *subjectKey](cfg.CacheSize),
		known:   newCache[keyOf, *subjectKey](cfg.CacheSize),
		newest:  newCache[Vault, Cell](cfg.CacheSize),
		cells:   newCache[cellOf, *cellKey](cfg.CacheSize),
	}
}

// Seal encrypts plain under the pair's current key, which it makes where there
// is none or where the memory's keys were rotated since. The box opens only
// with an equal bind (for example the grain's hash; may be empty).
//
// The key may be destroyed before the box is stored: whoever stores it checks
// in the same transaction that keyID is live, and if not calls Forget with it
// and seals again.
func (s *Sealer) Seal(ctx context.Context, v Vault, p Pair, plain, bind []byte) (box []byte, keyID string, err error) {
	key, err := s.sealingKey(ctx, v, p)
	if err != nil {
		return nil, "", err
	}
	box = make([]byte, headerSize+nonceSize, Overhead+len(plain))
	box[0] = version
	copy(box[1:], key.id[:])
	nonce := box[headerSize:]
	if _, err := io.ReadFull(s.cfg.Random, nonce); err != nil {
		return nil, "", fmt.Errorf("seal: draw a nonce: %w", err)
	}
	return key.aead.Seal(box, nonce, plain, bound(box, bind)), key.name, nil
}

// Open returns what a box holds. ErrErased when its key is destroyed, ErrBroken
// when it is not what Seal made for this memory and an equal bind. It is never
// an error of the bytes when a port fails.
func (s *Sealer) Open(ctx context.Context, v Vault, box, bind []byte) ([]byte, error) {
	id, err := boxKey(box)
	if err != nil {
		return nil, err
	}
	key, err := s.openingKey(ctx, v, id)
	if err != nil {
		return nil, err
	}
	nonce, sealed := box[headerSize:headerSize+nonceSize], box[headerSize+nonceSize:]
	plain, err := key.aead.Open(nil, nonce, sealed, bound(box, bind))
	if err != nil {
		return nil, ErrBroken
	}
	return plain, nil
}

// KeyID returns the id of the key that a box was sealed under, without opening
// it; ErrBroken when it is no box.
func KeyID(box []byte) (string, error) {
	id, err := boxKey(box)
	if err != nil {
		return "", err
	}
	return id.String(), nil
}

// Forget drops keys from this Sealer's caches: after their erasure is durable,
// or when one turned out not to be live. A load that is under way now won't put
// them back. Other processes forget within CacheTTL.
func (s *Sealer) Forget(v Vault, keyIDs ...string) {
	if len(keyIDs) == 0 {
		return
	}
	gone := make(map[string]bool, len(keyIDs))
	for _, id := range keyIDs {
		gone[id] = true
	}
	s.current.drop(func(of pairOf, key *subjectKey) bool { return of.vault == v && gone[key.name] })
	s.known.drop(func(of keyOf, key *subjectKey) bool { return of.vault == v && gone[key.name] })
}

// ForgetAll drops all keys of a memory, and which cell key is its newest, from
// this Sealer's caches: after a rotation, and after the memory was removed.
func (s *Sealer) ForgetAll(v Vault) {
	s.cells.drop(func(of cellOf, _ *cellKey) bool { return of.vault == v })
	s.newest.drop(func(of Vault, _ Cell) bool { return of == v })
	s.current.drop(func(of pairOf, _ *subjectKey) bool { return of.vault == v })
	s.known.drop(func(of keyOf, _ *subjectKey) bool { return of.vault == v })
}

// boxKey reads the key id out of a box's header.
func boxKey(box []byte) (ulid.ULID, error) {
	if len(box) < Overhead || box[0] != version {
		return ulid.ULID{}, ErrBroken
	}
	return ulid.ULID(box[1:headerSize]), nil
}

// bound is a box's associated data: its header, then bind.
func bound(box, bind []byte) []byte { return append(box[:headerSize:headerSize], bind...) }

// stamp reads the clock for a record: UTC, in whole milliseconds.
func (s *Sealer) stamp() time.Time { return s.cfg.Now().UTC().Truncate(time.Millisecond) }

// newID draws a ULID that sorts by now.
func (s *Sealer) newID(now time.Time) (string, error) {
	id, err := ulid.New(ulid.Timestamp(now), s.cfg.Random)
	if err != nil {
		return "", fmt.Errorf("seal: draw an id: %w", err)
	}
	return id.String(), nil
}

// newSecret draws a raw key; the caller wipes it.
func (s *Sealer) newSecret() (*secret, error) {
	raw := new(secret)
	if _, err := io.ReadFull(s.cfg.Random, raw[:]); err != nil {
		return nil, fmt.Errorf("seal: draw a key: %w", err)
	}
	return raw, nil
}
