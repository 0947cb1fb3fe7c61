package embedded

import (
	"bytes"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/memory"
)

const callers = 64

// BenchmarkCommit prints durable writes of one change each, 64 callers at once,
// beside a bare group writer that does one INSERT of the same bytes, taking
// turns with it in the same run. The budget is a ratio of half.
func BenchmarkCommit(b *testing.B) {
	ours, bare := open(b), open(b)
	bare.must(bare.writer.do(bg, func(t *tx) error {
		_, err := t.exec("CREATE TABLE bare (n INTEGER PRIMARY KEY, hash BLOB, box BLOB)")
		return err
	}))
	box := bytes.Repeat([]byte("0123456789"), 50)
	var id atomic.Int64
	commit := func() {
		g := ours.fresh()
		g.Box = box
		if _, err := ours.commit(put(g, "")); err != nil {
			b.Error(err)
		}
	}
	insert := func() {
		hash := hex64(hashOf("bare")).value()
		if err := bare.writer.do(bg, func(t *tx) error {
			_, err := t.exec("INSERT INTO bare VALUES (?,?,?)", id.Add(1), hash, box)
			return err
		}); err != nil {
			b.Error(err)
		}
	}
	var took, bareTook time.Duration
	const turn = 4000
	for left := b.N; left > 0; left -= turn {
		n := min(left, turn)
		took += parallel(n, commit)
		b.StopTimer()
		bareTook += parallel(n, insert)
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N)/took.Seconds(), "writes/s")
	b.ReportMetric(float64(b.N)/bareTook.Seconds(), "bare/s")
	b.ReportMetric(bareTook.Seconds()/took.Seconds(), "ratio")
}

// parallel runs f n times by 64 callers and returns how long that took.
func parallel(n int, f func()) time.Duration {
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	start := time.Now()
	for range callers {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				f()
			}
		})
	}
	all.Wait()
	return time.Since(start)
}

var _ memory.Store = grains{}
