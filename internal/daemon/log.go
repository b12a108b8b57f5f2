package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"unicode"

	"go.opentelemetry.io/otel/trace"
)

// logAttrs is the key of the attributes that a context carries.
type logAttrs struct{}

// WithAttrs returns a context whose log lines carry the attributes, for example the id of the run.
func WithAttrs(ctx context.Context, attrs ...slog.Attr) context.Context {
	had, _ := ctx.Value(logAttrs{}).([]slog.Attr)
	return context.WithValue(ctx, logAttrs{}, append(slices.Clip(had), attrs...))
}

func newLogger(name string, o Options) (*slog.Logger, error) {
	options := &slog.HandlerOptions{Level: o.LogLevel, ReplaceAttr: maskAttr}
	var h slog.Handler
	switch o.LogFormat {
	case "json", "":
		h = slog.NewJSONHandler(o.LogOutput, options).WithAttrs([]slog.Attr{slog.String("service", name)})
	case "text":
		h = slog.NewTextHandler(o.LogOutput, options)
	default:
		return nil, fmt.Errorf("log format %q: expected json or text", o.LogFormat)
	}
	return slog.New(contextHandler{h}), nil
}

// maskAttr hides what should never have been logged: it is the second line of defence behind [Secret].
func maskAttr(_ []string, a slog.Attr) slog.Attr {
	key := strings.ToLower(a.Key)
	for _, name := range []string{"password", "secret", "api_key", "apikey", "authorization", "access_token"} {
		if strings.HasSuffix(key, name) && a.Value.String() != "" {
			return slog.String(a.Key, masked)
		}
	}
	return calm(a)
}

// calm replaces what steers a terminal and what neither form of a log escapes: the controls of Latin-1, and those of direction.
func calm(a slog.Attr) slog.Attr {
	text := ""
	switch v := a.Value.Any().(type) {
	case string:
		text = v
	case error:
		text = v.Error()
	default:
		return a
	}
	steers := func(r rune) bool { return r >= 0x7f && r < 0xa0 || unicode.Is(unicode.Bidi_Control, r) }
	if !strings.ContainsFunc(text, steers) {
		return a
	}
	return slog.String(a.Key, strings.Map(func(r rune) rune {
		if steers(r) {
			return unicode.ReplacementChar
		}
		return r
	}, text))
}

// contextHandler adds the trace and the attributes of the context to each line.
type contextHandler struct{ slog.Handler }

// Handle implements slog.Handler.
func (h contextHandler) Handle(ctx context.Context, r slog.Record) error {
	if attrs, ok := ctx.Value(logAttrs{}).([]slog.Attr); ok {
		r.AddAttrs(attrs...)
	}
	if span := trace.SpanContextFromContext(ctx); span.IsValid() {
		r.AddAttrs(slog.String("trace_id", span.TraceID().String()), slog.String("span_id", span.SpanID().String()))
	}
	return h.Handler.Handle(ctx, r) //nolint:wrapcheck // a handler passes on what its inner one says.
}

// WithAttrs implements slog.Handler.
func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs)}
}

// WithGroup implements slog.Handler.
func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name)}
}
