package analyzer

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"squirrly.dev/services/analyzer/internal/claim"
	"squirrly.dev/services/analyzer/internal/llm"
	"squirrly.dev/services/analyzer/internal/llm/budget"
	"squirrly.dev/services/analyzer/internal/llm/cache"
)

// BudgetConfig limits what the LLM may spend. Zero is no limit.
type BudgetConfig struct {
	RunTokens int64   `env:"LLM_BUDGET_RUN_TOKENS" about:"of all questions of a run, prompts and answers"`
	DayTokens int64   `env:"LLM_BUDGET_DAY_TOKENS" about:"of a day (UTC), of all analyzers that share a bus"`
	DayUSD    float64 `env:"LLM_BUDGET_DAY_USD" about:"of a day (UTC), of all analyzers that share a bus"`
}

// Validate checks the limits.
func (c BudgetConfig) Validate() error {
	var err error
	for name, n := range map[string]int64{budget.OfRun: c.RunTokens, budget.OfDay: c.DayTokens} {
		if n < 0 {
			err = errors.Join(err, fmt.Errorf("%s is %d: a number of tokens, or 0 for no limit", name, n))
		}
	}
	if c.DayUSD < 0 || math.IsNaN(c.DayUSD) || math.IsInf(c.DayUSD, 0) {
		err = errors.Join(err, fmt.Errorf("%s is %v: a sum in US dollars, or 0 for no limit", budget.USDOfDay, c.DayUSD))
	}
	return err
}

// open makes the provider; nil means the rules alone.
func (c LLMConfig) open(d Deps, prices llm.Prices) (llm.Provider, error) {
	if c.provider() == ProviderRules {
		return nil, nil //nolint:nilnil // no provider is a mode of work.
	}
	base, err := c.transport(d.HTTP)
	if err != nil {
		return nil, err
	}
	p, err := llm.New(c.settings(), base)
	if err != nil {
		return nil, err
	}
	return c.withSpendingControls(p, d, prices)
}

// withSpendingControls lays what saves money around a provider. The order matters, from the inside out: what is measured is
// what is asked over the network; the price is known only where the usage is; the breaker sees nothing but what the provider did, so that a budget that is used up neither opens nor
// closes it; the budget reserves for questions that are asked, and takes back what an open breaker kept from being asked;
// the cache is outermost, for an answer that is kept needs none of it.
func (c LLMConfig) withSpendingControls(p llm.Provider, d Deps, prices llm.Prices) (llm.Provider, error) {
	p, err := llm.Measured(p, c.model())
	if err != nil {
		return nil, err
	}
	p = llm.Priced(p, prices, c.model())
	p = llm.Breaking(p, llm.Breaker{})
	p = budget.Provider(p, budget.Options{
		Limits: budget.Limits(c.Budget), Book: d.book(), Prices: prices, Model: c.model(), MaxOutput: c.maxOutput(),
	})
	return cache.Provider(p, cache.Options{
		Store: d.answers(), TTL: c.CacheTTL, Asked: c.String(), Keep: wellFormed, Logger: d.Logger,
	}), nil
}

// wellFormed reports whether an answer has the required form; whether it is true is checked each time.
func wellFormed(object json.RawMessage) bool {
	_, err := claim.Decode(object)
	return err == nil
}

// answers is where answers are kept: for all who share the bus, or for this process alone.
func (d Deps) answers() cache.Store {
	if d.Bus == nil {
		return &cache.Memory{}
	}
	return cache.Shared(d.Bus)
}

// book is where spending is counted: by all who share the bus, or by this process alone.
func (d Deps) book() budget.Book {
	if d.Bus == nil {
		return &budget.Memory{}
	}
	return budget.Shared(d.Bus)
}

// prices are what models cost.
func (c LLMConfig) prices() (llm.Prices, error) {
	p, err := llm.LoadPrices(c.Prices)
	if err != nil {
		return p, fmt.Errorf("SQUIRRLY_LLM_PRICES: %w", err)
	}
	return p, nil
}

// maxOutput is the most that an answer may have, in tokens.
func (c LLMConfig) maxOutput() int {
	if c.MaxOutputTokens <= 0 {
		return llm.DefaultMaxOutputTokens
	}
	return c.MaxOutputTokens
}
