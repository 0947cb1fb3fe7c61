package aws

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/memhooks/memhooks/shared/adapter/aws/table"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/fault"
)

// leases is the port auth.Leases: one row per key.
type leases struct{ a *Adapter }

// A bucket's row: what was in it at a time. Rows of idle keys expire.
const (
	leaseLeft = "n" // thousandths of a request
	leaseAt   = "t" // epoch milliseconds

	leaseTries = 8
	leaseKept  = 24 * time.Hour // longer than any bucket takes to fill
)

// Draw is the port's.
func (l leases) Draw(ctx context.Context, key string, b auth.Bucket, want int, now time.Time) (granted int, left float64, err error) {
	at := table.Key{Part: "Q#" + key, Sort: "q"}
	for range leaseTries {
		rows, err := l.a.cfg.Main.Get(ctx, at)
		if err != nil {
			return 0, 0, fmt.Errorf("draw a lease of requests: %w", err)
		}
		granted, left = draw(rows[0], b, want, now)
		if granted == 0 {
			return 0, left, nil
		}
		err = l.a.cfg.Main.Write(ctx, table.Op{
			Key: at, Set: table.Row{leaseLeft: int64(left * 1000), leaseAt: max(now.UnixMilli(), rows[0].Number(leaseAt)), attrExpires: now.Add(leaseKept).Unix()},
			If: []table.Clause{
				{Name: leaseLeft, Is: table.Equal, Value: rows[0].Number(leaseLeft)}, {Name: leaseAt, Is: table.Equal, Value: rows[0].Number(leaseAt)},
			},
			OrAbsent: rows[0] == nil,
		})
		var refused *table.ConditionError
		if !errors.As(err, &refused) {
			return granted, left, err
		}
	}
	return 0, 0, fault.New(fault.Unavailable, "too many processes draw on one key's requests at once: the next request draws again")
}

// draw is what a bucket gives at a moment, and what is left in it.
func draw(row table.Row, b auth.Bucket, want int, now time.Time) (int, float64) {
	left := float64(b.Burst)
	if row != nil {
		passed := max(0, now.UnixMilli()-row.Number(leaseAt))
		left = min(left, float64(row.Number(leaseLeft))/1000+float64(passed)/1000*b.PerSecond)
	}
	granted := max(0, min(want, int(left)))
	return granted, left - float64(granted)
}
