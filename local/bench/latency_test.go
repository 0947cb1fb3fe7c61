package bench

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
)

// TestTripsTellWhatCountsAsNothing shows that a figure from the answer says how
// many of its samples the event overtook, one from the sending needs not, and
// that both stand beside what a bare relay took.
func TestTripsTellWhatCountsAsNothing(t *testing.T) {
	ours := trips{sent: []float64{1, 2, 3, 4}, answered: []float64{0, 0, 0.5, 3}}
	all := ours.figures("no load", "", trips{sent: []float64{0.25, 0.75}})
	for i, want := range []struct {
		name, remarks string
		value, bare   float64
	}{
		{"write answered → POST received, no load, p50", "4 writes, of which 2 were answered after the POST and count as 0", 0.5, 0.75},
		{"write answered → POST received, no load, p99", "4 writes, of which 2 were answered after the POST and count as 0", 3, 0.75},
		{"write sent → POST received, no load, p50", "4 writes", 3, 0.75},
		{"write sent → POST received, no load, p99", "4 writes", 4, 0.75},
	} {
		got := all[i]
		if got.name != want.name+"; reference: a bare relay, from the sending" || got.remarks != want.remarks || got.value != want.value || got.bare != want.bare {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if got := (trips{}).figures("no load", "", trips{})[0]; got.value != 0 || got.bare != 0 {
		t.Errorf("of no writes: %+v", got)
	}
}

// TestAReceiverThatHangs knows which of its hooks have a POST, and when none
// hangs any more.
func TestAReceiverThatHangs(t *testing.T) {
	r, err := newReceiver()
	if err != nil {
		t.Fatal(err)
	}
	defer r.server.Close()
	r.hangs = true
	ctx, give := context.WithCancel(t.Context())
	var posts sync.WaitGroup
	for _, path := range []string{"/0", "/1", "/1"} {
		posts.Go(func() {
			if err := post(ctx, http.DefaultClient, http.MethodPost, r.url+path, nil, nil); err == nil || !strings.Contains(err.Error(), "canceled") {
				t.Errorf("a POST that hangs ended with %v", err)
			}
		})
	}
	if err := until(t.Context(), func() (bool, error) { return r.hanging.Load() == 3, nil }); err != nil {
		t.Fatal(err)
	}
	if got := r.hooks(); got != 2 {
		t.Errorf("POSTs to %d paths hang, not to 2", got)
	}
	give()
	posts.Wait()
	if err := until(t.Context(), func() (bool, error) { return r.hanging.Load() == 0, nil }); err != nil {
		t.Fatal(err)
	}
}
