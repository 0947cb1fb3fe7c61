package acceptance_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"
)

// bound is what a figure of a server may grow by over the second half of a
// soak, as a straight line through the least of each of its spans says.
type bound struct {
	what string
	most float64
	unit string
	per  float64 // what one of the unit is
	each float64 // by so much for each event it may grow, where that is more than most
}

var bounds = []bound{
	{"process_resident_memory_bytes", 4, "MiB", 1 << 20, 100},
	{"go_goroutines", 20, "", 1, 0},
	{"process_open_fds", 20, "", 1, 0},
	{"lag", 50, "events", 1, 0}, // written and not yet with the healthy receiver
}

// allows is what a figure may grow by, in its unit, while so many events are
// written.
func (b bound) allows(events float64) float64 { return max(b.most, b.each*events/b.per) }

// floors parts samples into ten spans and gives the least of each: a burst
// leaves it where it is, a leak raises it.
func floors(samples []float64) (least []float64) {
	const spans = 10
	for i := range spans {
		if span := samples[len(samples)*i/spans : len(samples)*(i+1)/spans]; len(span) > 0 {
			least = append(least, slices.Min(span))
		}
	}
	return least
}

// growth is what a straight line through samples taken at even times rises by
// from the first to the last.
func growth(samples []float64) float64 {
	n := float64(len(samples))
	if n < 2 {
		return 0
	}
	var x, y, xx, xy float64
	for i, v := range samples {
		at := float64(i)
		x, y, xx, xy = x+at, y+v, xx+at*at, xy+at*v
	}
	return (n*xy - x*y) / (n*xx - x*x) * (n - 1)
}

func TestSoakSeesGrowth(t *testing.T) {
	noise := []float64{3, -2, 1, -4, 2, 0, -1, 3, -3, 1}
	bursts := slices.Repeat([]float64{50, 51, 90, 50, 52, 50, 50, 200, 51, 50}, 10)
	if got := growth(floors(bursts)); got < -1 || got > 1 {
		t.Errorf("of bursts on a level floor, growth is %v", got)
	}
	for slope, least := range map[float64]float64{0: -4, 1: 7, -1: -12} {
		var samples []float64
		for i, n := range noise {
			samples = append(samples, 100+slope*float64(i)+n)
		}
		if got := growth(samples); got < least || got > least+5 {
			t.Errorf("of a line that rises by %v a step, growth is %v", slope, got)
		}
	}
}

func TestSoakAllowsSoMuchAnEvent(t *testing.T) {
	memory := bounds[0]
	for events, want := range map[float64]float64{0: 4, 15_000: 4, 1 << 20: 100} {
		if got := memory.allows(events); got != want {
			t.Errorf("%.0f events may leave %v %s, not %v", events, got, memory.unit, want)
		}
	}
}

// soak is one run: what was written when, and what came of it.
type soak struct {
	m      instance
	begun  time.Time
	phase  time.Duration // how long the flapping receiver is up, and then down
	failed atomic.Int64
	hooks  map[string]string // by the kind of their receiver

	healthy trips // to the healthy receiver
	bare    trips // through a bare relay to a receiver of its own
	relay   caller
}

// trips are events that are on their way, and how long those took that came.
type trips struct {
	sent    sync.Map // subject → time.Time, before its write was sent
	writes  atomic.Int64
	arrived atomic.Int64

	mu   sync.Mutex
	took []time.Duration
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
		took := time.Since(at.(time.Time))
		r.arrived.Add(1)
		r.mu.Lock()
		r.took = append(r.took, took)
		r.mu.Unlock()
	}
}

// String is how long they took, by shares.
func (r *trips) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.took)
	at := func(share float64) time.Duration {
		return r.took[min(int(share*float64(len(r.took))), len(r.took)-1)].Round(10 * time.Microsecond)
	}
	return fmt.Sprintf("p50 %v\tp99 %v\tp99.9 %v\thighest %v", at(.5), at(.99), at(.999), at(1))
}

// soakReceiver is one that keeps nothing, and answers as handle does.
func soakReceiver(t *testing.T, handle http.HandlerFunc) *receiver {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return &receiver{url: server.URL + "/hook"}
}

// nobody is an address at which nothing listens.
func nobody(t *testing.T) *receiver {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return &receiver{url: "http://" + l.Addr().String() + "/hook"}
}

// refer starts the bare relay: a process that takes a POST, writes it to a file
// beside the server's, syncs that, and makes a signed POST.
func (s *soak) refer(t *testing.T) {
	t.Helper()
	binary, err := stage.binary()
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command(binary, "bench-reference", "keep", soakReceiver(t, s.bare.receive).url, filepath.Join(t.TempDir(), "kept"))
	out, err := process.StdoutPipe()
	if err == nil {
		err = process.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	})
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, found := strings.Cut(strings.TrimSpace(line), "listening on ")
	if !found {
		t.Fatalf("the relay says %q, %v", line, err)
	}
	s.relay = caller{url: url}
}

// receivers makes a hook for each kind of receiver, or with SICK=no for the
// healthy one alone.
func (s *soak) receivers(t *testing.T) {
	t.Helper()
	slow := func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-time.After(300 * time.Millisecond):
		case <-r.Context().Done():
		}
	}
	flapping := func(w http.ResponseWriter, _ *http.Request) {
		if int(time.Since(s.begun)/s.phase)%2 == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}
	s.hooks = map[string]string{"healthy": s.m.push(t, soakReceiver(t, s.healthy.receive))}
	if os.Getenv("SICK") == "no" {
		return
	}
	s.hooks["slow"] = s.m.push(t, soakReceiver(t, slow))
	s.hooks["dead"] = s.m.push(t, nobody(t))
	s.hooks["flapping"] = s.m.push(t, soakReceiver(t, flapping), object{"max_retries": 20})
}

