package llm_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/llm"
)

var day = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// TestBuiltInPrices sees a price, a source and a date for every model that is asked by default.
func TestBuiltInPrices(t *testing.T) {
	prices := llm.DefaultPrices()
	for _, name := range llm.Names() {
		if p, _ := llm.Named(name); p.Model != "" && !prices.Known(p.Model) {
			t.Errorf("the default model %s of %s has no price", p.Model, name)
		}
	}
	for model, p := range prices.Models {
		if p.Input <= 0 || p.Output < p.Input || p.Cached == nil || *p.Cached >= p.Input {
			t.Errorf("%s: %+v", model, p.Rate)
		}
		if !strings.HasPrefix(p.Source, "https://") || p.Date.After(prices.Date) {
			t.Errorf("%s: from %s on %s", model, p.Source, p.Date)
		}
	}
}

func TestCost(t *testing.T) {
	for name, c := range map[string]struct {
		model string
		usage llm.Usage
		at    time.Time
		want  float64
		known bool
	}{
		"plain":               {"gpt-5-mini", llm.Usage{In: 10_000, Out: 1_000}, day, 0.0025 + 0.002, true},
		"pinned":              {"gpt-5-mini-2025-08-07", llm.Usage{In: 10_000, Out: 1_000}, day, 0.0045, true},
		"pinned otherwise":    {"claude-haiku-4-5-20251001", llm.Usage{In: 1_000, Out: 100}, day, 0.0015, true},
		"cached and reasoned": {"gpt-5-mini", llm.Usage{In: 10_000, CachedIn: 4_000, Out: 1_000, Reasoning: 900}, day, 0.0015 + 0.0001 + 0.002, true},
		"more cached than in": {"gpt-5-mini", llm.Usage{In: 1_000, CachedIn: 9_000}, day, 0.000025, true},
		"just not long":       {"claude-haiku-5-5", llm.Usage{In: 100_000}, day, 0.01, true},
		"long":                {"claude-haiku-5-5", llm.Usage{In: 100_001, Out: 1_000}, day, 0.0500005 + 0.0025, true},
		"last day of a price": {"gemini-3.8-flash", llm.Usage{In: 1_000_000}, time.Date(2026, 12, 31, 23, 59, 59, 0, time.UTC), 0.75, true},
		"first day of a price": {
			"gemini-3.8-flash", llm.Usage{In: 1_000_000}, time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC), 1.5, true,
		},
		"unknown model": {"qwen3:8b", llm.Usage{In: 10_000, Out: 1_000}, day, 0, false},
		"unknown kin":   {"gpt-5-mini-pro", llm.Usage{In: 10_000, Out: 1_000}, day, 0, false},
		"no usage":      {"gpt-5-mini", llm.Usage{}, day, 0, false},
	} {
		got, known := llm.DefaultPrices().Cost(c.model, c.usage, c.at)
		if known != c.known || math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s: %v, %v, want %v, %v", name, got, known, c.want, c.known)
		}
	}
	if got, _ := llm.DefaultPrices().Estimate("gpt-5-mini", 6_000, 8_000, day); math.Abs(got-0.0175) > 1e-12 {
		t.Errorf("estimate %v", got)
	}
}

func TestLoadPrices(t *testing.T) {
	load := func(text string) (llm.Prices, error) {
		path := filepath.Join(t.TempDir(), "prices.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return llm.LoadPrices(path)
	}
	own, err := load("date: 2027-01-02\nmodels:\n  our-model: {input: 1, output: 2, source: contract, date: 2027-01-01}\n" +
		"  gpt-5-mini: {input: 3, output: 4, source: contract, date: 2027-01-01}\n")
	if err != nil {
		t.Fatal(err)
	}
	for model, want := range map[string]float64{"our-model": 3, "gpt-5-mini": 7, "claude-sonnet-5-5": 12} {
		if got, _ := own.Cost(model, llm.Usage{In: 1e6, Out: 1e6}, day); math.Abs(got-want) > 1e-9 {
			t.Errorf("%s costs %v, want %v", model, got, want)
		}
	}
	if llm.DefaultPrices().Known("our-model") {
		t.Error("a file changed the built-in prices")
	}
	for name, text := range map[string]string{
		"no date":     "models: {}",
		"no source":   "date: 2027-01-02\nmodels: {m: {input: 1, output: 2, date: 2027-01-01}}",
		"negative":    "date: 2027-01-02\nmodels: {m: {input: -1, output: 2, source: s, date: 2027-01-01}}",
		"no number":   "date: 2027-01-02\nmodels: {m: {input: .nan, output: 2, source: s, date: 2027-01-01}}",
		"a typo":      "date: 2027-01-02\nmodels: {m: {inputs: 1, output: 2, source: s, date: 2027-01-01}}",
		"no limit":    "date: 2027-01-02\nmodels: {m: {input: 1, output: 2, source: s, date: 2027-01-01, long: {input: 2, output: 3}}}",
		"no prices":   "hello",
		"no day":      "date: 2027-01-02\nmodels: {m: {input: 1, output: 2, source: s, date: 2027-01-01, then: {input: 2, output: 3}}}",
		"empty file":  "",
		"other units": "date: 2027-01-02\nmodels: {m: {input: 250000, output: 2, source: s, date: 2027-01-01}}",
	} {
		if _, err := load(text); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if _, err := llm.LoadPrices("/no/such/prices.yaml"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing file: %v", err)
	}
}

// TestPriced pays by the model that answered, by the one that was asked when that is unknown, and never with nothing.
func TestPriced(t *testing.T) {
	p := provider(t, llm.OpenAI, llmtest.NewServer(llmtest.Fixed(object)), nil)
	for name, c := range map[string]struct {
		prices llm.Prices
		model  string
		known  bool
	}{
		"as answered":  {llm.Prices{Models: map[string]llm.Price{llmtest.Model: {Rate: llm.Rate{Input: 1, Output: 1}}}}, "alias", true},
		"as asked":     {llm.Prices{Models: map[string]llm.Price{"alias": {Rate: llm.Rate{Input: 1, Output: 1}}}}, "alias", true},
		"not at all":   {llm.Prices{}, "alias", false},
		"no such name": {llm.DefaultPrices(), "our-model", false},
	} {
		resp, err := llm.Priced(p, c.prices, c.model).Complete(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		want := float64(resp.Usage.In+resp.Usage.Out) / 1e6
		switch {
		case (resp.CostUSD != nil) != c.known:
			t.Errorf("%s: cost %v", name, resp.CostUSD)
		case c.known && math.Abs(*resp.CostUSD-want) > 1e-12:
			t.Errorf("%s: cost %v, want %v", name, *resp.CostUSD, want)
		}
	}
}
