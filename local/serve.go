package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"sync"
	"time"

	"github.com/memhooks/memhooks/local/telemetry"
	"github.com/memhooks/memhooks/shared/adapter"
	"github.com/memhooks/memhooks/shared/feed"
	"github.com/memhooks/memhooks/shared/road"
)

type serveCommand struct {
	CPUProfile string `name:"cpu-profile" placeholder:"FILE" help:"Write to this file where the time went, from the start to the stop, for go tool pprof."`
}

// gcPercent trades memory for speed: the heap is small, most of what is
// allocated lives as long as one request. GOGC, where it is set, decides.
const gcPercent = 200

// Run serves until the context ends.
func (c serveCommand) Run(ctx context.Context, w world) (err error) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if c.CPUProfile != "" {
		stop, err := profile(c.CPUProfile)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	settings, err := road.Load(os.Environ())
	if err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(w.screen.Err, nil))
	misspelt, err := road.Misspelt(os.Environ())
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(misspelt)) {
		log.Warn(name + " is no setting and does nothing: is " + misspelt[name] + " meant?")
	}
	return serve(ctx, settings, w.screen.Out, log)
}

// profile writes a CPU profile until stop is called.
func profile(file string) (stop func() error, err error) {
	f, err := os.Create(file)
	if err != nil {
		return nil, err
	}
	if err := pprof.StartCPUProfile(f); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return func() error {
		pprof.StopCPUProfile()
		return f.Close()
	}, nil
}

// The pieces of a stop: answers under way, then attempts under way (whose part
// is the queue's own), then traces, together less than six seconds.
const (
	drainAnswers = 2 * time.Second
	flushTraces  = time.Second / 2
)

// How long a caller may take: over a request's head, over all of a request,
// over reading an answer once it is there, and between two requests.
const (
	headerTimeout = 10 * time.Second
	readTimeout   = 30 * time.Second
	tellTimeout   = 30 * time.Second
	idleTimeout   = 2 * time.Minute
)

// server is the API's. A request may wait for events, or for a receiver that
// is tested, before there is an answer to write.
func (p process) server(api http.Handler) *http.Server {
	return &http.Server{
		Handler: api, ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, IdleTimeout: idleTimeout,
		WriteTimeout: feed.MaxWait + p.settings.Timeout + tellTimeout,
		ErrorLog:     slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
}

// serve runs every stage in this process until the context ends, then stops
// cleanly: no accepted write is lost, attempts under way end or are repeated
// at the next start.
func serve(ctx context.Context, s road.Settings, out io.Writer, log *slog.Logger) (err error) {
	c, err := adapter.Open(ctx, s.Cloud, adapter.Config{
		Dir: s.Data, MasterKey: string(s.MasterKey), HoldAfter: s.HoldAfter, Attempts: s.AttemptsAtOnce, Random: rand.Reader, Log: log,
	})
	if err != nil {
		return fmt.Errorf("open the store: %w", err)
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	watch, err := telemetry.New(ctx, os.Getenv, version)
	if err != nil {
		return err
	}
	watch.Observe(c)
	listener, err := net.Listen("tcp", s.Addr) // before a first key is printed: where this fails, nothing was begun
	if err != nil {
		return fmt.Errorf("listen on %s: %w: is another program there? set MEMHOOKS_ADDR to another port", s.Addr, err)
	}
	defer listener.Close()
	st := road.Assemble(c, s, version, time.Now, log)
	api, err := newAPI(ctx, st, s, out, log)
	if err != nil {
		return err
	}
	site, err := withConsole(watch.Serve(api, api.ForOperator), log)
	if err != nil {
		return err
	}
	p := process{st, s, watch, newPlainListener(listener, log), out, log}
	return p.run(ctx, site)
}

// process is all that runs in this process.
type process struct {
	stages   *road.Stages
	settings road.Settings
	watch    *telemetry.Telemetry
	listener net.Listener
	out      io.Writer
	log      *slog.Logger
}

// run drives the road's stages and the API side by side.
func (p process) run(ctx context.Context, api http.Handler) error {
	server := p.server(api)
	working, stop := context.WithCancel(context.Background())
	defer stop()
	var stages sync.WaitGroup
	failed := make(chan error, 2)
	stages.Go(func() {
		if err := p.stages.Cloud.Queue.Serve(working, p.watch.Handler(p.stages.Sender.Handle)); err != nil {
			failed <- fmt.Errorf("delivery: %w", err)
		}
	})
	stages.Go(func() { p.upkeep(working) })
	go func() {
		if err := server.Serve(p.listener); !errors.Is(err, http.ErrServerClosed) {
			failed <- fmt.Errorf("serve HTTP: %w", err)
		}
	}()
	greet(p.out, p.listener.Addr().String(), p.settings)
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	draining, cancel := context.WithTimeout(context.Background(), drainAnswers)
	defer cancel()
	if server.Shutdown(draining) != nil {
		err = errors.Join(err, server.Close())
	}
	stop()
	stages.Wait()
	flushing, done := context.WithTimeout(context.Background(), flushTraces)
	defer done()
	return errors.Join(err, p.watch.Close(flushing))
}

// greet tells a person where to begin.
func greet(out io.Writer, addr string, s road.Settings) {
	auth := ""
	if s.Auth {
		auth = ` -H "Authorization: Bearer $MEMHOOKS_KEY"`
	}
	addr, where := opened(addr)
	fmt.Fprintf(out, `memhooks %s is listening on http://%s%s
console        http://%s/console
API reference  http://%s/docs
first memory   curl -X POST http://%s/v1/remember%s -H "Content-Type: application/json" -d '{"content":"We decided to use Redis for caching"}'
`, version, addr, where, addr, addr, addr, auth)
}

// opened is how a person on this machine opens an address that is listened on,
// and what else to say of it.
func opened(addr string) (open, where string) {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().IsUnspecified() {
		return addr, ""
	}
	return net.JoinHostPort("127.0.0.1", decimal(int(at.Port()))), ", on all interfaces"
}
