package cli

import (
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/services/analyzer"
)

// llmFlags choose a language model. Keys come from the environment only: a flag would show in the process list.
type llmFlags struct {
	provider string
	model    string
	baseURL  string
	timeout  time.Duration
}

func (l *llmFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.provider, "provider", "", "rules, or openai for any OpenAI-compatible endpoint (env SQUIRRLY_LLM_PROVIDER, API_PROVIDER; default: openai when a key is set)")
	f.StringVar(&l.model, "model", "", "model of the LLM (env SQUIRRLY_LLM_MODEL)")
	f.StringVar(&l.baseURL, "llm-url", "", "base `URL` of the LLM endpoint, such as http://localhost:11434/v1 (env OPENAI_BASE_URL)")
	f.DurationVar(&l.timeout, "llm-timeout", 0, "longest wait for the LLM's answer (default 3m)")
}

// config joins flags and environment.
func (l *llmFlags) config() (analyzer.LLMConfig, error) {
	c, err := analyzer.LLMFromEnv()
	if err != nil {
		return c, usage("%w", err)
	}
	c.Provider = first(l.provider, c.Provider)
	c.Model = first(l.model, c.Model)
	c.BaseURL = first(l.baseURL, c.BaseURL)
	if l.timeout > 0 {
		c.Timeout = l.timeout
	}
	if err := c.Validate(); err != nil {
		return c, usage("%w", err)
	}
	return c, nil
}
