package telemetry

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"github.com/oklog/ulid/v2"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/memhooks/memhooks/shared/change"
	"github.com/memhooks/memhooks/shared/delivery"
)

// tracing makes one trace of each event, from its write to its last attempt.
// The trace's id is the event's own 128 bits, so that nothing has to travel
// with the event: whoever holds an event id knows its trace. The zero value
// traces nothing.
type tracing struct {
	tracer   trace.Tracer
	provider *sdk.TracerProvider
}

// endpoints are the variables that say where traces go.
var endpoints = []string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"}

func newTracing(ctx context.Context, getenv func(string) string, version string) (tracing, error) {
	wanted := false
	for _, name := range endpoints {
		wanted = wanted || getenv(name) != ""
	}
	if !wanted {
		return tracing{}, nil
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return tracing{}, fmt.Errorf("traces: %w: check the OTEL_EXPORTER_OTLP_* variables", err)
	}
	about := resource.NewSchemaless(attribute.String("service.name", "memhooks"), attribute.String("service.version", version))
	provider := sdk.NewTracerProvider(sdk.WithBatcher(exporter), sdk.WithIDGenerator(eventIDs{}), sdk.WithResource(about))
	return tracing{provider.Tracer("memhooks"), provider}, nil
}

func (t tracing) close(ctx context.Context) error {
	if t.provider == nil {
		return nil
	}
	return t.provider.Shutdown(ctx)
}

// caller reads the trace that a request belongs to.
func (t tracing) caller(r *http.Request) context.Context {
	if t.tracer == nil {
		return r.Context()
	}
	return propagation.TraceContext{}.Extract(r.Context(), propagation.HeaderCarrier(r.Header))
}

// write is the first span of an event's trace, linked to the caller's.
func (t tracing) write(ctx context.Context, c *change.Change, begin time.Time) {
	if t.tracer == nil {
		return
	}
	of, ok := spanOf(c)
	if !ok {
		return
	}
	from := trace.SpanContextFromContext(ctx)
	options := []trace.SpanStartOption{
		trace.WithTimestamp(begin), trace.WithNewRoot(), trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(attribute.String("memhooks.event", c.EventID()), attribute.String("memhooks.memory", c.Memory.ID), attribute.String("memhooks.cause", string(c.Cause))),
	}
	if from.IsValid() {
		options = append(options, trace.WithLinks(trace.Link{SpanContext: from}))
	}
	_, span := t.tracer.Start(context.WithValue(ctx, firstSpan{}, of), "write", options...)
	span.End()
}

// attempt is one POST, below the write.
func (t tracing) attempt(ctx context.Context, j *delivery.Job, o *delivery.Outcome) {
	if t.tracer == nil {
		return
	}
	of, ok := spanOf(&j.Entry.Change)
	if !ok {
		return
	}
	end := time.UnixMilli(o.At)
	_, span := t.tracer.Start(trace.ContextWithRemoteSpanContext(ctx, of), "attempt",
		trace.WithTimestamp(end.Add(-o.Took)), trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(
			attribute.String("memhooks.hook", j.Hook), attribute.String("memhooks.delivery", o.Job.ID()),
			attribute.Int("memhooks.attempt", o.Job.Attempts), attribute.Int("http.response.status_code", o.Status)))
	if o.Error != "" {
		span.SetStatus(codes.Error, o.Error)
	}
	span.End(trace.WithTimestamp(end))
}

// spanOf is the first span of an event's trace, made of its id alone.
func spanOf(c *change.Change) (trace.SpanContext, bool) {
	id, err := ulid.ParseStrict(c.ID)
	if err != nil {
		return trace.SpanContext{}, false
	}
	var span trace.SpanID
	copy(span[:], id[len(id)-len(span):])
	of := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID(id), SpanID: span, TraceFlags: trace.FlagsSampled, Remote: true})
	return of, of.IsValid()
}

// firstSpan marks the context of a span whose ids are decided.
type firstSpan struct{}

// eventIDs gives the first span of an event its decided ids, all others random
// ones.
type eventIDs struct{}

// NewIDs is sdk.IDGenerator's.
func (g eventIDs) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	if of, ok := ctx.Value(firstSpan{}).(trace.SpanContext); ok {
		return of.TraceID(), of.SpanID()
	}
	var id trace.TraceID
	_, _ = rand.Read(id[:])
	return id, g.NewSpanID(ctx, id)
}

// NewSpanID is sdk.IDGenerator's.
func (eventIDs) NewSpanID(context.Context, trace.TraceID) trace.SpanID {
	var id trace.SpanID
	_, _ = rand.Read(id[:])
	return id
}
