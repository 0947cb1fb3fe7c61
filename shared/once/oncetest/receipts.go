// Package oncetest keeps receipts in memory, for tests of what needs them.
package oncetest

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/memhooks/memhooks/shared/once"
)

// Receipts is a once.Receipts. The zero value is empty. Failing makes both
// calls fail.
type Receipts struct {
	mu      sync.Mutex
	all     map[[2]string]once.Receipt
	Failing error
}

// Claim is once.Receipts'.
func (s *Receipts) Claim(_ context.Context, r once.Receipt, since int64) (once.Receipt, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, there := s.all[[2]string{r.Scope, r.Key}]
	if s.Failing != nil || there && have.At >= since {
		return have, false, s.Failing
	}
	if s.all == nil {
		s.all = map[[2]string]once.Receipt{}
	}
	s.all[[2]string{r.Scope, r.Key}] = r
	return r, true, nil
}

// Finish is once.Receipts'.
func (s *Receipts) Finish(_ context.Context, r once.Receipt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	have := s.all[[2]string{r.Scope, r.Key}]
	if have.Seed == r.Seed && s.Failing == nil {
		have.Status, have.Answer = r.Status, r.Answer
		s.all[[2]string{r.Scope, r.Key}] = have
	}
	return s.Failing
}

// All returns what is kept.
func (s *Receipts) All() []once.Receipt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.all))
}
