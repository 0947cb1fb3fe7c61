package acceptance_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/adapter"
	"github.com/memhooks/memhooks/shared/auth"
	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/httpapi"
	"github.com/memhooks/memhooks/shared/once"
	"github.com/memhooks/memhooks/shared/road"
)

// movable runs the whole road behind HTTP with a clock that a test can set,
// which no process lets it do from outside.
func movable(t *testing.T) (caller, *atomic.Int64) {
	t.Helper()
	s, err := road.Load([]string{"MEMHOOKS_RETRY_BASE=20ms"})
	if err != nil {
		t.Fatal(err)
	}
	s.Allow = road.Prefixes{netip.MustParsePrefix("127.0.0.0/8")}
	ahead := new(atomic.Int64)
	now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	log := slog.New(slog.DiscardHandler)
	c, err := adapter.Open(t.Context(), s.Cloud, adapter.Config{Dir: t.TempDir(), HoldAfter: s.HoldAfter, Random: rand.Reader, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	st := road.Assemble(c, s, "test", now, log)
	api, err := httpapi.New(httpapi.Config{
		Cloud: c, Memory: st.Memory, Hooks: st.Hooks, Feed: st.Feed, Inspect: st.Inspect, Tester: st.Sender,
		Keys: auth.New(c.Auth, c.AuthList), Limiter: auth.NewLimiter(0, 1, nil), Once: once.New(c.Receipts), Cursors: st.Cursors,
		Settings: httpapi.Settings{AuthOff: true, AutoCreate: true, Version: "test"},
		Draw:     func() change.Draw { return change.NewDraw(now()) }, Log: log,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(api)
	working, stop := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- c.Queue.Serve(working, st.Sender.Handle) }()
	t.Cleanup(func() {
		server.Close()
		stop()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return caller{url: server.URL}, ahead
}

func TestRow100ClockMovedBack(t *testing.T) {
	row(t, 100, "disk full, store locked, clock moved back")
	ownProcess(t, 100, "the functions' clock is not ours to move")
	c, ahead := movable(t)
	m := c.fresh(t)
	flaky := receive(t, status(500), status(500), status(200))
	m.push(t, flaky)
	const n = 5
	for i := range 3 * n {
		switch i {
		case n:
			ahead.Store(int64(-time.Hour))
		case 2 * n:
			ahead.Store(int64(-48 * time.Hour))
		}
		m.add(t, belief(name("clock")))
	}
	got := flaky.wait(t, 3*n+2) // two attempts failed and were made again
	seen := map[string]bool{}
	for _, r := range got {
		seen[r.header.Get("X-Memhooks-Seq")] = true
	}
	if len(seen) != 3*n {
		t.Errorf("%d of %d events arrived", len(seen), 3*n)
	}
	if seqs := m.seqs(t); !slices.Equal(seqs, upTo(3*n)) {
		t.Errorf("the log holds %v", seqs)
	}
}

// seqs are those of the log, as a hook made now can't see them: they are read
// through the deliveries of all hooks.
func (m instance) seqs(t *testing.T) []int {
	t.Helper()
	var all []int
	for _, h := range m.get(t, "/hooks").want(t, 200)["hooks"].([]any) {
		for _, d := range m.deliveries(t, h.(object)["id"].(string)) {
			all = append(all, int(d["seq"].(float64)))
		}
	}
	slices.Sort(all)
	return all
}

func upTo(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i + 1
	}
	return all
}
