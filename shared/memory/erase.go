package memory

import (
	"context"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// Erasure is the proof of an erasure. Count is lineages; Fingerprint is empty
// where there was no key to destroy.
type Erasure struct {
	Count       int
	Fingerprint string
	At          int64 // epoch milliseconds
}

// Erase destroys every key that the selector covers, with all that they
// sealed, and raises one Erased and one MemoryErased for each lineage. When it
// returns nothing of the person or scope can be read any more. Where there is
// nothing, it raises nothing. It fails with seal.ErrContinuing, and what is
// known of the proof, where the keys are destroyed and the rest needs another
// call; that one answers with the proof of both.
func (s *Service) Erase(ctx context.Context, m change.Memory, d change.Draw, sel seal.Selector) (Erasure, error) {
	sel, err := named(sel)
	if err != nil {
		return Erasure{}, err
	}
	var gone []string
	told, err := s.cfg.Eraser.Erase(ctx, m, sel, func(keys []seal.KeyRecord, current []store.Stored) ([]change.Change, error) {
		proof, err := s.cfg.Sealer.Prove(ctx, vault(m), keys)
		if err != nil {
			return nil, fmt.Errorf("memory: prove an erasure: %w", err)
		}
		gone = append(gone, proof.Keys...)
		done := Erasure{Count: len(current), Fingerprint: proof.Fingerprint, At: d.At.UnixMilli()}
		if len(keys) == 0 && len(current) == 0 {
			return nil, nil
		}
		return erasedChanges(m, d, sel, done, current), nil
	})
	s.cfg.Sealer.Forget(vault(m), gone...)
	if told.ID == "" {
		return Erasure{At: d.At.UnixMilli()}, err
	}
	return Erasure{Count: told.Count, Fingerprint: told.Fingerprint, At: told.At}, err
}

// named brings a selector's names into the form that grains have theirs in.
func named(sel seal.Selector) (seal.Selector, error) {
	var err error
	if sel.Person, err = normalName("user_id", sel.Person); err != nil {
		return sel, err
	}
	if sel.Scope, err = normalName("scope_path", sel.Scope); err != nil {
		return sel, err
	}
	return sel, sel.Validate()
}

func erasedChanges(m change.Memory, d change.Draw, sel seal.Selector, done Erasure, current []store.Stored) []change.Change {
	out := make([]change.Change, 0, len(current)+1)
	out = append(out, change.Change{
		ID: d.ID(), Memory: m, Cause: events.Erased, At: done.At,
		UserID: sel.Person, ScopePath: sel.Scope, Count: done.Count, Fingerprint: done.Fingerprint,
	})
	for _, st := range current {
		out = append(out, raised(m, d, events.MemoryErased, st))
	}
	return out
}

// Rotate begins a new generation of the memory's keys and raises Rotated.
// Everything older stays readable.
func (s *Service) Rotate(ctx context.Context, m change.Memory, d change.Draw) (keyID string, at time.Time, err error) {
	keyID, at, err = s.cfg.Sealer.Rotate(ctx, vault(m))
	if err != nil {
		return "", time.Time{}, err
	}
	c := change.Change{ID: d.ID(), Memory: m, Cause: events.Rotated, At: d.At.UnixMilli(), KeyID: keyID}
	_, err = s.commit(ctx, m, store.Step{Change: c})
	return keyID, at, err
}
