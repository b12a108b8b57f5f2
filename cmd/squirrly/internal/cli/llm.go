package cli

import (
	"strings"
	"time"

	"github.com/spf13/cobra"

	"squirrly.dev/services/analyzer"
)

// llmFlags choose a language model. Keys come from the environment or from files: a flag would show in the process list,
// which is also why the proxy, whose URL may hold a password, has none.
type llmFlags struct {
	provider string
	model    string
	baseURL  string
	keyFile  string
	caFile   string
	timeout  time.Duration
}

func (l *llmFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&l.provider, "provider", "", "`NAME` of who explains the findings: "+strings.Join(analyzer.Providers(), ", ")+
		" (env SQUIRRLY_LLM_PROVIDER, API_PROVIDER; default: the provider whose key is set, else rules)")
	f.StringVar(&l.model, "model", "", "`NAME` of the model, for azure the deployment (env SQUIRRLY_LLM_MODEL; default: the provider's)")
	f.StringVar(&l.baseURL, "llm-url", "", "base `URL` of the LLM, such as http://localhost:11434/v1 (env SQUIRRLY_LLM_URL, OPENAI_BASE_URL …)")
	f.StringVar(&l.keyFile, "llm-key-file", "", "`FILE` with the key (env SQUIRRLY_LLM_KEY_FILE; keys: SQUIRRLY_LLM_KEY, OPENAI_API_KEY, ANTHROPIC_API_KEY …)")
	f.StringVar(&l.caFile, "llm-ca-file", "", "PEM `FILE` with certificates to trust besides the system's (env SQUIRRLY_LLM_CA_FILE)")
	f.DurationVar(&l.timeout, "llm-timeout", 0, "longest `TIME` to wait for the LLM's answer (default 3m)")
}

// config joins flags and environment.
func (l *llmFlags) config() (analyzer.LLMConfig, error) {
	var vars []string
	if l.keyFile != "" {
		vars = []string{"SQUIRRLY_LLM_KEY=", "SQUIRRLY_LLM_KEY_FILE=" + l.keyFile}
	}
	c, err := analyzer.LLMFromEnv(vars...)
	if err != nil {
		return c, usage("%w", err)
	}
	c.Provider = first(l.provider, c.Provider)
	c.Model = first(l.model, c.Model)
	c.BaseURL = first(l.baseURL, c.BaseURL)
	c.CAFile = first(l.caFile, c.CAFile)
	if l.timeout > 0 {
		c.Timeout = l.timeout
	}
	if err := c.Validate(); err != nil {
		return c, usage("%w", err)
	}
	return c, nil
}
