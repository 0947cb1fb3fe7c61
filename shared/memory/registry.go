package memory

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
)

// DetectsPII says whether COMP-H1 holds for hooks of a memory.
func (s *Service) DetectsPII(ctx context.Context, m change.Memory) (bool, error) {
	i, err := s.cfg.Registry.Get(ctx, m)
	return i.DetectsPII(), err
}

// Remove takes a memory away with its grains, its log and its keys. What was
// made under the same id later has nothing of it.
func (s *Service) Remove(ctx context.Context, m change.Memory) error {
	if err := s.cfg.Remover.Remove(ctx, m); err != nil {
		return err
	}
	s.cfg.Sealer.ForgetAll(vault(m))
	return nil
}
