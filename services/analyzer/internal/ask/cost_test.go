package ask_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/budget"
)

func prices() llm.Prices {
	return llm.Prices{Models: map[string]llm.Price{llmtest.Model: {Rate: llm.Rate{Input: 2, Output: 10}}}}
}

// TestCost: the analysis says what the question cost, also when it led to nothing; an unknown cost is none.
func TestCost(t *testing.T) {
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		prices    llm.Prices
	}{
		"answered":      {llmtest.Fixed(remark), prices()},
		"in vain":       {llmtest.Garbage(), prices()},
		"unknown price": {llmtest.Fixed(remark), llm.DefaultPrices()},
	} {
		s, p := provider(t, c.behaviour)
		a, _ := explain(t.Context(), llm.Priced(p, c.prices, llmtest.Model), sample())
		if n := len(s.Requests()); n != 1 {
			t.Fatalf("%s: asked %d times", name, n)
		}
		pr, want := a.Provenance, 0.0
		if len(c.prices.Models) == 1 {
			want = float64(pr.TokensIn*2+pr.TokensOut*10) / 1e6
		}
		if pr.TokensIn == 0 || math.Abs(pr.CostUSD-want) > 1e-9 {
			t.Errorf("%s: %d and %d tokens cost %v, want %v", name, pr.TokensIn, pr.TokensOut, pr.CostUSD, want)
		}
		b, err := json.Marshal(pr)
		if err != nil {
			t.Fatal(err)
		}
		var said map[string]any
		if err := json.Unmarshal(b, &said); err != nil {
			t.Fatal(err)
		}
		if _, ok := said["costUsd"]; ok != (want > 0) {
			t.Errorf("%s: an unknown cost is told: %s", name, b)
		}
	}
}

// TestBudget: a budget that is used up leaves the rules' result, with one sentence that names the variable.
func TestBudget(t *testing.T) {
	sent, err := ask.Prompt(ask.Input{Prompt: sample().Prompt, Nonce: strings.Repeat("0123456789abcdef", 2)})
	if err != nil {
		t.Fatal(err)
	}
	first := int(math.Ceil(1.6*float64(tokens(t, sent.System+"\n"+string(claim.Schema())+"\n"+sent.User)))) + llm.DefaultMaxOutputTokens
	for name, c := range map[string]struct {
		behaviour llmtest.Behaviour
		limit     int
		requests  int
		degraded  bool
	}{
		"nothing": {llmtest.Fixed(remark), first - 1, 0, true},
		"enough":  {llmtest.Fixed(remark), first, 1, false},
	} {
		s, p := provider(t, c.behaviour)
		p = budget.Provider(p, budget.Options{
			Limits: budget.Limits{RunTokens: int64(c.limit)}, Book: &budget.Memory{}, MaxOutput: llm.DefaultMaxOutputTokens,
		})
		in := sample()
		in.Prompt.Analysis.Run, in.Nonce = "run", strings.Repeat("0123456789abcdef", 2)
		a, _ := explain(t.Context(), p, in)
		if n := len(s.Requests()); n != c.requests {
			t.Fatalf("%s: asked %d times", name, n)
		}
		if a.Degraded != c.degraded {
			t.Errorf("%s: degraded %t: %q", name, a.Degraded, a.DegradedWhy)
		}
		text := a.Provenance.Note
		if c.degraded {
			unchanged(t, in.Prompt.Analysis, a)
			if len(a.DegradedWhy) != 1 || !strings.HasPrefix(a.DegradedWhy[0], "llm_budget: ") {
				t.Fatalf("%s: %q", name, a.DegradedWhy)
			}
			text = a.DegradedWhy[0]
		}
		if strings.Contains(text, budget.OfRun+"=") != c.degraded {
			t.Errorf("%s: %q", name, text)
		}
	}
}
