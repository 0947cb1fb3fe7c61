package bench

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// hooksOfMemory is the most that a memory may have.
const hooksOfMemory = 1000

// hooks measures the same at more and more hooks, each with a filter of its
// own, of which one wants the event. More than a memory may have are spread over
// several, which are written to in turn.
func hooks(ctx context.Context, b *bed) ([]sample, error) {
	g := growth{of: "hooks"}
	err := g.over(ctx, b, []int{1, 100, 1_000, 10_000}, func() error {
		if err := together(writers, g.size, func(i int64) error {
			return b.filtered(ctx, memoryOf(int(i)/hooksOfMemory), int(i)%hooksOfMemory)
		}); err != nil {
			return err
		}
		memories := (g.size + hooksOfMemory - 1) / hooksOfMemory
		layout := "in one memory"
		if memories > 1 {
			layout = fmt.Sprintf("in %d memories of %s, written to in turn", memories, Number(hooksOfMemory))
		}
		var stored, told []float64
		for range samplesOfRate {
			answered, arrived, err := b.added(ctx, func(i int64) string { return memoryOf(int(i) % memories) })
			if err != nil {
				return err
			}
			stored, told = append(stored, answered), append(told, arrived)
		}
		g.add(storedOverHTTP, "writes/s", spreadOf(stored).Median, flatRate, layout)
		g.add(toldSteadily+", 1 of the hooks wants it", "events/s", spreadOf(told).Median, flatRate, layout)
		return nil
	})
	return g.samples, err
}

func memoryOf(n int) string { return fmt.Sprintf("m%d", n) }

// filtered makes the hook of a number in a memory: the first wants what added
// writes, the others each something else.
func (b *bed) filtered(ctx context.Context, memory string, n int) error {
	return b.call(ctx, http.MethodPost, "/api/memories/"+memory+"/hooks", map[string]any{
		"name": fmt.Sprint(n), "delivery_mode": "webhook", "url": b.sink.url, "secret": "bench-secret",
		"filter": map[string]any{"namespace": []string{fmt.Sprintf("n%d", n)}},
	}, nil)
}

// added makes a sample of writes, each into the memory that is named for it,
// and answers how many a second were answered, and arrived.
func (b *bed) added(ctx context.Context, memory func(i int64) string) (answered, arrived float64, err error) {
	b.sink.expect(written)
	begin := time.Now()
	if answered, err = timed(written, func() error {
		return together(writers, written, func(i int64) error {
			return b.call(ctx, http.MethodPost, "/api/memories/"+memory(i)+"/add",
				map[string]any{"content": content(i), "grain_type": "event", "namespace": "n0"}, nil)
		})
	}); err != nil {
		return 0, 0, err
	}
	err = b.sink.wait(ctx)
	return answered, written / time.Since(begin).Seconds(), err
}

// warmed writes a sample into a memory of its own, and has it delivered, so that
// the first size of a system that grows is no cold start.
func (b *bed) warmed(ctx context.Context) error {
	const memory = "warm"
	if err := b.filtered(ctx, memory, 0); err != nil {
		return err
	}
	_, _, err := b.added(ctx, func(int64) string { return memory })
	return err
}
