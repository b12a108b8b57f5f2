package llm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.41.0"
	"go.opentelemetry.io/otel/semconv/v1.41.0/genaiconv"
	"go.opentelemetry.io/otel/trace"
)

const instrumentation = "squirrly.dev/services/analyzer/internal/llm"

// The names are those of OpenTelemetry's conventions for generative AI as of semantic conventions 1.41, the last ones
// that have them: they are in development, and went to a repository of their own.
var (
	operation      = semconv.GenAIOperationNameChat
	metricTokens   = genaiconv.ClientTokenUsage{}.Name()
	metricDuration = genaiconv.ClientOperationDuration{}.Name()
)

// providerNames are those of the conventions, where they differ from ours.
var providerNames = map[string]attribute.KeyValue{
	Azure: semconv.GenAIProviderNameAzureAIOpenAI, Gemini: semconv.GenAIProviderNameGCPGemini,
}

// errorTypes are the values of error.type. What providers say is in no telemetry: it may quote the prompt.
var errorTypes = []struct {
	kind error
	name string
}{
	{context.Canceled, "canceled"},
	{ErrRateLimited, "rate_limited"},
	{ErrAuth, "auth"},
	{ErrContextTooLong, "context_too_long"},
	{ErrRefused, "refused"},
	{ErrTruncated, "truncated"},
	{context.DeadlineExceeded, "timeout"},
	{ErrUnavailable, "unavailable"},
	{ErrRequest, "bad_request"},
	{ErrBadOutput, "bad_output"},
}

// Measured returns a provider whose questions are spans and metrics of the global OpenTelemetry providers. No text of
// prompts, answers and errors is in them. model is the one that is asked.
func Measured(next Provider, model string) (Provider, error) {
	meter := otel.Meter(instrumentation)
	m := &measured{Provider: next, model: model, tracer: otel.Tracer(instrumentation)}
	var err error
	if m.tokens, err = meter.Int64Histogram(metricTokens, metric.WithUnit("{token}"),
		metric.WithDescription("Tokens of questions to language models, by direction."),
		metric.WithExplicitBucketBoundaries(1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)); err != nil {
		return nil, fmt.Errorf("make histogram: %w", err)
	}
	if m.seconds, err = meter.Float64Histogram(metricDuration, metric.WithUnit("s"),
		metric.WithDescription("Time of questions to language models, retries included."),
		metric.WithExplicitBucketBoundaries(.1, .5, 1, 2.5, 5, 10, 30, 60, 120, 300)); err != nil {
		return nil, fmt.Errorf("make histogram: %w", err)
	}
	provider, ok := providerNames[next.Name()]
	if !ok {
		provider = semconv.GenAIProviderNameKey.String(next.Name())
	}
	m.common = []attribute.KeyValue{operation, provider, semconv.GenAIRequestModel(model)}
	return m, nil
}

type measured struct {
	Provider

	model   string
	tracer  trace.Tracer
	tokens  metric.Int64Histogram
	seconds metric.Float64Histogram
	common  []attribute.KeyValue
}

// Complete implements Provider.
func (m *measured) Complete(ctx context.Context, req Request) (Response, error) {
	ctx, span := m.tracer.Start(ctx, operation.Value.AsString()+" "+m.model, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(m.common...))
	defer span.End()
	began := time.Now()
	resp, err := m.Provider.Complete(ctx, req)
	timed := metric.WithAttributes(m.common...)
	if err != nil {
		name := errorType(err)
		span.SetAttributes(semconv.ErrorTypeKey.String(name))
		span.SetStatus(codes.Error, name)
		timed = metric.WithAttributes(append(slices.Clip(m.common), semconv.ErrorTypeKey.String(name))...)
	}
	m.seconds.Record(ctx, time.Since(began).Seconds(), timed)
	m.count(ctx, span, resp)
	return resp, err
}

// count notes what was used, as far as it is known.
func (m *measured) count(ctx context.Context, span trace.Span, resp Response) {
	if resp.Model != "" {
		span.SetAttributes(semconv.GenAIResponseModel(label(resp.Model)))
	}
	if resp.Usage.In <= 0 {
		return
	}
	span.SetAttributes(semconv.GenAIUsageInputTokens(resp.Usage.In), semconv.GenAIUsageOutputTokens(resp.Usage.Out),
		semconv.GenAIUsageCacheReadInputTokens(resp.Usage.CachedIn))
	common := metric.WithAttributes(m.common...)
	m.tokens.Record(ctx, int64(resp.Usage.In), common, metric.WithAttributes(semconv.GenAITokenTypeInput))
	m.tokens.Record(ctx, int64(resp.Usage.Out), common, metric.WithAttributes(semconv.GenAITokenTypeOutput))
}

func errorType(err error) string {
	for _, t := range errorTypes {
		if errors.Is(err, t.kind) {
			return t.name
		}
	}
	return "_OTHER"
}

// label makes a name of the provider's fit for an attribute.
func label(s string) string {
	const most = 100
	return strings.ToValidUTF8(s[:min(len(s), most)], "")
}
