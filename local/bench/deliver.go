package bench

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// drain measures how fast a backlog leaves, beside a bare loop of signed POSTs.
func drain(ctx context.Context, o Options) ([]sample, error) {
	sink, err := newReceiver(nil)
	if err != nil {
		return nil, err
	}
	defer sink.close()
	p, err := serveProcess(ctx, o, "drain")
	if err != nil {
		return nil, err
	}
	id, err := p.webhook(ctx, sink.url)
	if err == nil {
		err = p.call(ctx, http.MethodPatch, "/v1/webhooks/"+id, map[string]any{"active": false}, nil)
	}
	if err == nil {
		err = p.remember(ctx, o.Events)
	}
	if err != nil {
		return nil, err
	}
	loop, err := startProcess(ctx, o, nil, "bench-reference", "loop", sink.url, strconv.Itoa(o.Events))
	if err != nil {
		return nil, err
	}
	before, err := timed(o.Events, func() error { return loop.loop(ctx) })
	if err != nil {
		return nil, err
	}
	sink.expect(o.Events)
	ours, err := timed(o.Events, func() error {
		if err := p.call(ctx, http.MethodPatch, "/v1/webhooks/"+id, map[string]any{"active": true}, nil); err != nil {
			return err
		}
		return sink.wait(ctx)
	})
	if err != nil {
		return nil, err
	}
	after, err := timed(o.Events, func() error { return loop.loop(ctx) })
	if err != nil {
		return nil, err
	}
	f := halfOf("delivered, draining a backlog, 1 hook", "events/s", ours, (before+after)/2)
	f.remarks = fmt.Sprintf("%.0f MiB resident", p.resident())
	return []sample{f}, stopAll(p, loop)
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

// steady measures delivered events where each write is its own HTTP call,
// beside a bare relay.
func steady(ctx context.Context, o Options) ([]sample, error) {
	ours, p, err := throughput(ctx, o, "steady", 1)
	if err != nil {
		return nil, err
	}
	sink, err := newReceiver(nil)
	if err != nil {
		return nil, err
	}
	defer sink.close()
	relay, err := startProcess(ctx, o, nil, "bench-reference", "relay", sink.url)
	if err != nil {
		return nil, err
	}
	bare, err := rate(o.For, func(n int64) error {
		return post(ctx, relay.client, http.MethodPost, relay.url, memoryBody(n), nil)
	})
	if err != nil {
		return nil, err
	}
	f := halfOf("delivered, each write its own HTTP call, 1 hook", "events/s", ours, bare)
	f.remarks = fmt.Sprintf("%.0f MiB resident (budget 200)", p.resident())
	return []sample{f}, stopAll(p, relay)
}

// fan measures delivered events where ten hooks see each one.
func fan(ctx context.Context, o Options) ([]sample, error) {
	const hooks = 10
	ours, p, err := throughput(ctx, o, "fan", hooks)
	if err != nil {
		return nil, err
	}
	return []sample{{
		name: "delivered, 10 hooks on each event", value: ours, unit: "events/s", budget: &Budget{AtLeast: 10_000},
		remarks: fmt.Sprintf("%.0f MiB resident (budget 200)", p.resident()),
	}}, stopAll(p)
}

// throughput writes for a time through HTTP and answers how many deliveries a
// second came of it until the last one arrived.
func throughput(ctx context.Context, o Options, name string, hooks int) (float64, *process, error) {
	sink, err := newReceiver(nil)
	if err != nil {
		return 0, nil, err
	}
	defer sink.close()
	p, err := serveProcess(ctx, o, name)
	if err != nil {
		return 0, nil, err
	}
	for range hooks {
		if _, err := p.webhook(ctx, sink.url); err != nil {
			return 0, nil, err
		}
	}
	written := o.Events / hooks
	sink.expect(written * hooks)
	begin := time.Now()
	if err := p.remember(ctx, written); err != nil {
		return 0, nil, err
	}
	if err := sink.wait(ctx); err != nil {
		return 0, nil, err
	}
	return float64(written*hooks) / time.Since(begin).Seconds(), p, nil
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
func start(ctx context.Context, o Options) ([]sample, error) {
	sink, err := newReceiver(nil)
	if err != nil {
		return nil, err
	}
	defer sink.close()
	var took []float64
	for i := range 5 {
		sink.expect(1)
		begin := time.Now()
		p, err := serveProcess(ctx, o, "start"+strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		if _, err := p.webhook(ctx, sink.url); err != nil {
			return nil, err
		}
		if err := p.remember(ctx, 1); err != nil {
			return nil, err
		}
		if err := sink.wait(ctx); err != nil {
			return nil, err
		}
		took = append(took, time.Since(begin).Seconds())
		if err := stopAll(p); err != nil {
			return nil, err
		}
	}
	slices.Sort(took)
	return []sample{{name: "start of the binary → first delivered event", value: took[len(took)/2], unit: "s", budget: &Budget{AtMost: 0.3}}}, nil
}

// stopAll ends children. A reference ends by the signal, which is no failure.
func stopAll(all ...*process) error {
	for _, p := range all {
		if err := p.stop(); err != nil && !strings.Contains(err.Error(), "signal") {
			return fmt.Errorf("stop: %w", err)
		}
	}
	return nil
}
