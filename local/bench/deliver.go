package bench

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// drain measures how fast a backlog is delivered, as the hook's counts tell it,
// between two turns of a bare loop of signed POSTs.
func drain(ctx context.Context, b *bed) ([]sample, error) {
	loop, err := b.refer(ctx, "loop", b.sink.url, strconv.Itoa(b.Events))
	if err != nil {
		return nil, err
	}
	f, err := b.around(
		func() (float64, error) { return timed(b.Events, func() error { return loop.loop(ctx) }) },
		func() (float64, error) { return b.backlog(ctx) },
	)
	if err != nil {
		return nil, err
	}
	f.name, f.budget = "delivered and recorded, draining a backlog, 1 hook", half
	return []sample{f}, nil
}

// backlog lets events wait for a hook until the index has them too, so that
// delivering is all there is to do, and answers how many a second were delivered
// and recorded.
func (b *bed) backlog(ctx context.Context) (float64, error) {
	id, err := b.webhook(ctx, b.sink.url)
	if err == nil {
		err = b.call(ctx, http.MethodPatch, "/v1/webhooks/"+id, map[string]any{"active": false}, nil)
	}
	if err == nil {
		err = b.remember(ctx, b.Events)
	}
	if err == nil {
		_, err = b.indexed(ctx)
	}
	if err != nil {
		return 0, err
	}
	b.sink.expect(b.Events)
	return timed(b.Events, func() error {
		if err := b.call(ctx, http.MethodPatch, "/v1/webhooks/"+id, map[string]any{"active": true}, nil); err != nil {
			return err
		}
		return b.recorded(ctx, id, b.Events)
	})
}

// loop asks a bare loop to make its POSTs.
func (p *process) loop(ctx context.Context) error {
	return post(ctx, p.client, http.MethodPost, p.url, sampleEvent(), nil)
}

// toldSteadily names what steady measures, and growth too.
const toldSteadily = "delivered, each write its own HTTP call"

// steady measures delivered events where each write is its own HTTP call,
// beside a bare relay.
func steady(ctx context.Context, b *bed) ([]sample, error) {
	f, err := b.relayed(ctx, 1)
	if err != nil {
		return nil, err
	}
	f.name, f.budget = toldSteadily+", 1 hook", half
	return []sample{f}, nil
}

// fan measures delivered events where ten hooks see each one, beside a bare
// relay that makes ten POSTs of each.
func fan(ctx context.Context, b *bed) ([]sample, error) {
	f, err := b.relayed(ctx, 10)
	if err != nil {
		return nil, err
	}
	f.name, f.budget = "delivered, 10 hooks on each event; reference: a bare relay to ten", &Budget{AtLeast: 10_000}
	return []sample{f}, nil
}

// relayed measures delivered events where so many hooks see each one, between
// two turns of a bare relay that makes as many POSTs.
func (b *bed) relayed(ctx context.Context, hooks int) (sample, error) {
	relay, _, err := b.relay(ctx, hooks)
	if err != nil {
		return sample{}, err
	}
	relayed := func(d time.Duration) (float64, error) {
		perSecond, err := rate(d, func(n int64) error {
			return post(ctx, relay.client, http.MethodPost, relay.url, memoryBody(n), nil)
		})
		return perSecond * float64(hooks), err
	}
	if _, err := relayed(b.For / 6); err != nil { // so that it is no cold start
		return sample{}, err
	}
	return b.around(func() (float64, error) { return relayed(b.For / 2) }, func() (float64, error) { return b.throughput(ctx, hooks) })
}

// throughput writes for a time through HTTP and answers how many deliveries a
// second came of it until the last one arrived.
func (b *bed) throughput(ctx context.Context, hooks int) (float64, error) {
	if err := b.warmed(ctx); err != nil {
		return 0, err
	}
	for range hooks {
		if _, err := b.webhook(ctx, b.sink.url); err != nil {
			return 0, err
		}
	}
	written := 2 * b.Events / hooks
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

func memoryBody(n int64) []byte {
	return []byte(`{"content":"` + content(n) + `","namespace":"bench","tags":["bench"]}`)
}

func sampleEvent() []byte { return eventOf("mem_0123456789abcdef0123456789abcdef") }

// eventOf is what is sent of a memory, as large as ours.
func eventOf(id string) []byte {
	return []byte(`{"id":"evt_01JABCDEFGHJKMNPQRSTVWXYZ0","event":"memory.created","timestamp":"2026-01-01T00:00:00Z","data":{"memory_id":"` + id + `","content":"` +
		content(0) + `","namespace":"bench","tags":["bench"],"created_at":"2026-01-01T00:00:00Z"}}`)
}
