package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/memhooks/memhooks/shared/fault"
)

// Selector says what to erase: either all pairs of a person, or all pairs at or
// below a scope path. Exactly one of the two is set.
type Selector struct {
	Person string // exact
	Scope  string // slashes at its end mean nothing
}

// Validate returns a fault.InvalidField unless the selector says exactly one
// thing.
func (sel Selector) Validate() error {
	switch {
	case sel.Person != "" && sel.Scope != "":
		return fault.New(fault.InvalidField, "erase by a person or by a scope path, not by both: send one request for each")
	case sel.Person == "" && sel.root() == "":
		return fault.New(fault.InvalidField, "nothing to erase is named: give a person, or a scope path such as acme/prod")
	}
	return nil
}

// Covers tells whether a pair is to be erased. Paths are compared byte by byte
// at slash boundaries: acme/prod covers acme/prod and acme/prod/eu, never
// acme/production or Acme/prod. A selector that is not valid covers nothing.
func (sel Selector) Covers(p Pair) bool {
	if sel.Validate() != nil {
		return false
	}
	if sel.Person != "" {
		return p.Person == sel.Person
	}
	at, from, to := sel.Span()
	return p.Scope == at || from <= p.Scope && p.Scope < to
}

// Span says the same about scopes in a way that an index can follow: covered
// are the paths equal to at, and those with from <= path < to in byte order.
// All three are empty where the selector names no scope.
func (sel Selector) Span() (at, from, to string) {
	at = sel.root()
	if at == "" {
		return "", "", ""
	}
	return at, at + "/", at + string(rune('/'+1))
}

func (sel Selector) root() string { return strings.TrimRight(sel.Scope, "/") }

// Erasure is the proof of destroyed keys.
type Erasure struct {
	Fingerprint string    // 16 hex digits: SHA-256 over the raw keys in order of their ids; empty: no key
	Keys        []string  // ids, sorted
	At          time.Time // UTC
}

// Prove returns the proof that destroying these live keys will have, and
// destroys nothing. It may ask Cells and Wrapper, never Keys, so that a store
// can call it inside its own transaction: list the covered live keys, prove
// them, destroy exactly those, commit, then call Forget with Erasure.Keys.
func (s *Sealer) Prove(ctx context.Context, v Vault, keys []KeyRecord) (Erasure, error) {
	proof := Erasure{At: s.stamp()}
	if len(keys) == 0 {
		return proof, nil
	}
	keys = slices.SortedFunc(slices.Values(keys), func(a, b KeyRecord) int { return strings.Compare(a.ID, b.ID) })
	sum := sha256.New()
	for _, rec := range keys {
		raw, err := s.rawSubject(ctx, v, rec)
		if err != nil {
			return Erasure{}, err
		}
		sum.Write(raw[:])
		raw.wipe()
		proof.Keys = append(proof.Keys, rec.ID)
	}
	proof.Fingerprint = hex.EncodeToString(sum.Sum(nil)[:8])
	return proof, nil
}

// Erase destroys all keys that sel covers and drops them here. Once it has
// returned, Open answers ErrErased for all they sealed: here at once, in other
// processes as the Eraser promises. Writing for the same pairs goes on under
// new keys. When it fails, part may be erased; call it again.
func (s *Sealer) Erase(ctx context.Context, by Eraser, v Vault, sel Selector) (Erasure, error) {
	if err := sel.Validate(); err != nil {
		return Erasure{}, err
	}
	proof, err := by.DestroyKeys(ctx, v, sel, func(keys []KeyRecord) (Erasure, error) {
		return s.Prove(ctx, v, keys)
	})
	if err != nil {
		s.ForgetAll(v)
		return Erasure{}, fmt.Errorf("seal: destroy keys: %w", err)
	}
	s.Forget(v, proof.Keys...)
	return proof, nil
}
