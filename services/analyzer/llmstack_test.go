package analyzer_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/llmtest"
	"squirrly.dev/internal/natsusers"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// withSpendingControls is an analyzer with a stand-in of a model, and a price for it.
func withSpendingControls(t *testing.T, b *bus.Bus, s *llmtest.Server, change func(*analyzer.LLMConfig)) *analyzer.Service {
	t.Helper()
	c := analyzer.LLMConfig{
		Provider: analyzer.ProviderOpenAI, BaseURL: s.URL(), Key: llmtest.Key, Model: llmtest.Model, CacheTTL: time.Hour,
		Prices: "testdata/prices.yaml", Timeout: 20 * time.Second,
	}
	change(&c)
	svc, err := analyzer.New(analyzer.Config{LLM: c}, analyzer.Deps{Bus: b, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return svc
}

// analyzed analyzes a recorded page.
func analyzed(t *testing.T, s *analyzer.Service) events.Analysis {
	t.Helper()
	a, err := s.Analyze(t.Context(), analyzer.Input{Pages: []analyzer.Page{page(t, "2.3.0", events.ModeITimer)}})
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	return a
}

// TestSharedEconomy lets two analyzers of one bus analyze: the second takes the answer of the first, and both spend one
// budget until it is used up. Then the rules decide, with one sentence that says why.
func TestSharedEconomy(t *testing.T) {
	b := bustest.Start(t)
	server := llmtest.NewServer(llmtest.Honest())
	t.Cleanup(server.Close)
	limits := func(c *analyzer.LLMConfig) { c.Budget.DayUSD = 0.5 }
	var two []*analyzer.Service
	for range 2 {
		two = append(two, withSpendingControls(t, bustest.As(t, b, natsusers.Analyzer), server, limits))
	}
	first, second := analyzed(t, two[0]), analyzed(t, two[1])
	if p := first.Provenance; p.CostUSD <= 0 || p.TokensIn == 0 || p.Note != "" || first.Degraded {
		t.Errorf("the first answer: %+v %q", p, first.DegradedWhy)
	}
	if p := second.Provenance; p.CostUSD != 0 || p.TokensIn != 0 || !strings.Contains(p.Note, "identical") || p.Claims == nil {
		t.Errorf("the kept answer: %+v", p)
	}
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
	poor := withSpendingControls(t, bustest.As(t, b, natsusers.Analyzer), server, func(c *analyzer.LLMConfig) { c.Budget.DayUSD, c.CacheTTL = first.Provenance.CostUSD, 0 })
	a := analyzed(t, poor)
	if !a.Degraded || len(a.DegradedWhy) != 1 || !strings.Contains(a.DegradedWhy[0], "SQUIRRLY_LLM_BUDGET_DAY_USD=") || len(a.Findings) == 0 {
		t.Errorf("the budget is used up: %+v %q", a.Provenance, a.DegradedWhy)
	}
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests after the budget was used up", n)
	}
}

// TestBreakerInService: after failures in a row nobody is asked, and the result is that of the rules for one reason.
func TestBreakerInService(t *testing.T) {
	server := llmtest.NewServer(llmtest.WrongKey(), llmtest.RateLimited(time.Hour))
	t.Cleanup(server.Close)
	s := withSpendingControls(t, nil, server, func(*analyzer.LLMConfig) {})
	var a events.Analysis
	for range 7 {
		a = analyzed(t, s)
	}
	if n := len(server.Requests()); n != 4 {
		t.Errorf("%d requests, want one that is no failure and three that are", n)
	}
	if !a.Degraded || len(a.DegradedWhy) != 1 || !strings.HasPrefix(a.DegradedWhy[0], "llm_unavailable: ") {
		t.Errorf("degraded %q", a.DegradedWhy)
	}
}

// TestAskedOnce: identical analyses at a time ask once.
func TestAskedOnce(t *testing.T) {
	server := llmtest.NewServer(llmtest.Slow(300*time.Millisecond, llmtest.Honest()))
	t.Cleanup(server.Close)
	s := withSpendingControls(t, nil, server, func(*analyzer.LLMConfig) {})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			if a := analyzed(t, s); a.Degraded || a.Provenance.Provider != "openai" {
				t.Errorf("%+v %q", a.Provenance, a.DegradedWhy)
			}
		})
	}
	wg.Wait()
	if n := len(server.Requests()); n != 1 {
		t.Errorf("%d requests", n)
	}
}
