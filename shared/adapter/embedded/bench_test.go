package embedded

import (
	"bytes"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

const callers = 64

// BenchmarkCommit prints durable writes of one change each, 64 callers at once,
// beside bare group writers that do one INSERT of the same bytes, taking turns
// with them in the same run: one into a table that finds a row by its hash, as
// ours has to, and one that only appends. The budget is half of the first.
func BenchmarkCommit(b *testing.B) {
	box := bytes.Repeat([]byte("0123456789"), 50)
	ours := open(b)
	took := make([]time.Duration, 3)
	runs := []func(){
		func() {
			g := ours.fresh()
			g.Box = box
			if _, err := ours.commit(put(g, "")); err != nil {
				b.Error(err)
			}
		},
		bare(b, "CREATE TABLE bare (n INTEGER PRIMARY KEY, hash BLOB UNIQUE, box BLOB)", box),
		bare(b, "CREATE TABLE bare (n INTEGER PRIMARY KEY, hash BLOB, box BLOB)", box),
	}
	const turn = 4000
	for left := b.N; left > 0; left -= turn {
		for i, run := range runs {
			took[i] += parallel(min(left, turn), run)
		}
	}
	perSecond := func(i int) float64 { return float64(b.N) / took[i].Seconds() }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(perSecond(0), "writes/s")
	b.ReportMetric(perSecond(1), "bare/s")
	b.ReportMetric(perSecond(0)/perSecond(1), "ratio")
	b.ReportMetric(perSecond(0)/perSecond(2), "ratio-to-append")
}

// bare makes a store with a table of its own and returns an INSERT into it.
func bare(b *testing.B, table string, box []byte) func() {
	s := open(b)
	s.must(s.writer.do(bg, func(t *tx) error {
		_, err := t.exec(table)
		return err
	}))
	var id atomic.Int64
	return func() {
		n := id.Add(1)
		hash := hex64(hashOf(fmt.Sprint("bare ", n))).value()
		if err := s.writer.do(bg, func(t *tx) error {
			_, err := t.exec("INSERT INTO bare VALUES (?,?,?)", n, hash, box)
			return err
		}); err != nil {
			b.Error(err)
		}
	}
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
