package embedded

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/delivery/guard"
	"github.com/memhooks/memhooks/shared/dialect"
	"github.com/memhooks/memhooks/shared/hook"
	"github.com/memhooks/memhooks/shared/redact"
	"github.com/memhooks/memhooks/shared/sign"
)

// backlog makes a log of n entries that a hook waits for.
func backlog(b *testing.B, n int) *receiver {
	r := receive(b, Config{})
	r.addWebhook("h1")
	parallel(n, func() { r.must2(r.commit(put(r.fresh(), ""))) })
	return r
}

func (r *receiver) must2(_ any, err error) { r.must(err) }

// drain serves the queue until n jobs were handled and recorded.
func drain(r *receiver, n int, h delivery.Handler) time.Duration {
	var left atomic.Int64
	left.Store(int64(n))
	done := make(chan struct{})
	ctx, cancel := context.WithCancel(bg)
	ended := make(chan error, 1)
	began := time.Now()
	go func() {
		ended <- r.q.Serve(ctx, func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
			out := h(ctx, jobs)
			if left.Add(-1) == 0 {
				close(done)
			}
			return out
		})
	}()
	<-done
	cancel()
	r.must(<-ended)
	took := time.Since(began)
	if got := r.counts("h1")[delivery.StatusDelivered]; got != n {
		r.tb.Errorf("%d of %d are recorded", got, n)
	}
	return took
}

// BenchmarkDrain prints how many jobs a second pass through the queue and are
// recorded, against a handler that does nothing.
func BenchmarkDrain(b *testing.B) {
	const n = 20_000
	for b.Loop() {
		b.StopTimer()
		r := backlog(b, n)
		b.StartTimer()
		took := drain(r, n, func(_ context.Context, jobs []delivery.Job) []delivery.Outcome {
			return []delivery.Outcome{ok(jobs[0])}
		})
		b.ReportMetric(n/took.Seconds(), "jobs/s")
	}
}

// benchWorld is what a Sender asks.
type benchWorld struct {
	hook   hook.Hook
	secret sign.Secret
	fields map[string]any
}

func (w *benchWorld) find(context.Context, change.Memory, string) (hook.Hook, error) {
	return w.hook, nil
}

func (w *benchWorld) Tell(_ context.Context, c change.Change) (dialect.Event, error) {
	return dialect.Event{Change: c, Fields: w.fields}, nil
}

func (w *benchWorld) Open(context.Context, hook.Hook, time.Time) (hook.Secrets, error) {
	return hook.Secrets{Product: &w.secret, Standard: []sign.Secret{w.secret}}, nil
}

func (w *benchWorld) Effective(context.Context, hook.Hook) (redact.Mode, error) {
	return redact.Full, nil
}

// BenchmarkDeliver prints how many events a second are delivered over HTTP,
// signed and recorded, draining a backlog, beside a bare loop of signed POSTs
// over the same transport. The budget is a ratio of half.
func BenchmarkDeliver(b *testing.B) {
	const n = 20_000
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) }))
	defer server.Close()
	transport := guard.New([]netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}).Transport(10*time.Second, defaultSlots)
	secret, err := sign.NewSecret("whsec_c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I=")
	if err != nil {
		b.Fatal(err)
	}
	w := &benchWorld{secret: secret, fields: map[string]any{"content": string(bytes.Repeat([]byte("x"), 500)), "tags": []any{}}}
	w.hook = hook.Hook{ID: "h1", Memory: mem1, URL: server.URL, Dialect: dialect.Areev, State: hook.Active, Secret: &hook.SealedSecret{}, MaxRetries: 3}
	sender := delivery.New(delivery.Config{
		Hooks: w.find, Teller: w, Secrets: w, Modes: w, Transport: transport,
		Settings: delivery.Settings{Base: time.Second, Factor: 2, Timeout: 10 * time.Second},
	})
	for b.Loop() {
		b.StopTimer()
		r := backlog(b, n)
		bare := bareLoop(b, n, server.URL, transport, secret)
		b.StartTimer()
		took := drain(r, n, sender.Handle)
		b.ReportMetric(n/took.Seconds(), "events/s")
		b.ReportMetric(n/bare.Seconds(), "bare/s")
		b.ReportMetric(bare.Seconds()/took.Seconds(), "ratio")
	}
}

// bareLoop makes n signed POSTs by as many callers as a lane has.
func bareLoop(b *testing.B, n int, url string, transport http.RoundTripper, secret sign.Secret) time.Duration {
	body := []byte(`{"event_type":"grain_created","fields":{"content":"` + string(bytes.Repeat([]byte("x"), 500)) + `"}}`)
	client := &http.Client{Transport: transport}
	var left atomic.Int64
	left.Store(int64(n))
	var all sync.WaitGroup
	began := time.Now()
	for range defaultSlots {
		all.Go(func() {
			for left.Add(-1) >= 0 {
				req, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				req.Header.Set("Content-Type", "application/json")
				sign.Apply(req.Header, sign.Areev, &secret, []sign.Secret{secret}, sign.Message{ID: "evt_1", At: time.Now(), Body: body})
				resp, err := client.Do(req)
				if err != nil {
					b.Error(err)
					return
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
		})
	}
	all.Wait()
	return time.Since(began)
}

// BenchmarkBesideStopped prints how many jobs a second pass of one hook's
// backlog, alone and beside a hundred hooks that were stopped with full windows.
func BenchmarkBesideStopped(b *testing.B) {
	for _, stopped := range []int{0, 100} {
		b.Run(fmt.Sprint(stopped), func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				took := besideStopped(b, stopped, 20_000)
				b.StartTimer()
				b.ReportMetric(20_000/took.Seconds(), "jobs/s")
			}
		})
	}
}

func besideStopped(b *testing.B, stopped, n int) time.Duration {
	r := receive(b, Config{})
	full, stop, done := "full", make(chan struct{}), make(chan struct{})
	var left atomic.Int64
	left.Store(int64(n))
	ids := make([]string, stopped)
	for i := range ids {
		ids[i] = fmt.Sprint("s", i)
		_, err := hooks{r.db}.Put(bg, hook.Hook{ID: ids[i], Memory: mem1, Mode: hook.Webhook, URL: "http://x", Dialect: "areev", State: hook.Active, Namespace: &full})
		r.must(err)
	}
	r.answer = func(_ context.Context, j delivery.Job) delivery.Outcome {
		if j.Hook != "h1" {
			<-stop
			return delivery.Outcome{Job: j, Verdict: delivery.PutBack}
		}
		if left.Add(-1) == 0 {
			close(done)
		}
		return ok(j)
	}
	r.serve()
	for range maxWindow {
		g := r.fresh()
		g.Namespace = full
		r.must2(r.commit(put(g, "")))
	}
	for _, id := range ids {
		r.setState(id, hook.Paused)
	}
	close(stop)
	r.addWebhook("h1")
	r.setState("h1", hook.Paused)
	parallel(n, func() { r.must2(r.commit(put(r.fresh(), ""))) })
	began := time.Now()
	r.setState("h1", hook.Active)
	<-done
	took := time.Since(began)
	r.stop()
	return took
}
