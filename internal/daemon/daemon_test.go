package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"

	"squirrly.dev/internal/daemon"
)

func start(t *testing.T, o daemon.Options) *daemon.Daemon {
	t.Helper()
	if o.LogOutput == nil {
		o.LogOutput = t.Output()
	}
	d, err := daemon.New(t.Context(), "collector", o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return d
}

func get(t *testing.T, d *daemon.Daemon, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + d.AdminAddr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func TestAdmin(t *testing.T) {
	d := start(t, daemon.Options{AdminAddr: "127.0.0.1:0"})
	broken := errors.New("no route to host")
	var now error
	d.AddCheck("nats", func(context.Context) error { return nil })
	d.AddCheck("store", func(context.Context) error { return now })
	ask := func(path string, wantCode int, want string) {
		t.Helper()
		if code, body := get(t, d, path); code != wantCode || body != want {
			t.Errorf("%s: got %d %q, want %d %q", path, code, body, wantCode, want)
		}
	}
	ask("/livez", 200, "ok\n")
	now = broken
	ask("/livez", 200, "ok\n")
	ask("/readyz", 503, "not ready: store: no route to host\n")
	ask("/readyz?verbose", 503, "[+] draining\n[+] nats\n[-] store: no route to host\nnot ready: store: no route to host\n")
	now = nil
	d.Drain() // which is seen at once
	ask("/readyz", 503, "not ready: draining: collector is shutting down; store: no route to host\n")
	if code, body := get(t, d, "/version"); code != 200 || !strings.Contains(body, `"service":"collector"`) {
		t.Errorf("version: %d %s", code, body)
	}
	if code, _ := get(t, d, "/debug/pprof/"); code != 404 {
		t.Errorf("an unknown path gives %d", code)
	}
}

// The outcome of a check counts for a while: shortly when it is a failure, so that readiness comes back soon.
func TestReadyz_Fresh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := start(t, daemon.Options{})
		var now error
		calls := 0
		d.AddCheck("store", func(context.Context) error { calls++; return now })
		ask := func(want, wantCalls int) {
			t.Helper()
			w := httptest.NewRecorder()
			d.AdminHandler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
			if w.Code != want || calls != wantCalls {
				t.Errorf("%d after %d calls; want %d after %d", w.Code, calls, want, wantCalls)
			}
		}
		ask(200, 1)
		now = errors.New("full")
		time.Sleep(4 * time.Second)
		ask(200, 1)
		time.Sleep(time.Second)
		ask(503, 2)
		ask(503, 2)
		now = nil
		time.Sleep(time.Second)
		ask(200, 3)
	})
}

func TestAdminMetrics(t *testing.T) {
	d := start(t, daemon.Options{AdminAddr: "127.0.0.1:0"})
	h, err := otel.Meter("test").Float64Histogram("squirrly.run.duration", metric.WithUnit("s"))
	if err != nil {
		t.Fatal(err)
	}
	h.Record(t.Context(), 200)
	_, body := get(t, d, "/metrics")
	for _, want := range []string{
		"squirrly_build_info{", "go_goroutines ", "process_open_fds ", `target_info{`, `service_name="squirrly-collector"`,
		`squirrly_run_duration_seconds_bucket{le="120"} 0`, `squirrly_run_duration_seconds_bucket{le="300"} 1`,
	} {
		if !strings.Contains(body, want) {
			t.Errorf("no %s in the metrics", want)
		}
	}
}

func TestAdminIsOff(t *testing.T) {
	for _, addr := range []string{"", "off"} {
		if d := start(t, daemon.Options{AdminAddr: addr}); d.AdminAddr() != nil {
			t.Errorf("%q listens on %s", addr, d.AdminAddr())
		}
	}
}

func TestNewRefuses(t *testing.T) {
	for name, o := range map[string]daemon.Options{
		"format":  {LogFormat: "xml", LogOutput: io.Discard},
		"address": {AdminAddr: "127.0.0.1:notaport", LogOutput: io.Discard},
	} {
		if _, err := daemon.New(t.Context(), "x", o); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLogger(t *testing.T) {
	var out bytes.Buffer
	d := start(t, daemon.Options{LogOutput: &out, LogLevel: slog.LevelWarn})
	ctx := daemon.WithAttrs(t.Context(), slog.String("run", "r1"))
	daemon.WithAttrs(ctx, slog.String("sibling", "x")) // must not show in ctx
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	ctx = trace.ContextWithSpanContext(ctx, span)
	d.Logger.InfoContext(ctx, "below the level")
	d.Logger.With("step", "store").WarnContext(ctx, "slow", "s3_secret", "canary", "key", daemon.Secret("canary"))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil {
		t.Fatalf("%v in %s", err, out.String())
	}
	for key, want := range map[string]string{
		"msg": "slow", "level": "WARN", "service": "collector", "step": "store", "run": "r1", "s3_secret": "***", "key": "***",
		"trace_id": "01000000000000000000000000000000", "span_id": "0200000000000000",
	} {
		if line[key] != want {
			t.Errorf("%s is %v, want %s", key, line[key], want)
		}
	}
	if _, found := line["sibling"]; found {
		t.Error("an attribute of another context shows")
	}
}

// Names and errors of others steer no terminal that shows a log, and forge no line of it, in either format.
func TestLogger_HostileText(t *testing.T) {
	const hostile = "a\x1b[31m\u009b31m\x7f\u202eb\n{\"msg\":\"forged\"}\r"
	for _, format := range []string{"json", "text"} {
		var out bytes.Buffer
		d := start(t, daemon.Options{LogOutput: &out, LogFormat: format})
		d.Logger.InfoContext(t.Context(), "told", "name", hostile, "error", errors.New(hostile))
		line := strings.TrimSuffix(out.String(), "\n")
		if steers := strings.ContainsFunc(line, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }); steers || !strings.Contains(line, "forged") {
			t.Errorf("%s: %q", format, line)
		}
	}
}

func TestHTTPClientIsMeasured(t *testing.T) {
	d := start(t, daemon.Options{AdminAddr: "127.0.0.1:0"})
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	defer srv.Close()
	resp, err := d.HTTPClient("llm").Get(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if _, body := get(t, d, "/metrics"); !strings.Contains(body, `http_client_request_duration_seconds_count{`) {
		t.Error("the call does not show in the metrics")
	}
}

func TestTracesAreSentWhenAsked(t *testing.T) {
	got := make(chan string, 10)
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got <- r.URL.Path }))
	defer srv.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", srv.URL)
	t.Setenv("OTEL_METRICS_EXPORTER", "none")
	d, err := daemon.New(t.Context(), "trigger", daemon.Options{LogOutput: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	_, span := otel.Tracer("test").Start(t.Context(), "work")
	span.End()
	if err := d.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if path := <-got; path != "/v1/traces" {
		t.Errorf("sent to %s", path)
	}
}
