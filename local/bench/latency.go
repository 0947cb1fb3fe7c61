package bench

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// clock notes when each memory's event comes to a bed's receiver.
type clock struct {
	*bed
	mu      sync.Mutex
	arrived map[string]time.Time // by memory id
}

func newClock(on *bed) *clock {
	c := &clock{bed: on, arrived: map[string]time.Time{}}
	on.sink.seen = func(body []byte, at time.Time) {
		var e struct {
			Data struct {
				ID string `json:"memory_id"`
			} `json:"data"`
		}
		_ = json.Unmarshal(body, &e)
		c.mu.Lock()
		c.arrived[e.Data.ID] = at
		c.mu.Unlock()
	}
	return c
}

// gaps writes n memories, one each interval whatever became of the last ones,
// and answers the milliseconds from each answer to the arrival of its event,
// in order of size. An event that overtook its answer counts as 0.
func (c *clock) gaps(ctx context.Context, n int, interval time.Duration) ([]float64, error) {
	answered := make([]time.Time, n)
	ids := make([]string, n)
	c.sink.expect(n)
	var failed atomic.Pointer[error]
	var all sync.WaitGroup
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		all.Go(func() {
			var made struct {
				ID string `json:"id"`
			}
			if err := post(ctx, c.client, http.MethodPost, c.url+"/v1/remember", memoryBody(int64(i)), &made); err != nil {
				failed.Store(&err)
			}
			ids[i], answered[i] = made.ID, time.Now()
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return nil, *err
	}
	if err := c.sink.wait(ctx); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	gaps := make([]float64, n)
	for i, id := range ids {
		gaps[i] = max(0, milliseconds(c.arrived[id].Sub(answered[i])))
	}
	slices.Sort(gaps)
	return gaps, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// percentile reads a sorted list.
func percentile(sorted []float64, percent int) float64 { return sorted[len(sorted)*percent/100] }

// calm is the time between two writes where latency is measured at 50 events/s.
const calm = 20 * time.Millisecond

// latency measures from the answer of a write to the arrival of its event: at
// fifty events a second, and at half of what the machine can do.
func latency(ctx context.Context, b *bed) ([]sample, error) {
	clock := newClock(b)
	if _, err := b.webhook(ctx, b.sink.url); err != nil {
		return nil, err
	}
	quiet, err := clock.gaps(ctx, int(b.For/calm), calm)
	if err != nil {
		return nil, err
	}
	n := b.Events / 4
	most, err := timed(n, func() error { return b.told(ctx, n, 1) })
	if err != nil {
		return nil, err
	}
	loaded, err := clock.gaps(ctx, int(most/2*b.For.Seconds()/2), time.Duration(2e9/most))
	if err != nil {
		return nil, err
	}
	remarks := fmt.Sprintf("half of %s events/s", Number(most))
	const from = "write answered → POST received, "
	return []sample{
		{name: from + "50 events/s, p50", unit: "ms", value: percentile(quiet, 50), budget: &Budget{AtMost: 2}},
		{name: from + "50 events/s, p99", unit: "ms", value: percentile(quiet, 99), budget: &Budget{AtMost: 6}},
		{name: from + "half load, p50", unit: "ms", value: percentile(loaded, 50), remarks: remarks},
		{name: from + "half load, p99", unit: "ms", value: percentile(loaded, 99), remarks: remarks},
	}, nil
}

// Of isolation: how many events wait for hooks that hang, and for how many.
const (
	stuckEvents = 2000
	stuckHooks  = 10
)

// isolation measures a healthy hook's p99 with and without events that wait
// for hooks whose receiver never answers. The reference is taken before and
// after.
func isolation(ctx context.Context, b *bed) ([]sample, error) {
	clock := newClock(b)
	hole, err := b.receive()
	if err != nil {
		return nil, err
	}
	hole.hangs = true
	if err := b.call(ctx, http.MethodPost, "/v1/webhooks", map[string]any{
		"url": b.sink.url, "events": []string{"memory.created"}, "namespace": "bench", "secret": "bench-secret",
	}, nil); err != nil {
		return nil, err
	}
	const interval = 5 * time.Millisecond
	n := int(b.For / interval / 2)
	before, err := clock.gaps(ctx, n, interval)
	if err != nil {
		return nil, err
	}
	ids, err := b.stuck(ctx, hole)
	if err != nil {
		return nil, err
	}
	during, err := clock.gaps(ctx, n, interval)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := b.call(ctx, http.MethodDelete, "/v1/webhooks/"+id, nil, nil); err != nil {
			return nil, err
		}
	}
	after, err := clock.gaps(ctx, n, interval)
	if err != nil {
		return nil, err
	}
	return []sample{{
		name: "healthy hook's p99 while 2,000 events wait for hooks that hang; reference: without them", unit: "ms",
		value: percentile(during, 99), bare: (percentile(before, 99) + percentile(after, 99)) / 2,
		budget: &Budget{AtMost: 1.1, OfBare: true}, remarks: "200 events/s",
	}}, nil
}

// stuck makes hooks that hang, waits until each hangs, and answers their ids.
func (p *process) stuck(ctx context.Context, hole *receiver) ([]string, error) {
	hole.expect(stuckHooks)
	var ids []string
	for range stuckHooks {
		var made struct {
			ID string `json:"id"`
		}
		if err := p.call(ctx, http.MethodPost, "/v1/webhooks", map[string]any{
			"url": hole.url, "events": []string{"memory.created"}, "namespace": "stuck",
		}, &made); err != nil {
			return nil, err
		}
		ids = append(ids, made.ID)
	}
	for i := range stuckEvents / stuckHooks {
		if err := p.call(ctx, http.MethodPost, "/v1/remember", map[string]any{"content": content(int64(i)), "namespace": "stuck"}, nil); err != nil {
			return nil, err
		}
	}
	return ids, hole.wait(ctx)
}
