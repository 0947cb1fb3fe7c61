// Package telemetry counts and traces what the road does, from outside of it:
// it stands around the store and around the sender, and no stage knows it.
// Nothing that it shows holds content, a secret, or a person.
package telemetry

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/cloud"
	"github.com/memhooks/memhooks/shared/delivery"
	"github.com/memhooks/memhooks/shared/memory/store"
	"github.com/memhooks/memhooks/shared/seal"
)

// Telemetry holds the counters and the tracer of one process.
type Telemetry struct {
	registry   *prometheus.Registry
	events     *prometheus.CounterVec
	attempts   *prometheus.CounterVec
	deliveries *prometheus.CounterVec
	took       prometheus.Histogram
	requests   *prometheus.CounterVec
	answered   prometheus.Histogram
	tracing    tracing
	worked     atomic.Int64
}

// New makes a Telemetry. Traces go where the OTEL_EXPORTER_OTLP_* variables
// say, and nowhere where none is set.
func New(ctx context.Context, getenv func(string) string, version string) (*Telemetry, error) {
	tracing, err := newTracing(ctx, getenv, version)
	if err != nil {
		return nil, err
	}
	t := &Telemetry{
		registry:   prometheus.NewRegistry(),
		events:     counter("events_total", "Events raised, by cause.", "cause"),
		attempts:   counter("attempts_total", "POSTs made, by how they ended.", "result"),
		deliveries: counter("deliveries_total", "Deliveries that reached an end, by state.", "state"),
		took:       histogram("attempt_seconds", "How long a POST took."),
		requests:   counter("http_requests_total", "Requests answered.", "method", "code"),
		answered:   histogram("http_request_seconds", "How long an answer took."),
		tracing:    tracing,
	}
	t.registry.MustRegister(t.events, t.attempts, t.deliveries, t.took, t.requests, t.answered,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return t, nil
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "memhooks", Name: name, Help: help}, labels)
}

func histogram(name, help string) prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "memhooks", Name: name, Help: help, Buckets: prometheus.ExponentialBuckets(0.0005, 2, 16),
	})
}

// Close sends what is still to be sent of the traces.
func (t *Telemetry) Close(ctx context.Context) error { return t.tracing.close(ctx) }

// Observe puts the counters and spans around a cloud's ports that raise
// changes. It is called before the stages are built.
func (t *Telemetry) Observe(c *cloud.Cloud) {
	c.Grains = observedStore{c.Grains, t}
	c.Eraser = observedEraser{c.Eraser, t}
}

type observedStore struct {
	store.Store
	t *Telemetry
}

// Commit is the port's.
func (o observedStore) Commit(ctx context.Context, w store.Write) (store.Committed, error) {
	begin := time.Now()
	done, err := o.Store.Commit(ctx, w)
	if err != nil {
		return done, err
	}
	for i := range w.Steps {
		if !done.Existing[i] {
			o.t.raised(ctx, &w.Steps[i].Change, begin)
		}
	}
	return done, nil
}

type observedEraser struct {
	store.Eraser
	t *Telemetry
}

// Erase is the port's.
func (o observedEraser) Erase(ctx context.Context, m change.Memory, sel seal.Selector, plan store.ErasePlan) (change.Change, error) {
	begin := time.Now()
	var changes []change.Change
	told, err := o.Eraser.Erase(ctx, m, sel, func(keys []seal.KeyRecord, current []store.Stored) (_ []change.Change, err error) {
		changes, err = plan(keys, current)
		return changes, err
	})
	if err != nil {
		return told, err
	}
	for i := range changes {
		o.t.raised(ctx, &changes[i], begin)
	}
	return told, nil
}

// Worked counts what this process did that somebody waited for, changes and
// POSTs: how busy it is.
func (t *Telemetry) Worked() int64 { return t.worked.Load() }

func (t *Telemetry) raised(ctx context.Context, c *change.Change, begin time.Time) {
	t.worked.Add(1)
	t.events.WithLabelValues(string(c.Cause)).Inc()
	t.tracing.write(ctx, c, begin)
}

// Handler counts and traces what a delivery handler does.
func (t *Telemetry) Handler(next delivery.Handler) delivery.Handler {
	return func(ctx context.Context, jobs []delivery.Job) []delivery.Outcome {
		outcomes := next(ctx, jobs)
		for i := range outcomes {
			t.ended(ctx, &jobs[i], &outcomes[i])
		}
		return outcomes
	}
}

// results names verdicts that end with a POST, and ends those that end the
// delivery.
var (
	results = map[delivery.Verdict]string{delivery.Delivered: "success", delivery.RetryAfter: "failure", delivery.GiveUp: "failure"}
	ends    = map[delivery.Verdict]delivery.Status{
		delivery.Delivered: delivery.StatusDelivered, delivery.GiveUp: delivery.StatusDead, delivery.Cancelled: delivery.StatusCancelled,
	}
)

func (t *Telemetry) ended(ctx context.Context, j *delivery.Job, o *delivery.Outcome) {
	if result, made := results[o.Verdict]; made {
		t.worked.Add(1)
		t.attempts.WithLabelValues(result).Inc()
		t.took.Observe(o.Took.Seconds())
		t.tracing.attempt(ctx, j, o)
	}
	if end, ok := ends[o.Verdict]; ok {
		t.deliveries.WithLabelValues(string(end)).Inc()
	}
}

// Serve adds /metrics to an API and counts its answers. Guard stands before the
// metrics, which count all tenants together.
func (t *Telemetry) Serve(api http.Handler, guard func(http.Handler) http.Handler) http.Handler {
	metrics := guard(promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{}))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/metrics" && r.Method == http.MethodGet {
			metrics.ServeHTTP(w, r)
			return
		}
		begin := time.Now()
		seen := &status{ResponseWriter: w, code: http.StatusOK}
		api.ServeHTTP(seen, r.WithContext(t.tracing.caller(r)))
		t.answered.Observe(time.Since(begin).Seconds())
		t.requests.WithLabelValues(method(r.Method), strconv.Itoa(seen.code)).Inc()
	})
}

// method keeps what callers make up out of the labels.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodHead, http.MethodOptions:
		return m
	}
	return "other"
}

// status remembers an answer's status.
type status struct {
	http.ResponseWriter
	code int
}

// WriteHeader is http.ResponseWriter's.
func (s *status) WriteHeader(code int) {
	s.code = code
	s.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach what is below.
func (s *status) Unwrap() http.ResponseWriter { return s.ResponseWriter }
