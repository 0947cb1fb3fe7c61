package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// drain measures how fast a backlog is delivered, as the hook's counts tell it,
// between two turns of a bare loop of signed POSTs.
func drain(ctx context.Context, b *bed) ([]sample, error) {
	id, err := b.webhook(ctx, b.sink.url)
	if err == nil {
		err = b.call(ctx, http.MethodPatch, "/v1/webhooks/"+id, map[string]any{"active": false}, nil)
	}
	if err == nil {
		err = b.remember(ctx, b.Events)
	}
	if err != nil {
		return nil, err
	}
	loop, err := b.refer(ctx, "loop", b.sink.url, strconv.Itoa(b.Events))
	if err != nil {
		return nil, err
	}
	before, err := timed(b.Events, func() error { return loop.loop(ctx) })
	if err != nil {
		return nil, err
	}
	b.sink.expect(b.Events)
	ours, err := timed(b.Events, func() error {
		if err := b.call(ctx, http.MethodPatch, "/v1/webhooks/"+id, map[string]any{"active": true}, nil); err != nil {
			return err
		}
		return b.recorded(ctx, id, b.Events)
	})
	if err != nil {
		return nil, err
	}
	after, err := timed(b.Events, func() error { return loop.loop(ctx) })
	if err != nil {
		return nil, err
	}
	f := halfOf("delivered and recorded, draining a backlog, 1 hook", "events/s", ours, (before+after)/2)
	f.remarks = fmt.Sprintf("%.0f MiB resident", b.resident())
	return []sample{f}, nil
}

// timed answers how many of n a second some work got done.
func timed(n int, work func() error) (float64, error) {
	begin := time.Now()
	err := work()
	return float64(n) / time.Since(begin).Seconds(), err
}

// loop asks a bare loop to make its POSTs.
func (p *process) loop(ctx context.Context) error {
	return post(ctx, p.client, http.MethodPost, p.url, sampleEvent(), nil)
}

// toldSteadily names what steady measures, and growth too.
const toldSteadily = "delivered, each write its own HTTP call"

// steady measures delivered events where each write is its own HTTP call,
// between two turns of a bare relay.
func steady(ctx context.Context, b *bed) ([]sample, error) {
	sink, err := b.receive()
	if err != nil {
		return nil, err
	}
	relay, err := b.refer(ctx, "relay", sink.url)
	if err != nil {
		return nil, err
	}
	bare := func() (float64, error) {
		return rate(b.For/2, func(n int64) error {
			return post(ctx, relay.client, http.MethodPost, relay.url, memoryBody(n), nil)
		})
	}
	before, err := bare()
	if err != nil {
		return nil, err
	}
	ours, err := b.throughput(ctx, 1)
	if err != nil {
		return nil, err
	}
	after, err := bare()
	if err != nil {
		return nil, err
	}
	f := halfOf(toldSteadily+", 1 hook", "events/s", ours, (before+after)/2)
	f.remarks = fmt.Sprintf("%.0f MiB resident", b.resident())
	return []sample{f}, nil
}

// fan measures delivered events where ten hooks see each one.
func fan(ctx context.Context, b *bed) ([]sample, error) {
	const hooks = 10
	ours, err := b.throughput(ctx, hooks)
	return []sample{{
		name: "delivered, 10 hooks on each event", value: ours, unit: "events/s", budget: &Budget{AtLeast: 10_000},
		remarks: fmt.Sprintf("%.0f MiB resident", b.resident()),
	}}, err
}

// throughput writes for a time through HTTP and answers how many deliveries a
// second came of it until the last one arrived.
func (b *bed) throughput(ctx context.Context, hooks int) (float64, error) {
	for range hooks {
		if _, err := b.webhook(ctx, b.sink.url); err != nil {
			return 0, err
		}
	}
	written := b.Events / hooks
	return timed(written*hooks, func() error { return b.told(ctx, written, hooks) })
}

// recorded returns when a hook's counts say that n events were delivered. They
// are not asked for before the receiver has all of them.
func (b *bed) recorded(ctx context.Context, hook string, n int) error {
	if err := b.sink.wait(ctx); err != nil {
		return err
	}
	return until(ctx, func() (bool, error) {
		var shown struct {
			Deliveries map[string]int `json:"deliveries"`
		}
		err := b.call(ctx, http.MethodGet, "/api/memories/default/hooks/"+hook, nil, &shown)
		return shown.Deliveries["delivered"] >= n, err
	})
}

// told writes n memories from many callers and returns when each has been
// delivered as often as there are hooks.
func (b *bed) told(ctx context.Context, n, hooks int) error {
	b.sink.expect(n * hooks)
	if err := b.remember(ctx, n); err != nil {
		return err
	}
	return b.sink.wait(ctx)
}

// remember writes n memories from many callers.
func (p *process) remember(ctx context.Context, n int) error {
	return together(writers, n, func(i int64) error {
		return post(ctx, p.client, http.MethodPost, p.url+"/v1/remember", memoryBody(i), nil)
	})
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

func memoryBody(n int64) []byte {
	return []byte(`{"content":"` + content(n) + `","namespace":"bench","tags":["bench"]}`)
}

func sampleEvent() []byte {
	return []byte(`{"id":"evt_01JABCDEFGHJKMNPQRSTVWXYZ0","event":"memory.created","timestamp":"2026-01-01T00:00:00Z","data":{"memory_id":"mem_0123456789abcdef0123456789abcdef","content":"` +
		content(0) + `","namespace":"bench","tags":["bench"],"created_at":"2026-01-01T00:00:00Z"}}`)
}

// start measures from the start of the binary to the first delivered event.
func start(ctx context.Context, b *bed) ([]sample, error) {
	var err error
	if b.sink, err = b.receive(); err != nil {
		return nil, err
	}
	var took []float64
	for i := range 5 {
		begin := time.Now()
		if b.process, err = b.serve(ctx, strconv.Itoa(i)); err != nil {
			return nil, err
		}
		if _, err := b.webhook(ctx, b.sink.url); err != nil {
			return nil, err
		}
		if err := b.told(ctx, 1, 1); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin).Seconds())
		if err := b.stop(); err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	return []sample{{name: "start of the binary → first delivered event", value: took[len(took)/2], unit: "s", budget: &Budget{AtMost: 0.3}}}, nil
}
