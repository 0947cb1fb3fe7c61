package bench

import (
	"context"
	"fmt"
	"net/http"
)

// footprint measures the process's memory at rest, and after many events were
// written and delivered, beside a bare relay's that passed as many on before.
func footprint(ctx context.Context, b *bed) ([]sample, error) {
	sizes := []int{100_000}
	if b.Large {
		sizes = append(sizes, 1_000_000)
	}
	bare, err := b.bareFootprint(ctx, sizes)
	if err != nil {
		return nil, err
	}
	if _, err := b.webhook(ctx, b.sink.url); err != nil {
		return nil, err
	}
	samples := []sample{{
		name: "memory, idle; reference: a bare relay's", unit: "MiB", value: b.resident(), bare: bare[0], budget: &Budget{AtMost: 40},
	}}
	done := 0
	for i, size := range sizes {
		if err := b.told(ctx, size-done, 1); err != nil {
			return samples, err
		}
		done = size
		samples = append(samples, sample{
			name: fmt.Sprintf("memory, most by %s delivered events; reference: a bare relay's", Number(float64(size))), unit: "MiB",
			value: b.most(), bare: bare[i+1], budget: &Budget{AtMost: 200},
			remarks: fmt.Sprintf("%s MiB at the end", Number(b.resident())),
		})
	}
	return samples, nil
}

// bareFootprint answers a bare relay's memory when it has passed one write on,
// and the most by each of the sizes.
func (b *bed) bareFootprint(ctx context.Context, sizes []int) ([]float64, error) {
	relay, _, err := b.relay(ctx, 1)
	if err != nil {
		return nil, err
	}
	one := func(n int64) error { return post(ctx, relay.client, http.MethodPost, relay.url, memoryBody(n), nil) }
	if err := one(0); err != nil {
		return nil, err
	}
	all := []float64{relay.resident()}
	done := 1
	for _, size := range sizes {
		if err := together(writers, size-done, one); err != nil {
			return nil, err
		}
		done, all = size, append(all, relay.most())
	}
	return all, relay.stop()
}
