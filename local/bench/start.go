package bench

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// start measures from the start of the binary to the first delivered event, in
// turns with a bare relay.
func start(ctx context.Context, b *bed) ([]sample, error) {
	var err error
	if b.sink, err = b.receive(); err != nil {
		return nil, err
	}
	var ours, bare []float64
	for i := range 5 {
		took, err := b.started(ctx, strconv.Itoa(i))
		if err != nil {
			return nil, err
		}
		least, err := b.relayStarted(ctx)
		if err != nil {
			return nil, err
		}
		ours, bare = append(ours, took), append(bare, least)
	}
	return []sample{{
		name: "start of the binary → first delivered event; reference: a bare relay's", unit: "s",
		value: spreadOf(ours).Median, bare: spreadOf(bare).Median, budget: &Budget{AtMost: 0.3},
	}}, nil
}

// started answers the seconds that the system takes on a new folder.
func (b *bed) started(ctx context.Context, name string) (took float64, err error) {
	begin := time.Now()
	if b.process, err = b.serve(ctx, name); err != nil {
		return 0, err
	}
	if _, err := b.webhook(ctx, b.sink.url); err != nil {
		return 0, err
	}
	if err := b.told(ctx, 1, 1); err != nil {
		return 0, err
	}
	took = time.Since(begin).Seconds()
	return took, b.stop()
}

// relayStarted answers the seconds that a bare relay takes.
func (b *bed) relayStarted(ctx context.Context) (took float64, err error) {
	begin := time.Now()
	p, err := b.refer(ctx, "relay", b.sink.url, "1")
	if err != nil {
		return 0, err
	}
	if err := post(ctx, p.client, http.MethodPost, p.url, memoryBody(0), nil); err != nil {
		return 0, err
	}
	took = time.Since(begin).Seconds()
	return took, p.stop()
}
