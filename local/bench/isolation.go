package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// Of isolation: how many events wait for hooks that hang, and for how many;
// the writes of a phase, and the time between two of them. A phase lasts five
// times as long as an attempt may, so that attempts time out while it is
// measured, are repeated, and their hooks rest and are tried again.
const (
	stuckEvents   = 2000
	stuckHooks    = 10
	phaseWrites   = 2000
	phaseInterval = 2500 * time.Microsecond
	attemptLimit  = "MEMHOOKS_TIMEOUT=1s"
	firstRetry    = "MEMHOOKS_RETRY_BASE=500ms"
)

// isolation measures a healthy hook's p99 without and with events that wait
// for hooks whose receiver never answers, twice in turns.
func isolation(ctx context.Context, b *bed) ([]sample, error) {
	clock := newClock(b.sink, b.remembered)
	if err := b.call(ctx, http.MethodPost, "/v1/webhooks", map[string]any{
		"url": b.sink.url, "events": []string{"memory.created"}, "namespace": "bench", "secret": "bench-secret",
	}, nil); err != nil {
		return nil, err
	}
	if err := b.told(ctx, phaseWrites, 1); err != nil { // connections, caches
		return nil, err
	}
	n := max(phaseWrites, int(b.For/phaseInterval))
	var without, with []float64
	hung := int64(0)
	for range 2 {
		took, err := clock.gaps(ctx, n, phaseInterval)
		if err != nil {
			return nil, err
		}
		without = append(without, took.sent...)
		s, err := b.stuck(ctx)
		if err != nil {
			return nil, err
		}
		if took, err = clock.gaps(ctx, n, phaseInterval); err != nil {
			return nil, err
		}
		with = append(with, took.sent...)
		again, err := s.release(ctx, b.process)
		if err != nil {
			return nil, err
		}
		hung += again
	}
	slices.Sort(without)
	slices.Sort(with)
	return []sample{{
		name: "healthy hook's p99, from the write, while 2,000 events wait for hooks that hang; reference: without them", unit: "ms",
		value: percentile(with, 99), bare: percentile(without, 99), budget: &Budget{AtMost: 1.1, OfBare: true},
		remarks: fmt.Sprintf("%d events/s; %s writes each; %s POSTs hung", time.Second/phaseInterval, Number(float64(2*n)), Number(float64(hung))),
	}}, nil
}

// stuck are hooks that hang.
type stuck struct {
	hole  *receiver
	ids   []string
	first int64 // POSTs that hung when each hook had one
}

// stuck makes hooks that hang and events that wait for them, and returns when
// each of them has a POST that hangs.
func (b *bed) stuck(ctx context.Context) (s stuck, err error) {
	if s.hole, err = b.receive(); err != nil {
		return s, err
	}
	s.hole.hangs = true
	for i := range stuckHooks {
		var made struct {
			ID string `json:"id"`
		}
		if err := b.call(ctx, http.MethodPost, "/v1/webhooks", map[string]any{
			"url": fmt.Sprintf("%s/%d", s.hole.url, i), "events": []string{"memory.created"}, "namespace": "stuck",
		}, &made); err != nil {
			return s, err
		}
		s.ids = append(s.ids, made.ID)
	}
	for i := range stuckEvents / stuckHooks {
		if err := b.call(ctx, http.MethodPost, "/v1/remember", map[string]any{"content": content(int64(i)), "namespace": "stuck"}, nil); err != nil {
			return s, err
		}
	}
	err = until(ctx, func() (bool, error) { return s.hole.hooks() == stuckHooks, nil })
	s.first = s.hole.count.Load()
	return s, err
}

// release deletes the hooks and returns when nothing hangs any more. It answers
// how many POSTs hung; that none came after the first is an error: then no
// attempt timed out while the others were measured.
func (s stuck) release(ctx context.Context, p *process) (int64, error) {
	hung := s.hole.count.Load()
	if hung == s.first {
		return hung, fmt.Errorf("of %d POSTs that hung none timed out", hung)
	}
	for _, id := range s.ids {
		if err := p.call(ctx, http.MethodDelete, "/v1/webhooks/"+id, nil, nil); err != nil {
			return hung, err
		}
	}
	return hung, until(ctx, func() (bool, error) { return s.hole.hanging.Load() == 0, nil })
}
