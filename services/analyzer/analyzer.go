// Package analyzer turns the captures of a run into a verdict: it parses and merges them, computes numbered evidence,
// applies the rules, asks an LLM when one is configured, checks every number and frame of its answer, and publishes
// the recommendation.
//
// [Service.Run] does that for runs on the bus; [Service.Analyze] does it for pages in memory. It reaches neither Flink
// nor Kubernetes.
package analyzer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/llm"
)

// Deps are what the service works with. Bus and Store may be nil when only Analyze is used.
type Deps struct {
	Bus    *bus.Bus
	Store  *artifact.Store
	HTTP   *http.Client // to the LLM; retries are added here
	Logger *slog.Logger
}

// Service analyses runs. It is safe for concurrent use.
type Service struct {
	cfg      Config
	deps     Deps
	provider llm.Provider // nil: the rules alone
	prices   llm.Prices

	templates templates
}

// New checks the configuration and the prompt.
func New(cfg Config, d Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Service{cfg: cfg, deps: d}
	var err error
	if s.templates, err = loadTemplates(cfg.PromptFile, cfg.LLM.Prompt.Dir); err != nil {
		return nil, err
	}
	if s.prices, err = cfg.LLM.prices(); err != nil {
		return nil, err
	}
	if s.provider, err = cfg.LLM.open(d, s.prices); err != nil {
		return nil, err
	}
	d.Logger.Info("ready", "analysis", cfg.LLM.notice())
	return s, nil
}

// Run handles artifact.ready until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if s.deps.Bus == nil || s.deps.Store == nil {
		return errors.New("the analyzer needs a bus and an artifact store")
	}
	step := bus.Step{Service: events.DurableAnalyzer, Working: events.StateAnalyzing, Done: events.StateAnalyzed, After: s.after}
	return s.deps.Bus.Work(ctx, step, s.cfg.Slots, s.handle)
}
