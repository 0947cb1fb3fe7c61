package bench

import (
	"context"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// receiver takes POSTs on loopback and counts them.
type receiver struct {
	url    string
	server *http.Server
	count  atomic.Int64
	target atomic.Int64 // reaching it closes done
	mu     sync.Mutex
	done   chan struct{}
	paths  map[string]bool // of POSTs that hung

	hanging atomic.Int64 // POSTs that hang now

	// Set before a hook knows it.
	hangs bool                            // it never answers
	seen  func(body []byte, at time.Time) // nil = bodies are only read
}

func newReceiver() (*receiver, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	r := &receiver{url: "http://" + l.Addr().String() + "/hook", paths: map[string]bool{}}
	r.server = &http.Server{Handler: r, ReadHeaderTimeout: time.Minute}
	go func() { _ = r.server.Serve(l) }()
	return r, nil
}

// ServeHTTP answers 200 at once, or never.
func (r *receiver) ServeHTTP(_ http.ResponseWriter, req *http.Request) {
	if r.seen == nil {
		_, _ = io.Copy(io.Discard, req.Body)
	} else {
		body, _ := io.ReadAll(req.Body)
		r.seen(body, time.Now())
	}
	if n := r.count.Add(1); n == r.target.Load() {
		r.mu.Lock()
		close(r.done)
		r.mu.Unlock()
	}
	if r.hangs {
		r.hang(req)
	}
}

// hang returns when who posted has given up.
func (r *receiver) hang(req *http.Request) {
	r.mu.Lock()
	r.paths[req.URL.Path] = true
	r.mu.Unlock()
	r.hanging.Add(1)
	<-req.Context().Done()
	r.hanging.Add(-1)
}

// hooks answers to how many paths a POST came that hung.
func (r *receiver) hooks() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.paths)
}

// expect arms wait for n more POSTs.
func (r *receiver) expect(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done = make(chan struct{})
	r.target.Store(r.count.Load() + int64(n))
}

// wait returns when the expected number has come, or the context ends.
func (r *receiver) wait(ctx context.Context) error {
	r.mu.Lock()
	done := r.done
	r.mu.Unlock()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
