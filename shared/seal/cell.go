package seal

import (
	"context"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// cellKey is an unwrapped cell key, split by use.
type cellKey struct {
	aead  cipher.AEAD // wraps subject keys
	blind *secret     // blinds words; only the first cell's is used
}

// Rotate adds a cell key and returns its id and time. Writes that begin after
// it get new subject keys: in this process at once, in others within twice
// CacheTTL. All that is older still opens. Where the rotation has to be stored
// together with something else, use NextCell and ForgetAll instead.
func (s *Sealer) Rotate(ctx context.Context, v Vault) (cellID string, at time.Time, err error) {
	for range rounds {
		next, replaces, err := s.NextCell(ctx, v)
		if err != nil {
			return "", time.Time{}, err
		}
		won, err := s.cfg.Cells.AddCell(ctx, v, next, replaces)
		s.ForgetAll(v)
		if err != nil {
			return "", time.Time{}, fmt.Errorf("seal: add a cell key: %w", err)
		}
		if won.ID == next.ID {
			return next.ID, next.CreatedAt, nil
		}
	}
	return "", time.Time{}, fault.New(fault.Unavailable, "the memory's keys are being rotated by too many at once: try again")
}

// NextCell plans a rotation and changes nothing: the cell to add, on condition
// that the newest is still replaces (empty: that there is none). After it is
// durable, call ForgetAll.
func (s *Sealer) NextCell(ctx context.Context, v Vault) (next Cell, replaces string, err error) {
	newest, _, err := s.cfg.Cells.NewestCell(ctx, v)
	if err != nil {
		return Cell{}, "", fmt.Errorf("seal: read the newest cell key: %w", err)
	}
	next, err = s.newCell(ctx, v, newest)
	return next, newest.ID, err
}

// newestCell returns the newest cell and makes the first. It asks the store
// when its cache disagrees with met, the cell of a record just read: then a met
// cell that is still not the newest is an older one.
func (s *Sealer) newestCell(ctx context.Context, v Vault, met string) (Cell, error) {
	if cell, ok := s.newest.get(v, s.cfg.Now()); ok && (met == "" || met == cell.ID) {
		return cell, nil
	}
	era, asked := s.newest.begin(), s.cfg.Now()
	cell, found, err := s.cfg.Cells.NewestCell(ctx, v)
	if err != nil {
		return Cell{}, fmt.Errorf("seal: read the newest cell key: %w", err)
	}
	if !found {
		first, err := s.newCell(ctx, v, Cell{})
		if err != nil {
			return Cell{}, err
		}
		if cell, err = s.cfg.Cells.AddCell(ctx, v, first, ""); err != nil {
			return Cell{}, fmt.Errorf("seal: add the first cell key: %w", err)
		}
	}
	s.newest.put(era, v, cell, asked.Add(s.cfg.CacheTTL))
	return cell, nil
}

// newCell draws the cell after newest (zero: the first) and wraps it; the raw
// key ends here.
func (s *Sealer) newCell(ctx context.Context, v Vault, newest Cell) (Cell, error) {
	now := s.stamp()
	id, err := s.newID(now)
	if err != nil {
		return Cell{}, err
	}
	raw, err := s.newSecret()
	if err != nil {
		return Cell{}, err
	}
	defer raw.wipe()
	wrapped, err := s.cfg.Wrapper.Wrap(ctx, cellContext(v, id), raw[:])
	if err != nil {
		return Cell{}, fmt.Errorf("seal: wrap a cell key: %w", err)
	}
	first := newest.First
	if first == "" {
		first = id
	}
	return Cell{ID: id, First: first, Wrapped: wrapped, CreatedAt: now}, nil
}

// cellByID returns the key of any generation.
func (s *Sealer) cellByID(ctx context.Context, v Vault, id string) (*cellKey, error) {
	if key, ok := s.cells.get(cellOf{v, id}, s.cfg.Now()); ok {
		return key, nil
	}
	cell, found, err := s.cfg.Cells.CellByID(ctx, v, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("seal: read a cell key: %w", err)
	case !found:
		return nil, fmt.Errorf("%w: the record of cell key %s is missing", ErrBroken, id)
	}
	return s.openCell(ctx, v, cell)
}

// openCell unwraps a cell key, or takes it from the cache.
func (s *Sealer) openCell(ctx context.Context, v Vault, cell Cell) (*cellKey, error) {
	of := cellOf{v, cell.ID}
	if key, ok := s.cells.get(of, s.cfg.Now()); ok {
		return key, nil
	}
	era, asked := s.cells.begin(), s.cfg.Now()
	raw, err := s.cfg.Wrapper.Unwrap(ctx, cellContext(v, cell.ID), cell.Wrapped)
	if err != nil {
		return nil, fmt.Errorf("seal: unwrap a cell key: %w", err)
	}
	defer clear(raw)
	if len(raw) != keySize {
		return nil, fmt.Errorf("%w: cell key %s has a wrong length", ErrBroken, cell.ID)
	}
	wrapping, err := derive(raw, "memhooks wrap subject keys")
	if err != nil {
		return nil, err
	}
	defer wrapping.wipe()
	blind, err := derive(raw, "memhooks blind words")
	if err != nil {
		return nil, err
	}
	aead, err := wrapping.aead()
	if err != nil {
		return nil, err
	}
	key := &cellKey{aead: aead, blind: blind}
	s.cells.put(era, of, key, asked.Add(s.cfg.CellTTL))
	return key, nil
}

// derive makes the key of one use out of a raw cell key.
func derive(raw []byte, use string) (*secret, error) {
	out, err := hkdf.Key(sha256.New, raw, nil, use, keySize)
	if err != nil {
		return nil, fmt.Errorf("seal: derive a key: %w", err)
	}
	defer clear(out)
	key := secret(out)
	return &key, nil
}

// cellContext binds a wrapped cell key to its memory.
func cellContext(v Vault, id string) map[string]string {
	return map[string]string{"use": "memhooks cell key", "tenant": v.Tenant, "memory": v.Memory, "cell": id}
}

// CheckCell fails where a wrapper does not open a stored cell key of a vault:
// it has another master key than the one that the data was sealed under.
func CheckCell(ctx context.Context, w Wrapper, v Vault, c Cell) error {
	raw, err := w.Unwrap(ctx, cellContext(v, c.ID), c.Wrapped)
	clear(raw)
	if err != nil {
		return fmt.Errorf("seal: unwrap a cell key: %w", err)
	}
	return nil
}
