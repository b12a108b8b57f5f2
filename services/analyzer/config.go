package analyzer

import (
	"errors"
	"fmt"
	"math"
	"net/http"
	"os"
	"time"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/services/analyzer/internal/llm"
)

// Config of the service. The zero value works: rules alone, default prompt.
type Config struct {
	Slots      int     `env:"SLOTS"       envDefault:"2"`    // runs analysed at a time
	PromptFile string  `env:"PROMPT_FILE"`                   // Markdown that replaces the default prompt
	ReportURL  string  `env:"REPORT_URL"`                    // where people read reports; {run} stands for the run's id
	FollowUps  bool    `env:"FOLLOW_UPS"  envDefault:"true"` // ask for ALLOC and LOCK captures where they would explain more
	CorePrice  float64 `env:"CORE_PRICE"`                    // of a core for an hour; 0: findings have cores and no costs
	Currency   string  `env:"CURRENCY"    envDefault:"USD"`  // of CorePrice
	LLM        LLMConfig
	Version    string `env:"-"` // of this program, for the provenance of results
}

// Validate checks the parts that cannot be checked alone.
func (c Config) Validate() error {
	var err error
	if c.CorePrice < 0 || math.IsNaN(c.CorePrice) || math.IsInf(c.CorePrice, 0) {
		err = fmt.Errorf("the price of a core (SQUIRRLY_CORE_PRICE) is %v: a number above 0, or 0 for none", c.CorePrice)
	}
	return errors.Join(err, c.LLM.Validate())
}

// Aliases are the well-known names of the variables.
func (Config) Aliases() map[string]string { return llmAliases }

// The providers.
const (
	ProviderRules  = "rules"  // no LLM; nothing leaves this machine
	ProviderOpenAI = "openai" // OpenAI, and every server that speaks its protocol
)

// LLMConfig says which language model is asked, if any.
type LLMConfig struct {
	Provider        string        `env:"LLM_PROVIDER"` // empty: openai when there is a key or a URL, else rules
	Model           string        `env:"LLM_MODEL"`    // empty: DefaultModel
	BaseURL         string        `env:"LLM_URL"`
	Key             daemon.Secret `env:"LLM_KEY"`
	MaxOutputTokens int           `env:"LLM_MAX_OUTPUT_TOKENS"`
	Timeout         time.Duration `env:"LLM_TIMEOUT"`
	Prompt          PromptConfig
}

var llmAliases = map[string]string{
	"SQUIRRLY_LLM_KEY":      "OPENAI_API_KEY",
	"SQUIRRLY_LLM_URL":      "OPENAI_BASE_URL",
	"SQUIRRLY_LLM_PROVIDER": "API_PROVIDER",
	"SQUIRRLY_LLM_MODEL":    "OPENAI_MODEL",
	"SQUIRRLY_PROMPT_FILE":  "ANALYSIS_PROMPT_FILE",
}

// llmOnly is the configuration of programs that need nothing but the LLM.
type llmOnly struct{ LLM LLMConfig }

// Aliases implements daemon.Aliased.
func (llmOnly) Aliases() map[string]string { return llmAliases }

// LLMFromEnv reads the configuration of the LLM from the environment, by the same names as the service.
func LLMFromEnv() (LLMConfig, error) {
	c, err := daemon.Load[llmOnly](os.Environ())
	return c.LLM, err
}

// DefaultModel is asked when none is named.
const DefaultModel = "gpt-5-mini"

func (c LLMConfig) model() string {
	if c.Model == "" {
		return DefaultModel
	}
	return c.Model
}

// provider resolves the empty name.
func (c LLMConfig) provider() string {
	switch {
	case c.Provider != "":
		return c.Provider
	case c.Key != "" || c.BaseURL != "":
		return ProviderOpenAI
	}
	return ProviderRules
}

// Validate checks the provider's name, and how it is asked.
func (c LLMConfig) Validate() error {
	if err := c.Prompt.Validate(); err != nil {
		return err
	}
	switch c.provider() {
	case ProviderRules:
		return nil
	case ProviderOpenAI:
		if c.Key == "" && c.BaseURL == "" {
			return fmt.Errorf("LLM provider %s needs OPENAI_API_KEY, or the URL of a server of your own (OPENAI_BASE_URL)", ProviderOpenAI)
		}
		return nil
	}
	return fmt.Errorf("LLM provider %q: choose %s or %s", c.Provider, ProviderRules, ProviderOpenAI)
}

// open makes the provider; nil means the rules alone.
func (c LLMConfig) open(client *http.Client) (llm.Provider, error) {
	if c.provider() == ProviderRules {
		return nil, nil //nolint:nilnil // no provider is a mode of work.
	}
	return llm.New(llm.Config{
		BaseURL: c.BaseURL, Model: c.model(), Key: c.Key.Reveal(), MaxOutputTokens: c.MaxOutputTokens, Timeout: c.Timeout,
	}, transport(client))
}

// notice says in one line who analyses.
func (c LLMConfig) notice() string {
	if c.provider() == ProviderRules {
		return "no LLM key is set: the analysis is by rules, and nothing leaves this machine"
	}
	return "the analysis is by rules and by " + c.model() + "; every statement of it is checked against the profile"
}

// transport is how the client reaches the provider; timeouts of the provider's own bound each call.
func transport(client *http.Client) http.RoundTripper {
	if client == nil || client.Transport == nil {
		return http.DefaultTransport
	}
	return client.Transport
}
