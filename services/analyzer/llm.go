package analyzer

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"

	"squirrly.dev/internal/daemon"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/llm"
)

// The providers that have a meaning of their own here; llm.Names are all that are asked.
const (
	ProviderRules  = ask.Rules // no LLM; nothing leaves this machine
	ProviderOpenAI = llm.OpenAI
)

// Providers are the names that LLMConfig.Provider may have.
func Providers() []string { return append([]string{ProviderRules}, llm.Names()...) }

// LLMConfig says which language model is asked, if any.
type LLMConfig struct {
	Provider        string        `env:"LLM_PROVIDER" about:"rules, openai, anthropic … (docs/providers.md); empty: the one that there is a key for, else rules"`
	Model           string        `env:"LLM_MODEL" about:"of the provider; empty: its default"`
	BaseURL         string        `env:"LLM_URL" about:"base URL of the provider; empty: its own"`
	Key             daemon.Secret `env:"LLM_KEY" about:"of the provider; empty: that of its own variable below"`
	Proxy           daemon.Secret `env:"LLM_PROXY" about:"URL of an http, https or socks5 proxy to the provider"`
	CAFile          string        `env:"LLM_CA_FILE" about:"PEM certificates that are trusted besides the system's"`
	MaxOutputTokens int           `env:"LLM_MAX_OUTPUT_TOKENS" about:"tokens of an answer at the most"`
	Timeout         time.Duration `env:"LLM_TIMEOUT" about:"longest wait for an answer"`
	Prices          string        `env:"LLM_PRICES" about:"file of prices; empty: the built-in ones"`
	Accounts        Accounts
	Budget          BudgetConfig
	CacheTTL        time.Duration `env:"LLM_CACHE_TTL" envDefault:"24h" about:"of answers to identical questions; 0: none is kept"`
	Prompt          PromptConfig
}

// llmOnly is the configuration of programs that need nothing but the LLM.
type llmOnly struct{ LLM LLMConfig }

// Aliases implements daemon.Aliased.
func (llmOnly) Aliases() map[string]string { return llmAliases }

// LLMFromEnv reads the configuration of the LLM from the environment, by the same names as the service. Variables that
// are given here ("NAME=value") win.
func LLMFromEnv(vars ...string) (LLMConfig, error) {
	c, err := daemon.Load[llmOnly](append(os.Environ(), vars...))
	return c.LLM, err
}

// provider resolves the empty name: the first provider with a key, and OpenAI for a key or URL of no provider.
func (c LLMConfig) provider() string {
	switch {
	case c.Provider != "":
		return c.Provider
	case c.Key != "" || c.BaseURL != "" || c.Accounts.OpenAIURL != "":
		return ProviderOpenAI
	}
	for _, name := range byAccount {
		if c.Accounts.of(name).key != "" {
			return name
		}
	}
	return ProviderRules
}

// settings is how the provider is asked, with what its account and its name say.
func (c LLMConfig) settings() llm.Config {
	name := c.provider()
	known, _ := llm.Named(name)
	a := c.Accounts.of(name)
	return llm.Config{
		Provider: name, BaseURL: first(c.BaseURL, a.url, known.BaseURL), Model: first(c.Model, a.model, known.Model),
		Key: first(c.Key, a.key).Reveal(), APIVersion: c.Accounts.AzureVersion, Proxy: c.Proxy.Reveal(), CAFile: c.CAFile,
		MaxOutputTokens: c.MaxOutputTokens, Timeout: c.Timeout,
	}
}

// model is the one that is asked.
func (c LLMConfig) model() string { return c.settings().Model }

// String hides keys, and the passwords that URLs may hold.
func (c LLMConfig) String() string { return c.settings().String() + " (" + c.provider() + ")" }

// GoString hides what String hides.
func (c LLMConfig) GoString() string { return c.String() }

func first[S ~string](all ...S) S {
	for _, s := range all {
		if s != "" {
			return s
		}
	}
	return ""
}

// Validate checks the provider's name, and whether it can be asked. The error says which variable to set.
func (c LLMConfig) Validate() error {
	if err := errors.Join(c.Prompt.Validate(), c.Budget.Validate()); err != nil {
		return err
	}
	if c.CacheTTL < 0 {
		return fmt.Errorf("SQUIRRLY_LLM_CACHE_TTL is %s: a time, or 0 to keep no answers", c.CacheTTL)
	}
	name := c.provider()
	if name == ProviderRules {
		return nil
	}
	known, ok := llm.Named(name)
	if !ok {
		return fmt.Errorf("LLM provider %q: choose %s", name, choices(Providers()))
	}
	missing := c.missing(known)
	if len(missing) == 0 {
		return nil
	}
	err := fmt.Errorf("LLM provider %s: set %s", name, strings.Join(missing, ", and "))
	if c.Provider == "" {
		return fmt.Errorf("%w; %s was chosen because there is a key for it, SQUIRRLY_LLM_PROVIDER chooses another", err, name)
	}
	return err
}

// missing are the variables that the provider cannot be asked without.
func (c LLMConfig) missing(known llm.Preset) []string {
	s, a := c.settings(), c.Accounts.of(c.provider())
	var out []string
	ownServer := s.Provider == ProviderOpenAI && s.BaseURL != known.BaseURL
	switch {
	case s.Key != "" || known.Keyless || ownServer:
	case s.Provider == ProviderOpenAI:
		out = append(out, keyHint(a)+" or the URL of a server of your own (OPENAI_BASE_URL)")
	default:
		out = append(out, keyHint(a))
	}
	if s.BaseURL == "" {
		out = append(out, hint(a.urlVariable, "SQUIRRLY_LLM_URL"))
	}
	if s.Model == "" {
		out = append(out, hint(a.modelVariable, "SQUIRRLY_LLM_MODEL"))
	}
	return out
}

func keyHint(a account) string {
	return hint(a.needs, "SQUIRRLY_LLM_KEY") + " (NAME_FILE names a file with the key)"
}

func hint(own, general string) string {
	if own == "" {
		return general
	}
	return own + " or " + general
}

func choices(names []string) string {
	slices.Sort(names)
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

// notice says in one line who analyzes.
func (c LLMConfig) notice() string {
	if c.provider() == ProviderRules {
		return "rules only, no LLM: nothing leaves this machine"
	}
	return "the analysis is by rules and by " + c.String() + "; code decides each of its claims by the profile"
}

// transport is how the provider is reached; timeouts of the provider's own bound each call. A proxy or an authority of
// its own needs a connection apart from the client's.
func (c LLMConfig) transport(client *http.Client) (http.RoundTripper, error) {
	if c.Proxy != "" || c.CAFile != "" {
		t, err := llm.Transport(c.Proxy.Reveal(), c.CAFile)
		if err != nil {
			return nil, err
		}
		return otelhttp.NewTransport(t), nil
	}
	if client == nil || client.Transport == nil {
		return http.DefaultTransport, nil
	}
	return client.Transport, nil
}
