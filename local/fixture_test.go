package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/memhooks/memhooks/shared/httpapi/client"
	"github.com/memhooks/memhooks/shared/road"
)

// TestMain lets this test's binary be memhooks, where a script calls that.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"memhooks": main})
}

// patience bounds every wait; a test that needs it has failed.
const patience = 20 * time.Second

// secret is that of the fixture's webhook.
const secret = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// fixture is a server in this process, and what the examples speak of: the
// hooks sync-to-warehouse (a webhook), urgent and agent-feed (polled), the key
// "my agent", a delivery and a dead letter.
type fixture struct {
	*client.Client

	receiver *receiver
}

// stopper stops a server when its test ends.
type stopper interface {
	Cleanup(func())
	Fatal(...any)
}

// start runs a server on a folder.
func start(t stopper, dir string, settings ...string) *fixture {
	ctx, stop := context.WithCancel(context.Background())
	s, err := road.Load(append([]string{
		"MEMHOOKS_ADDR=127.0.0.1:0", "MEMHOOKS_DATA=" + dir, "MEMHOOKS_AUTH=off", "MEMHOOKS_RATE=0",
		"MEMHOOKS_ALLOW_DESTINATIONS=127.0.0.0/8", "MEMHOOKS_RETRY_BASE=1ms",
	}, settings...))
	if err != nil {
		t.Fatal(err)
	}
	out := &greeting{address: make(chan string, 1)}
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, s, out, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		<-ended
	})
	select {
	case at := <-out.address:
		return &fixture{Client: &client.Client{Base: at}, receiver: receive(t)}
	case err := <-ended:
		t.Fatal("the server ended: ", err)
	}
	return nil
}

// greeting waits for the address in what serve prints.
type greeting struct {
	text    bytes.Buffer
	address chan string
}

var listening = regexp.MustCompile(`listening on (http://\S+)`)

// Write is io.Writer's.
func (g *greeting) Write(p []byte) (int, error) {
	g.text.Write(p)
	if found := listening.FindSubmatch(g.text.Bytes()); found != nil && len(g.address) == 0 {
		g.address <- string(found[1])
		g.text.Reset()
	}
	return len(p), nil
}

// furnish makes all that the examples speak of.
func (f *fixture) furnish(ctx context.Context) error {
	for _, c := range []struct {
		path string
		body map[string]any
	}{
		{"/v1/keys", map[string]any{"name": "my agent"}},
		{"/api/memories/default/hooks", map[string]any{"name": "agent-feed", "delivery_mode": "cdc"}},
		{"/api/memories/default/hooks", map[string]any{"name": "urgent", "delivery_mode": "cdc", "filter": map[string]any{"tags": []string{"urgent"}}}},
		{"/api/memories/default/hooks", map[string]any{
			"name": "sync-to-warehouse", "delivery_mode": "webhook", "url": f.receiver.URL, "dialect": "rem", "secret": secret, "max_retries": 0,
		}},
		{"/v1/remember", map[string]any{"content": "it works"}},
		{"/v1/remember", map[string]any{"content": "it is refused"}},
	} {
		if _, err := f.Do(ctx, "POST", c.path, nil, c.body); err != nil {
			return err
		}
	}
	return f.settled(ctx)
}

// settled waits until the webhook has its delivery and its dead letter.
func (f *fixture) settled(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	hooks, err := f.Do(ctx, "GET", "/api/memories/default/hooks", nil, nil)
	if err != nil {
		return err
	}
	for _, h := range hooks.List("hooks") {
		for h.Text("url") != "" {
			h, err = f.Do(ctx, "GET", "/api/memories/default/hooks/"+h.Text("id"), nil, nil)
			if err != nil {
				return fmt.Errorf("deliveries did not end: %w", err)
			}
			if counts := h.Doc("deliveries"); counts.Int("delivered") == 1 && counts.Int("dead") == 1 {
				break
			}
		}
	}
	return nil
}

// receiver takes what is posted, and refuses what speaks of refusal.
type receiver struct {
	*httptest.Server

	mu  sync.Mutex
	got []posted
	new chan struct{} // closed with each request, then replaced
}

// posted is one request as it arrived.
type posted struct {
	path   string
	header http.Header
	body   []byte
}

func receive(t stopper) *receiver {
	r := &receiver{new: make(chan struct{})}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

// ServeHTTP keeps a request.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	body, _ := io.ReadAll(q.Body)
	r.mu.Lock()
	r.got = append(r.got, posted{q.URL.Path, q.Header.Clone(), body})
	close(r.new)
	r.new = make(chan struct{})
	r.mu.Unlock()
	if bytes.Contains(body, []byte("refused")) {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

// wait returns the requests that a test wants, once there are n of them.
func (r *receiver) wait(n int, wanted func(posted) bool) ([]posted, error) {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		r.mu.Lock()
		var some []posted
		for _, p := range r.got {
			if wanted(p) {
				some = append(some, p)
			}
		}
		changed := r.new
		r.mu.Unlock()
		if len(some) >= n {
			return some, nil
		}
		select {
		case <-changed:
		case <-limit.C:
			return nil, fmt.Errorf("%d requests came, want %d", len(some), n)
		}
	}
}

// captured is a request as a proxy would write it down.
func (p posted) captured() []byte {
	var b strings.Builder
	b.WriteString("POST " + p.path + " HTTP/1.1\r\n")
	_ = p.header.Write(&b)
	return append([]byte(b.String()+"\r\n"), p.body...)
}
