package analyzer

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"squirrly.dev/services/analyzer/internal/llm"
)

// TriedLLM is what became of an attempt to reach the language model of a configuration.
type TriedLLM struct {
	Provider string // rules: there is none
	Model    string
	Asked    string // the model's own name, when it was asked and answered
	Took     time.Duration
}

// TryLLM looks whether the endpoint of the language model can be reached, and with ask whether it answers a question of some
// fifty tokens in the form that is needed. Without ask no key is shown to it. No error holds a key.
func TryLLM(ctx context.Context, c LLMConfig, ask bool) (TriedLLM, error) {
	tried := TriedLLM{Provider: c.provider(), Model: c.model()}
	if tried.Provider == ProviderRules {
		return tried, nil
	}
	base, err := c.transport(nil)
	if err != nil {
		return tried, err
	}
	began := time.Now()
	defer func() { tried.Took = time.Since(began) }()
	if !ask {
		return tried, touch(ctx, base, c.settings().BaseURL)
	}
	p, err := llm.New(c.settings(), base)
	if err != nil {
		return tried, fmt.Errorf("the language model: %w", err)
	}
	said, err := p.Complete(ctx, llm.Request{
		System: "Answer with a JSON object.", Messages: []llm.Message{{Role: llm.RoleUser, Text: `Is 2 an even number? {"even": true} or {"even": false}`}},
		SchemaName: "even", Schema: json.RawMessage(`{"type":"object","properties":{"even":{"type":"boolean"}},"required":["even"],"additionalProperties":false}`),
	})
	tried.Asked = said.Model
	return tried, err
}

// touch asks a server for anything: whatever it answers, it can be reached.
func touch(ctx context.Context, base http.RoundTripper, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, url, nil)
	if err != nil {
		return fmt.Errorf("the URL of the language model: %w", err)
	}
	res, err := base.RoundTrip(req)
	if err != nil {
		return fmt.Errorf("reach the language model: %w", err)
	}
	return res.Body.Close() //nolint:wrapcheck // nothing was read.
}
