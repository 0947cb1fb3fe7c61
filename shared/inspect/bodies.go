package inspect

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
)

// Deliveries adds their bodies to records of a memory's hooks, in their order.
// Those of a hook that is not among these, as it was deleted meanwhile, are left
// out.
func (s *Service) Deliveries(ctx context.Context, m change.Memory, hooks []hook.Hook, records []delivery.Record) ([]Delivery, error) {
	detects, err := s.cfg.Memories.DetectsPII(ctx, m)
	if err != nil {
		return nil, err
	}
	of := make(map[string]hook.Hook, len(hooks))
	for _, h := range hooks {
		of[h.ID] = h
	}
	var known []delivery.Record
	for _, r := range records {
		if _, there := of[r.Job.Hook]; there {
			known = append(known, r)
		}
	}
	out := make([]Delivery, len(known))
	return out, side(len(known), func(i int) error {
		h := of[known[i].Job.Hook]
		told, err := s.tell(ctx, known[i].Job.Entry)
		if err != nil {
			return err
		}
		out[i], err = withBody(h, redact.Effective(h.Redaction, detects, h.PIIRisk != nil), told, known[i])
		return err
	})
}
