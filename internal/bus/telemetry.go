package bus

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"squirrly.dev/pkg/events"
)

const instrumentation = "squirrly.dev/internal/bus"

// carrier lets the W3C propagator read and write NATS headers. It keeps names in lower case, since NATS clients
// compare them case-sensitively, and reads any case.
type carrier nats.Header

// Get implements propagation.TextMapCarrier.
func (c carrier) Get(key string) string { return events.Header(c).Get(key) }

// Set implements propagation.TextMapCarrier.
func (c carrier) Set(key, value string) { c[strings.ToLower(key)] = []string{value} }

// Keys implements propagation.TextMapCarrier.
func (c carrier) Keys() []string {
	keys := make([]string, 0, len(c))
	for k := range c {
		keys = append(keys, k)
	}
	return keys
}

var propagator = propagation.TraceContext{}

func inject(ctx context.Context, h nats.Header) { propagator.Inject(ctx, carrier(h)) }

// telemetry holds the instruments of the bus.
type telemetry struct {
	tracer   trace.Tracer
	attempts metric.Int64Counter
	seconds  metric.Float64Histogram
	foreign  metric.Int64Counter
}

func newTelemetry() (telemetry, error) {
	t := telemetry{tracer: otel.Tracer(instrumentation)}
	var err error
	meter := otel.Meter(instrumentation)
	if t.attempts, err = meter.Int64Counter("squirrly.step.attempts",
		metric.WithDescription("Deliveries handled, by step and outcome.")); err != nil {
		return t, fmt.Errorf("make counter: %w", err)
	}
	if t.seconds, err = meter.Float64Histogram("squirrly.step.duration", metric.WithUnit("s"),
		metric.WithDescription("Time from delivery to settlement, by step and outcome."),
		metric.WithExplicitBucketBoundaries(.01, .1, 1, 5, 30, 60, 120, 300, 600)); err != nil {
		return t, fmt.Errorf("make histogram: %w", err)
	}
	if t.foreign, err = meter.Int64Counter("squirrly.fact.foreign",
		metric.WithDescription("Messages of somebody else on the subject of a fact: an alarm.")); err != nil {
		return t, fmt.Errorf("make counter: %w", err)
	}
	return t, nil
}

// start opens the span of one delivery: a child of the context in which the message was made.
func (t telemetry) start(ctx context.Context, step string, h nats.Header, redelivered uint64) (context.Context, trace.Span) {
	ctx = propagator.Extract(ctx, carrier(h))
	return t.tracer.Start(ctx, "process "+step, trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
		attribute.String("messaging.system", "nats"),
		attribute.String("messaging.operation.name", "process"),
		attribute.String("messaging.destination.name", step),
		attribute.Int64("messaging.nats.delivery_count", int64(redelivered)), //nolint:gosec // a small count.
	))
}

// end closes the span and counts the delivery.
func (t telemetry) end(ctx context.Context, span trace.Span, step, outcome string, began time.Time, err error) {
	if err != nil {
		span.RecordError(err)
		span.SetStatus(codes.Error, outcome)
	}
	set := metric.WithAttributes(attribute.String("step", step), attribute.String("outcome", outcome))
	t.attempts.Add(ctx, 1, set)
	t.seconds.Record(ctx, time.Since(began).Seconds(), set)
	span.End()
}
