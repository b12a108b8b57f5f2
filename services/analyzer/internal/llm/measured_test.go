package llm_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/llm"
)

// TestMeasured reads the spans and the metrics of an answer and of errors, and looks for texts in them.
func TestMeasured(t *testing.T) {
	spans, reader := tracetest.NewSpanRecorder(), metric.NewManualReader()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSpanProcessor(spans)))
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))

	secret := request
	secret.Messages = []llm.Message{{Role: llm.RoleUser, Text: "CANARY-PROMPT"}}
	s := llmtest.NewServer(llmtest.Fixed(`{"a":"CANARY-ANSWER"}`), llmtest.Failing(400, "bad_request", "CANARY-PROMPT is refused"), llmtest.RateLimited(time.Hour))
	p, err := llm.Measured(provider(t, llm.Gemini, s, func(c *llm.Config) { c.Attempts = 1 }), llmtest.Model)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, _ = p.Complete(t.Context(), secret)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Complete(ended, secret); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}

	var got []map[string]string
	var said strings.Builder
	for _, span := range spans.Ended() {
		set := map[string]string{"span": span.Name(), "kind": span.SpanKind().String()}
		if span.Status().Code == codes.Error {
			set["status"] = span.Status().Description
		}
		for _, a := range span.Attributes() {
			set[string(a.Key)] = a.Value.String()
		}
		got = append(got, set)
		fmt.Fprintf(&said, "%v %v %v\n", set, span.Events(), span.Status())
	}
	span := func(more ...string) map[string]string {
		set := map[string]string{
			"span": "chat " + llmtest.Model, "kind": "client", "gen_ai.operation.name": "chat", "gen_ai.provider.name": "gcp.gemini",
			"gen_ai.request.model": llmtest.Model,
		}
		for i := 0; i < len(more); i += 2 {
			set[more[i]] = more[i+1]
		}
		return set
	}
	want := []map[string]string{
		span("gen_ai.response.model", "stand-in-1-2026-11-01", "gen_ai.usage.input_tokens", "9", "gen_ai.usage.output_tokens", "500",
			"gen_ai.usage.cache_read.input_tokens", "100"),
		span("error.type", "bad_request", "status", "bad_request"),
		span("error.type", "rate_limited", "status", "rate_limited"),
		span("error.type", "canceled", "status", "canceled"),
	}
	if n := got[0]["gen_ai.usage.input_tokens"]; n != "" {
		want[0]["gen_ai.usage.input_tokens"] = n // the stand-in counts the prompt
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("spans (-want +got):\n%s", diff)
	}

	var all metricdata.ResourceMetrics
	if err := reader.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	counts := counted(all)
	wantCounts := map[string]uint64{
		"gen_ai.client.token.usage {token} input": 1, "gen_ai.client.token.usage {token} output": 1,
		"gen_ai.client.operation.duration s ": 1, "gen_ai.client.operation.duration s bad_request": 1,
		"gen_ai.client.operation.duration s rate_limited": 1, "gen_ai.client.operation.duration s canceled": 1,
	}
	if diff := cmp.Diff(wantCounts, counts); diff != "" {
		t.Errorf("metrics (-want +got):\n%s", diff)
	}
	b, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	if text := said.String() + string(b); strings.Contains(text, "CANARY") || strings.Contains(text, llmtest.Key) {
		t.Errorf("telemetry holds a text: %s", text)
	}
}

// counted is how often each histogram was recorded, by its unit and its own attribute.
func counted(all metricdata.ResourceMetrics) map[string]uint64 {
	out := map[string]uint64{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			add := func(set attribute.Set, n uint64) {
				direction, _ := set.Value("gen_ai.token.type")
				failed, _ := set.Value("error.type")
				if model, _ := set.Value("gen_ai.request.model"); model.AsString() == llmtest.Model {
					out[m.Name+" "+m.Unit+" "+direction.AsString()+failed.AsString()] += n
				}
			}
			switch h := m.Data.(type) {
			case metricdata.Histogram[int64]:
				for _, p := range h.DataPoints {
					add(p.Attributes, p.Count)
				}
			case metricdata.Histogram[float64]:
				for _, p := range h.DataPoints {
					add(p.Attributes, p.Count)
				}
			}
		}
	}
	return out
}
