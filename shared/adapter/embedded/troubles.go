package embedded

import (
	"context"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/hook"
)

const selectTroubled = `SELECT tenant, id FROM memory WHERE n IN (
	SELECT memory FROM hook WHERE state<>?1 UNION ALL
	SELECT hook.memory FROM tally JOIN hook ON hook.n=tally.hook WHERE tally.status=?2 AND tally.n>0)`

// Troubled is the port's: one look at all hooks, however many memories are
// asked for.
func (q *queue) Troubled(ctx context.Context, all []change.Memory) ([]bool, error) {
	troubled := map[change.Memory]bool{}
	err := q.d.rows(ctx, selectTroubled, []any{string(hook.Active), string(delivery.StatusDead)}, func(scan func(...any) error) error {
		var m change.Memory
		err := scan(&m.Tenant, &m.ID)
		troubled[m] = true
		return err
	})
	has := make([]bool, len(all))
	for i, m := range all {
		has[i] = troubled[m]
	}
	return has, err
}
