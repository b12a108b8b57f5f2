package analyzer

import (
	"fmt"
	"net/http"

	"squirrly.dev/services/analyzer/internal/llm"
)

// open makes the provider; nil means the rules alone.
func (c LLMConfig) open(client *http.Client, prices llm.Prices) (llm.Provider, error) {
	if c.provider() == ProviderRules {
		return nil, nil //nolint:nilnil // no provider is a mode of work.
	}
	base, err := c.transport(client)
	if err != nil {
		return nil, err
	}
	p, err := llm.New(c.settings(), base)
	if err != nil {
		return nil, err
	}
	return llm.Breaking(llm.Priced(p, prices, c.model()), llm.Breaker{}), nil
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
