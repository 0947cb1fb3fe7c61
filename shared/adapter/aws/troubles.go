package aws

import (
	"context"
	"slices"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

// asked is of how many memories is read at once what is wrong there.
const asked = 16

// Troubled is the port's: the hooks of each memory are read, and where all are
// active what they have of dead letters.
func (l ledger) Troubled(ctx context.Context, all []change.Memory) ([]bool, error) {
	has := make([]bool, len(all))
	return has, abreast(ctx, len(all), asked, func(ctx context.Context, i int) error {
		hooks, err := l.a.hookRows(ctx, all[i])
		if err != nil {
			return err
		}
		if has[i] = slices.ContainsFunc(hooks, func(h hookRow) bool { return h.State != hook.Active }); has[i] {
			return nil
		}
		if !slices.ContainsFunc(hooks, func(h hookRow) bool { return h.Mode == hook.Webhook }) {
			return nil
		}
		has[i], err = l.dead(ctx, all[i])
		return err
	})
}

// dead says whether a memory has a dead letter.
func (l ledger) dead(ctx context.Context, m change.Memory) (bool, error) {
	q := delivery.Query{Status: delivery.StatusDead, Limit: 1}
	for {
		found, next, err := l.List(ctx, m, q)
		if err != nil || len(found) > 0 || next == "" {
			return len(found) > 0, err
		}
		q.After = next
	}
}
