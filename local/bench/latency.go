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

// trips are the milliseconds to the arrival of events, in order of size.
type trips struct {
	sent     []float64 // from when the write was sent
	answered []float64 // from its answer; 0 where the event overtook that
}

// gaps writes n memories, one each interval whatever became of the last ones.
func (c *clock) gaps(ctx context.Context, n int, interval time.Duration) (trips, error) {
	sent, answered := make([]time.Time, n), make([]time.Time, n)
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
			sent[i] = time.Now()
			if err := post(ctx, c.client, http.MethodPost, c.url+"/v1/remember", memoryBody(int64(i)), &made); err != nil {
				failed.Store(&err)
			}
			ids[i], answered[i] = made.ID, time.Now()
		})
	}
	all.Wait()
	if err := failed.Load(); err != nil {
		return trips{}, *err
	}
	if err := c.sink.wait(ctx); err != nil {
		return trips{}, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	var took trips
	for i, id := range ids {
		took.sent = append(took.sent, milliseconds(c.arrived[id].Sub(sent[i])))
		took.answered = append(took.answered, max(0, milliseconds(c.arrived[id].Sub(answered[i]))))
	}
	slices.Sort(took.sent)
	slices.Sort(took.answered)
	return took, nil
}

func milliseconds(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1e6 }

// percentile reads a sorted list.
func percentile(sorted []float64, percent int) float64 { return sorted[len(sorted)*percent/100] }

// Where latency is measured at 50 events/s: the time between two writes, and
// how many of them there are at least, so that p99 has ten above it.
const (
	calm       = 20 * time.Millisecond
	calmWrites = 1000
)

// latency measures from a write, and from its answer, to the arrival of its
// event: at fifty events a second, and at half of what the machine can do.
func latency(ctx context.Context, b *bed) ([]sample, error) {
	clock := newClock(b)
	if _, err := b.webhook(ctx, b.sink.url); err != nil {
		return nil, err
	}
	quiet, err := clock.gaps(ctx, max(calmWrites, int(b.For/calm)), calm)
	if err != nil {
		return nil, err
	}
	n := b.Events / 4
	most, err := timed(n, func() error { return b.told(ctx, n, 1) })
	if err != nil {
		return nil, err
	}
	loaded, err := clock.gaps(ctx, max(calmWrites, int(most/2*b.For.Seconds()/2)), time.Duration(2e9/most))
	if err != nil {
		return nil, err
	}
	all := quiet.figures("50 events/s", "")
	all[0].budget, all[1].budget = &Budget{AtMost: 2}, &Budget{AtMost: 6}
	return append(all, loaded.figures("half load", fmt.Sprintf("half of %s events/s, ", Number(most)))...), nil
}

// figures are p50 and p99 from the answer, and then from the sending.
func (t trips) figures(load, remarks string) []sample {
	overtook := 0
	for overtook < len(t.answered) && t.answered[overtook] == 0 {
		overtook++
	}
	remarks += fmt.Sprintf("%s writes", Number(float64(len(t.sent))))
	early := fmt.Sprintf("%s, of which %s were answered after the POST and count as 0", remarks, Number(float64(overtook)))
	const answered, sent = "write answered → POST received, ", "write sent → POST received, "
	return []sample{
		{name: answered + load + ", p50", unit: "ms", value: percentile(t.answered, 50), remarks: early},
		{name: answered + load + ", p99", unit: "ms", value: percentile(t.answered, 99), remarks: early},
		{name: sent + load + ", p50", unit: "ms", value: percentile(t.sent, 50), remarks: remarks},
		{name: sent + load + ", p99", unit: "ms", value: percentile(t.sent, 99), remarks: remarks},
	}
}
