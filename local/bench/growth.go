package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// onDisk is from how many entries on a page of the log mostly comes from the
// disk: the newest are held in memory, and to be compared with nothing.
const onDisk = 10_000

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

// storedOverHTTP names what is measured of writes alone.
const storedOverHTTP = "durable writes over HTTP, 64 callers"

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
func grains(ctx context.Context, b *bed) ([]sample, error) {
	sizes := []int{1_000, 10_000, 100_000}
	if b.Large {
		sizes = append(sizes, 1_000_000)
	}
	hook, err := b.polled(ctx)
	if err != nil {
		return nil, err
	}
	g := growth{of: "stored grains"}
	filled := 0
	for _, g.size = range sizes {
		if err := b.fill(ctx, filled, g.size); err != nil {
			return g.samples, err
		}
		filled = g.size
		perSecond, err := b.indexed(ctx)
		if err != nil {
			return g.samples, err
		}
		if perSecond > 0 {
			g.add("index, catching up", "grains/s", perSecond, flatRate)
		}
		questions := b.questions(hook, filled)
		asks := []string{byText, bySubject}
		if g.size >= onDisk {
			asks = append(asks, byPage)
		}
		for _, name := range asks {
			took, err := p50(asked, questions[name])
			if err != nil {
				return g.samples, fmt.Errorf("%s: %w", name, err)
			}
			g.add(name, "ms", took, flatTime)
		}
		if err := g.writes(ctx, b); err != nil {
			return g.samples, err
		}
	}
	return g.samples, nil
}

// writes measures writes over HTTP, and then what goes the whole way to a hook.
func (g *growth) writes(ctx context.Context, b *bed) error {
	stored, err := timed(written, func() error { return b.remember(ctx, written) })
	if err != nil {
		return err
	}
	g.add(storedOverHTTP, "writes/s", stored, flatRate)
	id, err := b.webhook(ctx, b.sink.url)
	if err != nil {
		return err
	}
	told, err := timed(written, func() error { return b.told(ctx, written, 1) })
	if err != nil {
		return err
	}
	g.add(toldSteadily+", 1 hook", "events/s", told, flatRate)
	return b.call(ctx, http.MethodDelete, "/v1/webhooks/"+id, nil, nil)
}

// hooksOfMemory is the most that a memory may have.
const hooksOfMemory = 1000

// hooks measures the same at more and more hooks, each with a filter of its
// own, of which one wants the event.
func hooks(ctx context.Context, b *bed) ([]sample, error) {
	g := growth{of: "hooks"}
	made := 0
	for _, g.size = range []int{1, 100, 1_000, 10_000} {
		if err := together(writers, g.size-made, func(i int64) error { return b.filtered(ctx, made+int(i), b.sink.url) }); err != nil {
			return g.samples, err
		}
		made = g.size
		memories := (g.size + hooksOfMemory - 1) / hooksOfMemory
		b.sink.expect(written)
		begin := time.Now()
		if err := together(writers, written, func(i int64) error {
			path := fmt.Sprintf("/api/memories/m%d/add", int(i)%memories)
			return b.call(ctx, http.MethodPost, path, map[string]any{"content": content(i), "grain_type": "event", "namespace": "n0"}, nil)
		}); err != nil {
			return g.samples, err
		}
		answered := time.Now()
		if err := b.sink.wait(ctx); err != nil {
			return g.samples, err
		}
		g.add(storedOverHTTP, "writes/s", written/answered.Sub(begin).Seconds(), flatRate)
		g.add(toldSteadily+", 1 of the hooks wants it", "events/s", written/time.Since(begin).Seconds(), flatRate)
	}
	return g.samples, nil
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
func footprint(ctx context.Context, b *bed) ([]sample, error) {
	sizes := []int{100_000}
	if b.Large {
		sizes = append(sizes, 1_000_000)
	}
	if _, err := b.webhook(ctx, b.sink.url); err != nil {
		return nil, err
	}
	samples := []sample{{name: "memory, idle", unit: "MiB", value: b.resident(), budget: &Budget{AtMost: 40}}}
	done := 0
	for _, size := range sizes {
		if err := b.told(ctx, size-done, 1); err != nil {
			return samples, err
		}
		done = size
		samples = append(samples, sample{
			name: "memory, most", growth: "delivered events", size: size, unit: "MiB", value: b.most(), budget: &Budget{AtMost: 200},
			remarks: fmt.Sprintf("%s MiB at the end", Number(b.resident())),
		})
	}
	return samples, nil
}
