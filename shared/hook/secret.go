package hook

import (
	"context"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/sign"
)

// DefaultOverlap is how long both secrets sign after a rotation.
const DefaultOverlap = 24 * time.Hour

// maxOverlap keeps a retired secret from signing for ever.
const maxOverlap = 30 * 24 * time.Hour

// Secrets are what signs at a moment. Product signs the dialect's own header;
// Standard all sign webhook-signature, the newest first. Both are empty for an
// unsigned hook.
type Secrets struct {
	Product  *sign.Secret
	Standard []sign.Secret
}

func (s *Service) sealSecret(ctx context.Context, h Hook, secret sign.Secret) (*SealedSecret, error) {
	box, _, err := s.cfg.Sealer.Seal(ctx, vault(h.Memory), secretPair, []byte(secret.Reveal()), []byte(h.ID))
	if err != nil {
		return nil, fmt.Errorf("hook: seal a secret: %w", err)
	}
	return &SealedSecret{Box: box}, nil
}

// Open reads a hook's secrets as they sign at a moment: during a rotation's
// overlap the previous one still signs the product header.
func (s *Service) Open(ctx context.Context, h Hook, at time.Time) (Secrets, error) {
	if h.Secret == nil {
		return Secrets{}, nil
	}
	current, err := s.openSecret(ctx, h, h.Secret.Box)
	if err != nil {
		return Secrets{}, err
	}
	if h.Secret.Previous == nil || at.UnixMilli() >= h.Secret.Until {
		return Secrets{Product: &current, Standard: []sign.Secret{current}}, nil
	}
	previous, err := s.openSecret(ctx, h, h.Secret.Previous)
	if err != nil {
		return Secrets{}, err
	}
	return Secrets{Product: &previous, Standard: []sign.Secret{current, previous}}, nil
}

func (s *Service) openSecret(ctx context.Context, h Hook, box []byte) (sign.Secret, error) {
	plain, err := s.cfg.Sealer.Open(ctx, vault(h.Memory), box, []byte(h.ID))
	if err != nil {
		return sign.Secret{}, fmt.Errorf("hook: open the secret of %s: %w", h.ID, err)
	}
	return sign.NewSecret(string(plain))
}

// Rotate gives a hook a new secret, the caller's or a generated one, and
// returns it, this once. Both sign for the overlap; 0 switches at once.
func (s *Service) Rotate(ctx context.Context, m change.Memory, d change.Draw, id string, given *string, overlap time.Duration) (Hook, sign.Secret, error) {
	if overlap < 0 || overlap > maxOverlap {
		return Hook{}, sign.Secret{}, fault.New(fault.InvalidField, "overlap_seconds must be 0 to %d", int(maxOverlap.Seconds()))
	}
	secret, err := Settings{Secret: given, Generate: true}.secret(func() (sign.Secret, error) { return sign.Generate(d.Rand) })
	if err != nil {
		return Hook{}, sign.Secret{}, err
	}
	h, err := s.update(ctx, m, id, func(h *Hook) error {
		fresh, err := s.sealSecret(ctx, *h, *secret)
		if err != nil {
			return err
		}
		if h.Secret != nil && overlap > 0 {
			fresh.Previous, fresh.Until = h.Secret.Box, d.At.Add(overlap).UnixMilli()
		}
		h.Secret = fresh
		return nil
	})
	return h, *secret, err
}
