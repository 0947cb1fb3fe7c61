package bench

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// writers is how many callers write at once.
const writers = 64

// around measures events a second of the system, between two turns of a bare
// part whose mean is the reference. The system has nothing to do in those:
// nothing was written to it before the first, and it has ended before the second.
func (b *bed) around(bare, ours func() (float64, error)) (sample, error) {
	before, err := bare()
	if err != nil {
		return sample{}, err
	}
	f := sample{unit: "events/s"}
	if f.value, err = ours(); err != nil {
		return sample{}, err
	}
	f.remarks = fmt.Sprintf("%.0f MiB resident", b.resident())
	if err := b.stop(); err != nil {
		return sample{}, err
	}
	after, err := bare()
	f.bare = (before + after) / 2
	return f, err
}

// relay starts a bare relay that makes so many POSTs of each that it takes, and
// a receiver of its own for them.
func (b *bed) relay(ctx context.Context, posts int) (*process, *receiver, error) {
	sink, err := b.receive()
	if err != nil {
		return nil, nil, err
	}
	p, err := b.refer(ctx, "relay", sink.url, strconv.Itoa(posts))
	return p, sink, err
}

// inTurns gives each way its share of the time in several turns, so that a
// machine that slows down slows all of them, and answers their mean rates.
func inTurns(d time.Duration, ways []func(n int64) error) ([]float64, error) {
	const turns = 3
	rates := make([]float64, len(ways))
	for range turns {
		for i, way := range ways {
			r, err := rate(d/turns, way)
			if err != nil {
				return nil, err
			}
			rates[i] += r / turns
		}
	}
	return rates, nil
}

// rate runs work from many callers for a time and answers how often a second.
func rate(d time.Duration, work func(n int64) error) (float64, error) {
	var done atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	begin := time.Now()
	for range writers {
		all.Go(func() {
			for time.Since(begin) < d && failed.Load() == nil {
				if err := work(done.Add(1)); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return 0, *err
	}
	return float64(done.Load()) / time.Since(begin).Seconds(), nil
}

// timed answers how many of n a second some work got done.
func timed(n int, work func() error) (float64, error) {
	begin := time.Now()
	err := work()
	return float64(n) / time.Since(begin).Seconds(), err
}

// together does a piece of work n times, numbered from 0, from many callers.
func together(callers, n int, work func(i int64) error) error {
	var next atomic.Int64
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for i := next.Add(1); i <= int64(n) && failed.Load() == nil; i = next.Add(1) {
				if err := work(i - 1); err != nil {
					failed.Store(&err)
				}
			}
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}
