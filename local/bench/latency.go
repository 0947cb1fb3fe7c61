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

// clock makes writes and notes when each memory's event comes to a receiver.
type clock struct {
	sink    *receiver
	write   writing
	mu      sync.Mutex
	arrived map[string]time.Time // by memory id
}

// writing makes the write of a number and answers its memory's id.
type writing func(ctx context.Context, n int64) (id string, err error)

func newClock(sink *receiver, write writing) *clock {
	c := &clock{sink: sink, write: write, arrived: map[string]time.Time{}}
	sink.seen = func(body []byte, at time.Time) {
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

// remembered is the writing of the system under test.
func (p *process) remembered(ctx context.Context, n int64) (string, error) {
	var made struct {
		ID string `json:"id"`
	}
	err := post(ctx, p.client, http.MethodPost, p.url+"/v1/remember", memoryBody(n), &made)
	return made.ID, err
}

// passedOn is the writing of a bare relay, which sends on what it gets.
func (p *process) passedOn(ctx context.Context, n int64) (string, error) {
	id := fmt.Sprintf("mem_%032d", n)
	return id, post(ctx, p.client, http.MethodPost, p.url, eventOf(id), nil)
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
			var err error
			sent[i] = time.Now()
			if ids[i], err = c.write(ctx, int64(i)); err != nil {
				failed.Store(&err)
			}
			answered[i] = time.Now()
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

// percentile reads a sorted list; 0 of an empty one.
func percentile(sorted []float64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[len(sorted)*percent/100]
}

// Where latency is measured at 50 events/s: the time between two writes, and
// how many of them there are at least, so that p99 has ten above it. The bare
// relay gets half as many.
const (
	calm       = 20 * time.Millisecond
	calmWrites = 1000
)

// latency measures from a write, and from its answer, to the arrival of its
// event: at fifty events a second, and at half of what the machine can do, with
// the index kept up. A bare relay gets its writes at the same pace, when the
// system has ended.
func latency(ctx context.Context, b *bed) ([]sample, error) {
	ours := newClock(b.sink, b.remembered)
	if _, err := b.webhook(ctx, b.sink.url); err != nil {
		return nil, err
	}
	n := max(calmWrites, int(b.For/calm))
	quiet, err := ours.gaps(ctx, n, calm)
	if err != nil {
		return nil, err
	}
	most, err := timed(b.Events, func() error { return b.told(ctx, b.Events, 1) })
	if err != nil {
		return nil, err
	}
	if _, err := b.indexed(ctx); err != nil {
		return nil, err
	}
	beats, pace := max(calmWrites, int(most/2*b.For.Seconds()/2)), time.Duration(2e9/most)
	loaded, err := ours.gaps(ctx, beats, pace)
	if err != nil {
		return nil, err
	}
	if err := b.stop(); err != nil {
		return nil, err
	}
	relay, sink, err := b.relay(ctx, 1)
	if err != nil {
		return nil, err
	}
	bare := newClock(sink, relay.passedOn)
	bareQuiet, err := bare.gaps(ctx, n/2, calm)
	if err != nil {
		return nil, err
	}
	bareLoaded, err := bare.gaps(ctx, beats, pace)
	if err != nil {
		return nil, err
	}
	all := quiet.figures("50 events/s", "", bareQuiet)
	all[0].budget, all[1].budget = &Budget{AtMost: 2}, &Budget{AtMost: 6}
	return append(all, loaded.figures("half load", fmt.Sprintf("half of %s events/s, ", Number(most)), bareLoaded)...), nil
}

// figures are p50 and p99 from the answer, and then from the sending. A bare
// relay answers when its POST was received, so its reference is from the sending
// for both.
func (t trips) figures(load, remarks string, bare trips) []sample {
	overtook := 0
	for overtook < len(t.answered) && t.answered[overtook] == 0 {
		overtook++
	}
	remarks += fmt.Sprintf("%s writes", Number(float64(len(t.sent))))
	early := fmt.Sprintf("%s, of which %s were answered after the POST and count as 0", remarks, Number(float64(overtook)))
	var all []sample
	for _, from := range []struct {
		name    string
		took    []float64
		remarks string
	}{{"write answered", t.answered, early}, {"write sent", t.sent, remarks}} {
		for _, percent := range []int{50, 99} {
			all = append(all, sample{
				name: fmt.Sprintf("%s → POST received, %s, p%d; reference: a bare relay, from the sending", from.name, load, percent), unit: "ms",
				value: percentile(from.took, percent), bare: percentile(bare.sent, percent), remarks: from.remarks,
			})
		}
	}
	return all
}
