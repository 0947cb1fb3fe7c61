package bench

import (
	"context"
	"database/sql"
	"path/filepath"
	"time"
)

// waiting asks the store how many grains the index does not hold yet, about.
const waiting = "SELECT (SELECT max(n) FROM grain) - (SELECT n FROM mark)"

// indexed waits until the index holds every stored grain, so that what a recall
// costs does not depend on when it came. It answers how many grains a second
// went in of the second half, when nothing else was under way; of few grains it
// is no measure. It reads the store beside the process that it belongs to, since
// no caller has to know.
func (b *bed) indexed(ctx context.Context) (perSecond float64, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.data("served"), "memhooks.db")+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	var all, half int
	var begin time.Time
	err = until(ctx, func() (bool, error) {
		var left int
		if err := db.QueryRowContext(ctx, waiting).Scan(&left); err != nil {
			return false, err
		}
		all = max(all, left)
		if left > 0 && begin.IsZero() && left <= all/2 {
			half, begin = left, time.Now()
		}
		return left <= 0, nil
	})
	return float64(half) / time.Since(begin).Seconds(), err
}
