package local

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"

	"golang.org/x/sync/errgroup"

	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/memory"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/services/collector"
	"squirrly.dev/services/notifier"
	"squirrly.dev/services/trigger"
)

// runner is a service.
type runner interface {
	Run(ctx context.Context) error
}

// services starts the four services; the first that fails ends the others.
func (s *Stack) services(ctx context.Context, o Options) error {
	all, err := s.build(o)
	if err != nil {
		return &SettingsError{err}
	}
	s.group, ctx = errgroup.WithContext(ctx)
	for _, r := range all {
		s.group.Go(func() error { return r.Run(ctx) })
	}
	return nil
}

// SettingsError is a setting of a service, or a file that one names, that is wrong. Its text names the setting.
type SettingsError struct{ err error }

// Error implements error.
func (e *SettingsError) Error() string { return e.err.Error() }

// Unwrap gives access to the cause.
func (e *SettingsError) Unwrap() error { return e.err }

// build makes the services with the configuration of one machine: whatever URL its user types is allowed, except
// link-local and metadata addresses.
func (s *Stack) build(o Options) ([]runner, error) {
	log := func(service string) *slog.Logger { return o.Logger.With("service", service) }
	traced := func(base http.RoundTripper) http.RoundTripper { return s.daemon.Transport("flink", base) }
	cfg, err := load(o)
	if err != nil {
		return nil, err
	}
	way, err := access.Open(cfg.Flink, access.Options{Entries: o.Flink, Transport: traced, Logger: o.Logger})
	if err != nil {
		return nil, err
	}
	t, err := trigger.New(cfg.Trigger, trigger.Deps{Bus: s.Bus, Store: s.Store, Flink: way, Logger: log("trigger")})
	if err != nil {
		return nil, fmt.Errorf("trigger: %w", err)
	}
	budget := memory.OfProcess()
	c, err := collector.New(cfg.Collector, collector.Deps{Bus: s.Bus, Store: s.Store, Flink: way, Memory: budget, Logger: log("collector")})
	if err != nil {
		return nil, fmt.Errorf("collector: %w", err)
	}
	a, err := analyzer.New(cfg.Analyzer, analyzer.Deps{
		Bus: s.Bus, Store: s.Store, HTTP: s.daemon.HTTPClient("llm"), Memory: budget, Logger: log("analyzer"),
	})
	if err != nil {
		return nil, fmt.Errorf("analyzer: %w", err)
	}
	all := []runner{t, c, a}
	if o.OneShot {
		return all, nil // the caller prints the result
	}
	n, err := notifier.New(cfg.Notifier, notifier.Deps{Bus: s.Bus, Log: o.Log, Logger: log("notifier")})
	if err != nil {
		return nil, fmt.Errorf("notifier: %w", err)
	}
	return append(all, n), nil
}
