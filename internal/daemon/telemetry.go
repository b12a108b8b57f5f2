package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.opentelemetry.io/contrib/exporters/autoexport"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	otelprom "go.opentelemetry.io/otel/exporters/prometheus"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
)

// secondsBuckets fit everything measured in seconds here: from one round trip to a run of half an hour.
var secondsBuckets = []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800}

// telemetry holds the providers that must be flushed at the end.
type telemetry struct {
	meters *metric.MeterProvider
	traces *trace.TracerProvider // nil when tracing is off
}

func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name:        "squirrly_build_info",
		Help:        "The build that runs; always 1.",
		ConstLabels: prometheus.Labels{"version": Version(), "goversion": runtime.Version()},
	})
	build.Set(1)
	r.MustRegister(build, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// startTelemetry sets the global providers. Metrics are always there for /metrics; traces, and metrics sent by OTLP,
// only when an OTEL_* variable asks for them.
func startTelemetry(ctx context.Context, name string, reg *prometheus.Registry, log *slog.Logger) (telemetry, error) {
	res, err := resource.New(ctx,
		resource.WithTelemetrySDK(),
		resource.WithAttributes(
			attribute.String("service.name", "squirrly-"+name),
			attribute.String("service.version", Version()),
		),
		resource.WithFromEnv(),
	)
	if err != nil {
		return telemetry{}, fmt.Errorf("describe this process: %w", err)
	}
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(err error) {
		log.Warn("telemetry", "error", err) //nolint:sloglint // the handler is given no context.
	}))
	otel.SetTextMapPropagator(propagation.TraceContext{})
	var t telemetry
	if t.meters, err = newMeters(ctx, res, reg); err != nil {
		return telemetry{}, err
	}
	otel.SetMeterProvider(t.meters)
	if !exports("TRACES") {
		return t, nil
	}
	exporter, err := autoexport.NewSpanExporter(ctx)
	if err != nil {
		return telemetry{}, errors.Join(fmt.Errorf("open trace exporter: %w", err), t.close(ctx))
	}
	t.traces = trace.NewTracerProvider(trace.WithResource(res), trace.WithBatcher(exporter))
	otel.SetTracerProvider(t.traces)
	return t, nil
}

func newMeters(ctx context.Context, res *resource.Resource, reg *prometheus.Registry) (*metric.MeterProvider, error) {
	scraped, err := otelprom.New(otelprom.WithRegisterer(reg), otelprom.WithoutScopeInfo())
	if err != nil {
		return nil, fmt.Errorf("open metrics exporter: %w", err)
	}
	options := []metric.Option{
		metric.WithResource(res),
		metric.WithReader(scraped),
		metric.WithView(metric.NewView(
			metric.Instrument{Name: "*", Kind: metric.InstrumentKindHistogram, Unit: "s"},
			metric.Stream{Aggregation: metric.AggregationExplicitBucketHistogram{Boundaries: secondsBuckets}},
		)),
	}
	if exports("METRICS") && os.Getenv("OTEL_METRICS_EXPORTER") != "prometheus" {
		sent, err := autoexport.NewMetricReader(ctx)
		if err != nil {
			return nil, fmt.Errorf("open metrics exporter: %w", err)
		}
		options = append(options, metric.WithReader(sent))
	}
	return metric.NewMeterProvider(options...), nil
}

// exports reports whether the environment asks for a signal (TRACES or METRICS) to be sent somewhere.
func exports(signal string) bool {
	if os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return false
	}
	switch os.Getenv("OTEL_" + signal + "_EXPORTER") {
	case "none":
		return false
	case "":
		return os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_"+signal+"_ENDPOINT") != ""
	}
	return true
}

func (t telemetry) close(ctx context.Context) error {
	var err error
	if t.traces != nil {
		err = t.traces.Shutdown(ctx)
	}
	return errors.Join(err, t.meters.Shutdown(ctx))
}
