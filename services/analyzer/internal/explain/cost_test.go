package explain_test

import (
	"encoding/json"
	"math"
	"testing"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/services/analyzer/internal/explain"
	"squirrly.dev/services/analyzer/internal/llm"
)

func prices() llm.Prices {
	return llm.Prices{Models: map[string]llm.Price{llmtest.Model: {Rate: llm.Rate{Input: 2, Output: 10}}}}
}

// TestCostOfAllRounds: the analysis says what all rounds cost, also when they led to nothing; an unknown cost is none.
func TestCostOfAllRounds(t *testing.T) {
	for name, c := range map[string]struct {
		behaviours []llmtest.Behaviour
		prices     llm.Prices
		rounds     int
	}{
		"one round":     {[]llmtest.Behaviour{llmtest.Honest()}, prices(), 1},
		"repaired":      {[]llmtest.Behaviour{llmtest.Lying(), llmtest.Honest()}, prices(), 2},
		"in vain":       {[]llmtest.Behaviour{llmtest.Garbage()}, prices(), 1},
		"unknown price": {[]llmtest.Behaviour{llmtest.Honest()}, llm.DefaultPrices(), 1},
	} {
		s, p := provider(t, c.behaviours...)
		a, _ := explain.Explain(t.Context(), llm.Priced(p, c.prices, llmtest.Model), sample())
		if n := len(s.Requests()); n != c.rounds {
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