// write keeps a steady rate for a time, and the same rate through the bare
// relay, in turns with it.
func (s *soak) write(t *testing.T, rate int, during time.Duration) {
	t.Helper()
	tick := time.NewTicker(time.Second / time.Duration(2*rate))
	defer tick.Stop()
	end := time.After(during)
	var all sync.WaitGroup
	defer all.Wait()
	for n := 0; ; n++ {
		select {
		case <-end:
			return
		case <-tick.C:
			if n%2 == 0 {
				all.Go(func() { s.put(t, &s.healthy, s.m.caller, s.m.path("/add")) })
			} else {
				all.Go(func() { s.put(t, &s.bare, s.relay, "") })
			}
		}
	}
}

// put makes one write.
func (s *soak) put(t *testing.T, on *trips, c caller, path string) {
	t.Helper()
	if a, err := c.try(t.Context(), "POST", path, belief(on.begin())); err != nil || a.status != http.StatusOK {
		s.failed.Add(1)
	}
}

// fill writes and reads so much before a soak begins that the caches that grow
// up to a bound have reached it: what grows then leaks.
func (s *soak) fill(t *testing.T) {
	t.Helper()
	feed := s.m.feed(t)
	s.m.many(t, "filling", 40_000)
	beside(t, 8, func(int) error {
		for after := 0; after < 40_000; after += 1000 {
			a, err := s.m.try(t.Context(), "GET", s.m.path(fmt.Sprintf("/hooks/%s/events?limit=1000&after=%d", feed, after)), nil)
			if err != nil || a.status != http.StatusOK {
				return fmt.Errorf("%v, %w", a, err)
			}
		}
		return nil
	})
}

// TestSoak holds a steady load for DURATION on receivers of all kinds, and
// fails where the server's memory, goroutines, open files or lag grow.
func TestSoak(t *testing.T) {
	during, err := time.ParseDuration(os.Getenv("DURATION"))
	if err != nil || deployed() {
		t.Skip("a long run: make soak DURATION=10m")
	}
	rate, err := strconv.Atoi(os.Getenv("RATE"))
	if err != nil || rate < 1 {
		rate = 50
	}
	c := start(t, 97, settings{"MEMHOOKS_RETRY_BASE": "200ms"}).caller
	s := &soak{m: c.fresh(t), begun: time.Now(), phase: during / 80} // twice up and down in each span of floors
	s.fill(t)
	s.receivers(t)
	s.refer(t)
	written := make(chan struct{})
	go func() {
		defer close(written)
		s.write(t, rate, during)
	}()
	samples := s.watch(t, max(during/200, 250*time.Millisecond), written)
	eventually(t, "the healthy receiver to have all", func() bool { return s.healthy.arrived.Load() == s.healthy.writes.Load() })
	s.report(t, samples, rate, during)
}

// watch samples the bounded figures until the load ends.
func (s *soak) watch(t *testing.T, every time.Duration, until <-chan struct{}) map[string][]float64 {
	t.Helper()
	samples := map[string][]float64{}
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-until:
			return samples
		case <-tick.C:
			wire.CloseIdleConnections() // those that a burst opened would stay, and count as the server's
			now := s.m.metrics(t)
			now["lag"] = float64(s.healthy.writes.Load() - s.healthy.arrived.Load())
			for _, b := range bounds {
				v, there := now[b.what]
				if !there {
					t.Fatalf("/metrics has no %s", b.what)
				}
				samples[b.what] = append(samples[b.what], v/b.per)
			}
		}
	}
}

// report prints the run and holds it to the bounds.
func (s *soak) report(t *testing.T, samples map[string][]float64, rate int, during time.Duration) {
	t.Helper()
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	defer out.Flush()
	fmt.Fprintf(out, "%v at %d writes/s: %d written, %d failed\n", during, rate, s.healthy.writes.Load(), s.failed.Load())
	fmt.Fprintln(out, "figure\tfirst half\tsecond half\thighest\tgrowth over the second half\tat most")
	for _, b := range bounds {
		all := samples[b.what]
		first, second := all[:len(all)/2], all[len(all)/2:]
		grew, most := growth(floors(second)), b.allows(float64(rate)*during.Seconds()/2)
		fmt.Fprintf(out, "%s %s\t%.1f\t%.1f\t%.1f\t%+.1f\t%.0f\n", b.what, b.unit, average(first), average(second), slices.Max(all), grew, most)
		if grew > most {
			t.Errorf("%s grew by %.1f %s over the second half, at most %.0f are allowed", b.what, grew, b.unit, most)
		}
	}
	fmt.Fprintf(out, "write sent to POST received, healthy\t%v\n", &s.healthy)
	fmt.Fprintf(out, "the same through a bare relay\t%v\n", &s.bare)
	for _, kind := range slices.Sorted(maps.Keys(s.hooks)) {
		fmt.Fprintf(out, "%s receiver\t%v\n", kind, s.m.counts(t, s.hooks[kind]))
	}
	if s.failed.Load() > 0 {
		t.Errorf("%d writes failed", s.failed.Load())
	}
}

func average(all []float64) (mean float64) {
	for _, v := range all {
		mean += v / float64(len(all))
	}
	return mean
}
