package seal

import (
	"context"
	"crypto/cipher"
	"fmt"
	"io"

	"github.com/memhooks/memhooks/shared/fault"
	"github.com/oklog/ulid/v2"
)

// rounds bounds how often a lost race for a key or a cell is run again.
const rounds = 16

// subjectKey is an unwrapped subject key, ready for use.
type subjectKey struct {
	id   ulid.ULID
	name string // id as text
	aead cipher.AEAD
}

// sealingKey returns the pair's current key, made under the newest cell key.
func (s *Sealer) sealingKey(ctx context.Context, v Vault, p Pair) (*subjectKey, error) {
	of := pairOf{v, p}
	if key, ok := s.current.get(of, s.cfg.Now()); ok {
		return key, nil
	}
	era, knownEra, asked := s.current.begin(), s.known.begin(), s.cfg.Now()
	rec, err := s.currentRecord(ctx, v, p)
	if err != nil {
		return nil, err
	}
	key, err := s.unwrapSubject(ctx, v, rec)
	if err != nil {
		return nil, err
	}
	expires := asked.Add(s.cfg.CacheTTL)
	s.current.put(era, of, key, expires)
	s.known.put(knownEra, keyOf{v, key.id}, key, expires)
	return key, nil
}

// currentRecord reads the pair's current key, and replaces one that is missing
// or wrapped by an older cell key than the newest.
func (s *Sealer) currentRecord(ctx context.Context, v Vault, p Pair) (KeyRecord, error) {
	rec, found, err := s.cfg.Keys.CurrentKey(ctx, v, p)
	if err != nil {
		return KeyRecord{}, fmt.Errorf("seal: read the current key: %w", err)
	}
	if !found {
		rec = KeyRecord{}
	}
	for range rounds {
		cell, err := s.newestCell(ctx, v, rec.Cell)
		if err != nil {
			return KeyRecord{}, err
		}
		if rec.ID != "" && rec.Cell == cell.ID {
			return rec, nil
		}
		fresh, err := s.newSubject(ctx, v, p, cell)
		if err != nil {
			return KeyRecord{}, err
		}
		rec, err = s.cfg.Keys.CreateKey(ctx, v, fresh, rec.ID)
		if err != nil {
			return KeyRecord{}, fmt.Errorf("seal: create a key: %w", err)
		}
	}
	return KeyRecord{}, fault.New(fault.Unavailable, "the memory's keys are being rotated too often to write: try again")
}

// openingKey returns the key of an id.
func (s *Sealer) openingKey(ctx context.Context, v Vault, id ulid.ULID) (*subjectKey, error) {
	of := keyOf{v, id}
	if key, ok := s.known.get(of, s.cfg.Now()); ok {
		return key, nil
	}
	era, asked := s.known.begin(), s.cfg.Now()
	rec, found, err := s.cfg.Keys.KeyByID(ctx, v, id.String())
	switch {
	case err != nil:
		return nil, fmt.Errorf("seal: read a key: %w", err)
	case !found:
		return nil, ErrBroken
	}
	key, err := s.unwrapSubject(ctx, v, rec)
	if err != nil {
		return nil, err
	}
	s.known.put(era, keyOf{v, key.id}, key, asked.Add(s.cfg.CacheTTL))
	return key, nil
}

// newSubject draws a subject key and wraps it; the raw key ends here.
func (s *Sealer) newSubject(ctx context.Context, v Vault, p Pair, cell Cell) (KeyRecord, error) {
	wrapping, err := s.openCell(ctx, v, cell)
	if err != nil {
		return KeyRecord{}, err
	}
	now := s.stamp()
	id, err := s.newID(now)
	if err != nil {
		return KeyRecord{}, err
	}
	raw, err := s.newSecret()
	if err != nil {
		return KeyRecord{}, err
	}
	defer raw.wipe()
	rec := KeyRecord{ID: id, Pair: p, Cell: cell.ID, State: Live, CreatedAt: now}
	nonce := make([]byte, nonceSize, nonceSize+keySize+tagSize)
	if _, err := io.ReadFull(s.cfg.Random, nonce); err != nil {
		return KeyRecord{}, fmt.Errorf("seal: draw a nonce: %w", err)
	}
	rec.Wrapped = wrapping.aead.Seal(nonce, nonce, raw[:], subjectContext(v, rec))
	return rec, nil
}

// unwrapSubject makes a live record's key ready for use.
func (s *Sealer) unwrapSubject(ctx context.Context, v Vault, rec KeyRecord) (*subjectKey, error) {
	id, err := ulid.ParseStrict(rec.ID)
	if err != nil {
		return nil, fmt.Errorf("%w: a key's id is not a ULID", ErrBroken)
	}
	raw, err := s.rawSubject(ctx, v, rec)
	if err != nil {
		return nil, err
	}
	defer raw.wipe()
	aead, err := raw.aead()
	if err != nil {
		return nil, err
	}
	return &subjectKey{id: id, name: rec.ID, aead: aead}, nil
}

// rawSubject unwraps a live record; the caller wipes the raw key.
func (s *Sealer) rawSubject(ctx context.Context, v Vault, rec KeyRecord) (*secret, error) {
	if rec.State == Destroyed {
		return nil, ErrErased
	}
	if rec.State != Live || len(rec.Wrapped) != nonceSize+keySize+tagSize {
		return nil, fmt.Errorf("%w: the record of key %s is damaged", ErrBroken, rec.ID)
	}
	wrapping, err := s.cellByID(ctx, v, rec.Cell)
	if err != nil {
		return nil, err
	}
	raw := new(secret)
	nonce, sealed := rec.Wrapped[:nonceSize], rec.Wrapped[nonceSize:]
	if _, err := wrapping.aead.Open(raw[:0], nonce, sealed, subjectContext(v, rec)); err != nil {
		return nil, fmt.Errorf("%w: the record of key %s is damaged", ErrBroken, rec.ID)
	}
	return raw, nil
}

// subjectContext binds a wrapped subject key to all that its record says.
func subjectContext(v Vault, rec KeyRecord) []byte {
	return associate("memhooks subject key", v.Tenant, v.Memory, rec.ID, rec.Cell, rec.Pair.Person, rec.Pair.Scope)
}
