// Package analyzer turns the captures of a run into a verdict: it parses and merges them, computes numbered evidence,
// applies the rules, asks an LLM when one is configured, checks every number and frame of its answer, and publishes
// the recommendation.
//
// [Service.Run] does that for runs on the bus; [Service.Analyze] does it for pages in memory. Both are one pipeline
// (internal/pipeline); this package is what lies around it: bus, store and configuration. It reaches neither Flink nor
// Kubernetes.
package analyzer

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	shared "squirrly.dev/internal/memory"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/pipeline"
	"squirrly.dev/services/analyzer/internal/question"
)

// Deps are what the service works with. Bus and Store may be nil when only Analyze is used.
type Deps struct {
	Bus    *bus.Bus
	Store  *artifact.Store
	HTTP   *http.Client   // to the LLM; retries are added here
	Memory *shared.Budget // of the process; nil has no end
	Logger *slog.Logger
}

// Service analyzes runs. It is safe for concurrent use.
type Service struct {
	cfg      Config
	deps     Deps
	runs     *run.Runs // nil without a bus
	pipeline *pipeline.Pipeline
	model    *question.Model // nil: the rules alone
}

// New checks the configuration and the prompt.
func New(cfg Config, d Deps) (*Service, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if d.Logger == nil {
		d.Logger = slog.New(slog.DiscardHandler)
	}
	templates, err := question.Load(cfg.PromptFile, cfg.LLM.Prompt.Dir)
	if err != nil {
		return nil, err
	}
	prices, err := cfg.LLM.prices()
	if err != nil {
		return nil, err
	}
	provider, err := cfg.LLM.open(d, prices)
	if err != nil {
		return nil, err
	}
	s := &Service{cfg: cfg, deps: d, pipeline: &pipeline.Pipeline{
		Provider: provider, Notice: cfg.LLM.notice(), Questions: cfg.LLM.questions(templates),
		CorePrice: cfg.CorePrice, Currency: cfg.Currency, Version: cfg.Version, Logger: d.Logger,
	}}
	if d.Bus != nil {
		s.runs = run.New(d.Bus)
	}
	if provider != nil {
		s.model = &question.Model{Name: cfg.LLM.model(), MaxOutput: cfg.LLM.maxOutput(), Prices: prices}
	}
	d.Logger.Info("ready", "analysis", cfg.LLM.notice())
	return s, nil
}

// Run handles artifact.ready until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	if s.deps.Bus == nil || s.deps.Store == nil {
		return errors.New("the analyzer needs a bus and an artifact store")
	}
	step := run.Step{Service: events.DurableAnalyzer, Working: events.StateAnalyzing, Done: events.StateAnalyzed, After: s.after}
	return s.runs.Work(ctx, step, s.cfg.Slots, s.handle)
}
