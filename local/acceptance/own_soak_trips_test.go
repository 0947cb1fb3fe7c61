package acceptance_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// trips are events that are on their way, and those that came.
type trips struct {
	sent    sync.Map // subject → time.Time, before its write was sent
	writes  atomic.Int64
	arrived atomic.Int64

	mu   sync.Mutex
	ends []trip
}

// trip is the way of one event.
type trip struct {
	sent time.Time
	took time.Duration
}

// begin notes the next write and answers its subject.
func (r *trips) begin() string {
	subject := fmt.Sprint("soak ", r.writes.Add(1))
	r.sent.Store(subject, time.Now())
	return subject
}

// receive notes the first arrival of each.
func (r *trips) receive(_ http.ResponseWriter, q *http.Request) {
	var event struct {
		Subject string `json:"subject"`
	}
	if json.NewDecoder(q.Body).Decode(&event) != nil {
		return
	}
	if at, first := r.sent.LoadAndDelete(event.Subject); first {
		sent := at.(time.Time)
		took := time.Since(sent)
		r.arrived.Add(1)
		r.mu.Lock()
		r.ends = append(r.ends, trip{sent, took})
		r.mu.Unlock()
	}
}

// String is how long they took, by shares.
func (r *trips) String() string {
	var took []time.Duration
	for _, one := range r.over(0) {
		took = append(took, one.took)
	}
	slices.Sort(took)
	at := func(share float64) time.Duration {
		return took[min(int(share*float64(len(took))), len(took)-1)].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %v\tp99 %v\tp99.9 %v\thighest %v", at(.5), at(.99), at(.999), at(1))
}

// over are those that took at least so long.
func (r *trips) over(least time.Duration) (long []trip) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range r.ends {
		if one.took >= least {
			long = append(long, one)
		}
	}
	return long
}

// alone are those that took at least so long while none of others, which were
// sent in turns with them, took half of that: what both have is the machine's.
func (r *trips) alone(others *trips, least time.Duration) (alone []trip) {
	shared := others.over(least / 2)
	for _, one := range r.over(least) {
		if !slices.ContainsFunc(shared, one.meets) {
			alone = append(alone, one)
		}
	}
	return alone
}

// meets reports whether two were under way at the same time.
func (t trip) meets(other trip) bool {
	return t.sent.Before(other.sent.Add(other.took)) && other.sent.Before(t.sent.Add(t.took))
}

func TestSoakTellsWhoStalls(t *testing.T) {
	at := func(sent, took int) trip {
		return trip{time.Unix(0, 0).Add(time.Duration(sent) * time.Millisecond), time.Duration(took) * time.Millisecond}
	}
	ours := &trips{ends: []trip{at(0, 5), at(100, 400), at(200, 300), at(1000, 300), at(2000, 300)}}
	relay := &trips{ends: []trip{at(5, 1), at(350, 160), at(990, 20), at(2290, 150)}}
	if got, want := ours.alone(relay, 300*time.Millisecond), []trip{at(1000, 300)}; !slices.Equal(got, want) {
		t.Errorf("the stalls of ours alone are %v, not %v", got, want)
	}
}
