package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// How often each figure of growth is taken at a size.
const (
	asked   = 300  // calls one after another
	written = 2000 // writes from many callers
)

// growth collects what one run measures at growing sizes. The reference of
// each figure is itself at the smallest.
type growth struct {
	of      string
	size    int
	first   map[string]float64
	samples []sample
}

// How much more the largest size may cost than the smallest: a third.
var (
	flatRate = &Budget{AtLeast: 0.75, OfBare: true}
	flatTime = &Budget{AtMost: 1.33, OfBare: true}
)

func (g *growth) add(name, unit string, value float64, budget *Budget) {
	if g.first == nil {
		g.first = map[string]float64{}
	}
	if g.first[name] == 0 {
		g.first[name] = value
	}
	g.samples = append(g.samples, sample{name: name, growth: g.of, size: g.size, unit: unit, value: value, bare: g.first[name], budget: budget})
}

// grains measures the same at more and more stored grains of one memory.
func grains(ctx context.Context, o Options) ([]sample, error) {
	sizes := []int{1_000, 10_000, 100_000}
	if o.Large {
		sizes = append(sizes, 1_000_000)
	}
	sink, err := newReceiver(nil)
	if err != nil {
		return nil, err
	}
	defer sink.close()
	p, err := serveProcess(ctx, o, "grains")
	if err != nil {
		return nil, err
	}
	hook, err := p.polled(ctx)
	if err != nil {
		return nil, err
	}
	g := growth{of: "stored grains"}
	filled := 0
	for _, g.size = range sizes {
		if err := p.fill(ctx, filled, g.size); err != nil {
			return nil, err
		}
		filled = g.size
		questions := p.questions(hook, filled)
		for _, name := range []string{byText, bySubject, byPage} {
			took, err := p50(asked, questions[name])
			if err != nil {
				return nil, err
			}
			g.add(name, "ms", took, flatTime)
		}
		if err := g.writes(ctx, p, sink); err != nil {
			return nil, err
		}
	}
	return g.samples, stopAll(p)
}

// writes measures writes over HTTP, and then what goes the whole way to a hook.
func (g *growth) writes(ctx context.Context, p *process, sink *receiver) error {
	stored, err := timed(written, func() error { return p.remember(ctx, written) })
	if err != nil {
		return err
	}
	g.add("durable writes over HTTP, 64 callers", "writes/s", stored, flatRate)
	id, err := p.webhook(ctx, sink.url)
	if err != nil {
		return err
	}
	sink.expect(written)
	told, err := timed(written, func() error {
		if err := p.remember(ctx, written); err != nil {
			return err
		}
		return sink.wait(ctx)
	})
	if err != nil {
		return err
	}
	g.add("delivered, each write its own HTTP call, 1 hook", "events/s", told, flatRate)
	return p.call(ctx, http.MethodDelete, "/v1/webhooks/"+id, nil, nil)
}

// hooksOfMemory is the most that a memory may have.
const hooksOfMemory = 1000

// hooks measures the same at more and more hooks, each with a filter of its
// own, of which one wants the event.
func hooks(ctx context.Context, o Options) ([]sample, error) {
	sink, err := newReceiver(nil)
	if err != nil {
		return nil, err
	}
	defer sink.close()
	p, err := serveProcess(ctx, o, "hooks")
	if err != nil {
		return nil, err
	}
	g := growth{of: "hooks"}
	made := 0
	for _, g.size = range []int{1, 100, 1_000, 10_000} {
		if err := together(8, g.size-made, func(i int64) error { return p.filtered(ctx, made+int(i), sink.url) }); err != nil {
			return nil, err
		}
		made = g.size
		memories := (g.size + hooksOfMemory - 1) / hooksOfMemory
		var answered time.Time
		sink.expect(written)
		begin := time.Now()
		if err := together(writers, written, func(i int64) error {
			path := fmt.Sprintf("/api/memories/m%d/add", int(i)%memories)
			return p.call(ctx, http.MethodPost, path, map[string]any{"content": content(i), "grain_type": "event", "namespace": "n0"}, nil)
		}); err != nil {
			return nil, err
		}
		answered = time.Now()
		if err := sink.wait(ctx); err != nil {
			return nil, err
		}
		g.add("durable writes over HTTP, 64 callers", "writes/s", written/answered.Sub(begin).Seconds(), flatRate)
		g.add("delivered, each write its own HTTP call, 1 of the hooks wants it", "events/s", written/time.Since(begin).Seconds(), flatRate)
	}
	return g.samples, stopAll(p)
}

// filtered makes the hook of a number: the first of each memory wants what is
// written, the others each something else.
func (p *process) filtered(ctx context.Context, n int, url string) error {
	return p.call(ctx, http.MethodPost, fmt.Sprintf("/api/memories/m%d/hooks", n/hooksOfMemory), map[string]any{
		"name": fmt.Sprint(n), "delivery_mode": "webhook", "url": url, "secret": "bench-secret",
		"filter": map[string]any{"namespace": []string{fmt.Sprintf("n%d", n%hooksOfMemory)}},
	}, nil)
}

// footprint measures the process's memory at rest, and after many events were
// written and delivered.
func footprint(ctx context.Context, o Options) ([]sample, error) {
	sizes := []int{100_000}
	if o.Large {
		sizes = append(sizes, 1_000_000)
	}
	sink, err := newReceiver(nil)
	if err != nil {
		return nil, err
	}
	defer sink.close()
	p, err := serveProcess(ctx, o, "memory")
	if err != nil {
		return nil, err
	}
	if _, err := p.webhook(ctx, sink.url); err != nil {
		return nil, err
	}
	samples := []sample{{name: "memory, idle", unit: "MiB", value: p.resident(), budget: &Budget{AtMost: 40}}}
	done := 0
	for _, size := range sizes {
		sink.expect(size - done)
		if err := p.remember(ctx, size-done); err != nil {
			return nil, err
		}
		if err := sink.wait(ctx); err != nil {
			return nil, err
		}
		done = size
		samples = append(samples, sample{
			name: "memory, most", growth: "delivered events", size: size, unit: "MiB", value: p.most(), budget: &Budget{AtMost: 200},
			remarks: fmt.Sprintf("%s MiB at the end", Number(p.resident())),
		})
	}
	return samples, stopAll(p)
}
