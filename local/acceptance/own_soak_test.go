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

// soak is one run: what was written when, and what came of it.
type soak struct {
	m      instance
	begun  time.Time
	phase  time.Duration // how long the flapping receiver is up, and then down
	failed atomic.Int64
	hooks  map[string]string // by the kind of their receiver
	shut   []func()          // closes the connections to a receiver

	healthy trips // to the healthy receiver
	bare    trips // through a bare relay to a receiver of its own
	relay   caller
}

// receiver is one that keeps nothing, and answers as handle does.
func (s *soak) receiver(t *testing.T, handle http.HandlerFunc) *receiver {
	t.Helper()
	server := httptest.NewServer(handle)
	s.shut = append(s.shut, server.CloseClientConnections)
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
	process := exec.Command(binary, "bench-reference", "keep", s.receiver(t, s.bare.receive).url, filepath.Join(t.TempDir(), "kept"))
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
	s.hooks = map[string]string{"healthy": s.m.push(t, s.receiver(t, s.healthy.receive))}
	if os.Getenv("SICK") == "no" {
		return
	}
	s.hooks["slow"] = s.m.push(t, s.receiver(t, slow))
	s.hooks["dead"] = s.m.push(t, nobody(t))
	s.hooks["flapping"] = s.m.push(t, s.receiver(t, flapping), object{"max_retries": 20})
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
// up to a bound have reached it: what grows then leaks. SQLite holds 16 MiB of
// pages for its writer, which long contents fill; what the server itself holds
// of grains and of the log is of short ones then.
func (s *soak) fill(t *testing.T) {
	t.Helper()
	const long, short = 25_000, 40_000
	feed := s.m.feed(t)
	s.m.many(t, strings.Repeat("filling", 230), long)
	s.m.many(t, "filling", short)
	beside(t, 8, func(int) error {
		for after := long; after < long+short; after += 1000 {
			a, err := s.m.try(t.Context(), "GET", s.m.path(fmt.Sprintf("/hooks/%s/events?limit=1000&after=%d", feed, after)), nil)
			if err != nil || a.status != http.StatusOK {
				return fmt.Errorf("%v, %w", a, err)
			}
		}
		return nil
	})
}

// leak makes a server of which testdata/leak.go.txt is a part: a soak of it has
// to fail.
func leak(t *testing.T) {
	t.Helper()
	leaks, err := filepath.Abs("testdata/leak.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	beside, err := filepath.Abs("../leak.go")
	if err != nil {
		t.Fatal(err)
	}
	overlay := filepath.Join(t.TempDir(), "overlay.json")
	said, err := json.Marshal(object{"Replace": object{beside: leaks}})
	if err == nil {
		err = os.WriteFile(overlay, said, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	stage.binary = sync.OnceValues(func() (string, error) { return stage.buildWith("-overlay", overlay) })
}

// TestSoak holds a steady load for DURATION on receivers of all kinds, and
// fails where the server's memory or lag grow under it, or its goroutines or
// open files do not come back to what they were. With LEAK=yes it has to fail.
func TestSoak(t *testing.T) {
	during, err := time.ParseDuration(os.Getenv("DURATION"))
	if err != nil || deployed() {
		t.Skip("a long run: make soak DURATION=10m")
	}
	rate, err := strconv.Atoi(os.Getenv("RATE"))
	if err != nil || rate < 1 {
		rate = 50
	}
	if os.Getenv("LEAK") == "yes" {
		leak(t)
	}
	c := start(t, 97, settings{"MEMHOOKS_RETRY_BASE": "200ms", "GOGC": strconv.Itoa(gcPercent)}).caller
	s := &soak{m: c.fresh(t), begun: time.Now(), phase: during / 80} // twice up and down in each span of floors
	s.fill(t)
	before := s.alone(t)
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
	s.rest(t, before)
}

// alone are the server's figures while nobody is connected to it.
func (s *soak) alone(t *testing.T) map[string]float64 {
	t.Helper()
	for _, shut := range s.shut {
		shut()
	}
	wire.CloseIdleConnections()
	return s.m.metrics(t)
}

// rest holds the server, without its hooks, to what it held before they came.
func (s *soak) rest(t *testing.T, before map[string]float64) {
	t.Helper()
	for _, hook := range s.hooks {
		s.m.call(t, "DELETE", s.m.path("/hooks/"+hook), nil).want(t, http.StatusOK)
	}
	var after map[string]float64
	defer func() { // when it never comes to rest, too
		for _, what := range atRest {
			fmt.Printf("%s with nobody connected: %.0f before the load, %.0f after, at most %.0f\n", what, before[what], after[what], before[what]+atRestMore)
		}
	}()
	eventually(t, "goroutines and open files to come back to what they were", func() bool {
		after = s.alone(t)
		return !slices.ContainsFunc(atRest, func(what string) bool { return after[what] > before[what]+atRestMore })
	})
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
			now["memory that stays"] = stays(t, now)
			now["lag"] = float64(s.healthy.writes.Load() - s.healthy.arrived.Load())
			for _, b := range bounds {
				samples[b.what] = append(samples[b.what], now[b.what]/b.per)
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
		grew := growth(floors(second))
		fmt.Fprintf(out, "%s %s\t%.1f\t%.1f\t%.1f\t%+.1f\t%s\n", b.what, b.unit, average(first), average(second), slices.Max(all), grew, b.limit())
		if b.most > 0 && grew > b.most {
			t.Errorf("%s grew by %.1f %s over the second half, at most %.0f are allowed", b.what, grew, b.unit, b.most)
		}
	}
	fmt.Fprintf(out, "write sent to POST received, healthy\t%v\n", &s.healthy)
	fmt.Fprintf(out, "the same through a bare relay\t%v\n", &s.bare)
	for _, least := range []time.Duration{100 * time.Millisecond, 300 * time.Millisecond, time.Second} {
		fmt.Fprintf(out, "over %v\thealthy %d\trelay %d\thealthy while the relay was quick %d\n",
			least, len(s.healthy.over(least)), len(s.bare.over(least)), len(s.healthy.alone(&s.bare, least)))
	}
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
