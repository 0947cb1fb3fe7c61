package fanout_test

import (
	"fmt"
	"testing"

	"github.com/memhooks/memhooks/events"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/fanout"
	"github.com/memhooks/memhooks/shared/hook"
)

// A batch of changes of which one hook wants each, the others nothing.
func BenchmarkPlan(b *testing.B) {
	const batch = 16
	for _, n := range []int{1, 10, 100, 1000} {
		b.Run(fmt.Sprintf("hooks=%d", n), func(b *testing.B) {
			head, hooks := fanout.Head{Seen: map[string]int64{}}, make([]hook.Hook, n)
			for i := range hooks {
				hooks[i] = hook.Hook{
					ID: fmt.Sprintf("0192f3c4-0000-7000-8000-%012d", i), Memory: memory, Dialect: dialect.Areev,
					Pattern: parsed(b, map[string]any{"namespace": []any{fmt.Sprintf("n%d", i)}}),
				}
				head.Seen[hooks[i].ID] = 0
			}
			items := make([]fanout.Item, batch)
			for i := range items {
				items[i].Change = change.Change{ID: fmt.Sprint(i), Memory: memory, Cause: events.Created, Namespace: "n0", GrainType: "event"}
			}
			b.ReportAllocs()
			set := hook.NewSet(hooks)
			for b.Loop() {
				fanout.Plan(items, head, set)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/batch, "ns/change")
		})
	}
}
