package bench

import (
	"context"
	"database/sql"
	"path/filepath"
	"time"
)

// look is how often the index is looked at.
const look = 10 * time.Millisecond

// waiting asks the store how many grains the index does not hold yet, about.
const waiting = "SELECT (SELECT max(n) FROM grain) - (SELECT n FROM mark)"

// indexed waits until the index holds every stored grain, so that what a recall
// costs does not depend on when it came. It answers how many grains a second
// went in of the second half, when nothing else was under way; 0 where hardly any
// had to wait. It reads the store beside the process that it belongs to, since
// no caller has to know.
func (b *bed) indexed(ctx context.Context) (perSecond float64, err error) {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(b.data("served"), "memhooks.db")+"?mode=ro")
	if err != nil {
		return 0, err
	}
	defer db.Close()
	every := time.NewTicker(look)
	defer every.Stop()
	var all, half int
	var begin time.Time
	for {
		var left int
		if err := db.QueryRowContext(ctx, waiting).Scan(&left); err != nil {
			return 0, err
		}
		all = max(all, left)
		switch {
		case left <= 0:
			return float64(half) / time.Since(begin).Seconds(), nil
		case begin.IsZero() && left <= all/2:
			half, begin = left, time.Now()
		}
		select {
		case <-every.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
