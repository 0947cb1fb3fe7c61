package roadtest

import (
	"context"

	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/seal"
)

// openHooks keeps one of a hook's secrets beside its box.
type openHooks struct {
	hook.Store
	sealer *seal.Sealer
	which  func(*hook.SealedSecret) []byte
}

func opener(c *cloud.Cloud) *seal.Sealer {
	return seal.New(seal.Config{Keys: c.Keys, Cells: c.Cells, Wrapper: c.Wrapper})
}

func newest(s *hook.SealedSecret) []byte   { return s.Box }
func replaced(s *hook.SealedSecret) []byte { return s.Previous }

func (s openHooks) Put(ctx context.Context, h hook.Hook) (hook.Hook, error) {
	if h.Secret != nil && s.which(h.Secret) != nil {
		plain, err := s.sealer.Open(ctx, seal.Vault{Tenant: h.Memory.Tenant, Memory: h.Memory.ID}, s.which(h.Secret), []byte(h.ID))
		if err != nil {
			return hook.Hook{}, err
		}
		h.Description = string(plain)
	}
	return s.Store.Put(ctx, h)
}
