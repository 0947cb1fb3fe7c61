package embedded

import (
	"fmt"
	"slices"
	"testing/synctest"
	"time"

	"github.com/memhooks/memhooks/shared/delivery"
)

// together holds the lists of all hooks against those of each: they are the
// same records, merged.
func (c *chance) together() {
	synctest.Wait() // and no time passes until it is done
	for _, status := range []delivery.Status{
		"", delivery.StatusPending, delivery.StatusHeld, delivery.StatusDelivered, delivery.StatusDead, delivery.StatusDiscarded, delivery.StatusExpired, delivery.StatusSkipped,
	} {
		for _, q := range []delivery.Query{{Limit: 1}, {Limit: 7}, {Limit: 1000}, {Limit: 5, Since: time.Now().Add(-5 * time.Second).UnixMilli()}} {
			q.Status = status
			var want []listed
			for n, id := range []string{"h1", "h2"} {
				q.Hook = id
				for _, r := range c.list(q) {
					want = append(want, listed{at: position{r.Job.Entry.Seq, r.Job.Redrive, int64(n)}, record: r})
				}
			}
			slices.SortFunc(want, func(a, b listed) int { return b.at.compare(a.at) })
			q.Hook = ""
			got := c.list(q)
			for i := range max(len(got), len(want)) {
				if i >= len(got) || i >= len(want) || fmt.Sprint(got[i]) != fmt.Sprint(want[i].record) {
					c.t.Fatalf("%d records of %+v, %d of the hooks; the one at %d differs:\n%v\n%v", len(got), q, len(want), i, got[min(i, len(got)):min(i+1, len(got))], want[min(i, len(want)):min(i+1, len(want))])
				}
			}
		}
	}
}
