package inspect

import (
	"context"
	"strings"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/fault"
	"github.com/memhooks/memhooks/shared/memory/store"
)

// Troubles tells of many memories at once where a person is needed.
type Troubles interface {
	// Troubled says of each memory whether it has a hook that is not active, or a
	// dead letter, as of the call; false where there is no such memory. It is safe
	// for concurrent use and may cost a reading of each memory.
	Troubled(ctx context.Context, all []change.Memory) ([]bool, error)
}

// Among says of each memory whether it has what is sought: where attention is
// set something that a person should look at, and what an id names, "" = nothing:
// an event, a delivery, a hook, or a grain by its hash or mem_….
func (s *Service) Among(ctx context.Context, all []change.Memory, attention bool, id string) (has []bool, err error) {
	if attention {
		has, err = s.cfg.Troubles.Troubled(ctx, all)
	} else {
		has = make([]bool, len(all))
		for i := range has {
			has[i] = true
		}
	}
	if err != nil || id == "" {
		return has, err
	}
	return has, side(len(all), func(i int) error {
		if !has[i] {
			return nil
		}
		err := s.holds(ctx, all[i], id)
		if fault.KindOf(err) == fault.NotFound {
			has[i], err = false, nil
		}
		return err
	})
}

// holds fails with fault.NotFound where a memory has nothing of that id.
func (s *Service) holds(ctx context.Context, m change.Memory, id string) (err error) {
	prefix, isGrain := change.LineagePrefix(id)
	switch {
	case isGrain:
		_, err = s.cfg.Grains.Load(ctx, m, store.Ref{Prefix: prefix})
	case isHash(id):
		_, err = s.cfg.Grains.Load(ctx, m, store.Ref{Hash: id})
	case strings.HasPrefix(id, "evt_"), strings.HasPrefix(id, "dlv_"):
		_, err = s.Event(ctx, m, id)
	default:
		_, err = s.hooks(ctx, m, id)
	}
	return err
}
