package llm

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Defaults of Config.
const (
	DefaultMaxOutputTokens = 8000
	DefaultTimeout         = 3 * time.Minute
	DefaultAttempts        = 3
	DefaultBackoff         = time.Second
	DefaultMaxWait         = time.Minute
)

// Config configures a provider. Zero values mean the defaults above and those of the provider's Preset.
type Config struct {
	Provider        string        // one of Names; empty: openai
	BaseURL         string        // openai and its kin: up to and with /v1; the others: without the version
	Model           string        // for azure the name of the deployment
	Key             string        // empty for servers that need none; never printed
	APIVersion      string        // of azure
	Proxy           string        // URL of a proxy, never printed; empty: as HTTPS_PROXY and NO_PROXY say
	CAFile          string        // PEM certificates that are trusted besides those of the system
	MaxOutputTokens int           // for one answer, reasoning included
	Timeout         time.Duration // of one Complete, retries and waits included
	Attempts        int           // of one HTTP request
	Backoff         time.Duration // before the second attempt, when the provider does not say
	MaxWait         time.Duration // longest wait between attempts; a provider that asks for more is not asked again
}

// String hides the key.
func (c Config) String() string {
	return fmt.Sprintf("%s at %s", c.Model, safeURL(c.BaseURL))
}

// GoString hides the key.
func (c Config) GoString() string { return c.String() }

// resolve fills in the defaults and checks the result.
func (c Config) resolve() (Config, error) {
	if c.Provider == "" {
		c.Provider = OpenAI
	}
	known, ok := Named(c.Provider)
	if !ok {
		return c, fmt.Errorf("configure the LLM: there is no provider %q", c.Provider)
	}
	c = c.withDefaults(known)
	return c, c.validate(known)
}

func (c Config) withDefaults(known Preset) Config {
	if c.BaseURL == "" {
		c.BaseURL = known.BaseURL
	}
	if c.Model == "" {
		c.Model = known.Model
	}
	if c.APIVersion == "" {
		c.APIVersion = DefaultAzureVersion
	}
	if c.MaxOutputTokens <= 0 {
		c.MaxOutputTokens = DefaultMaxOutputTokens
	}
	if c.Timeout <= 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Attempts <= 0 {
		c.Attempts = DefaultAttempts
	}
	if c.Backoff <= 0 {
		c.Backoff = DefaultBackoff
	}
	if c.MaxWait <= 0 {
		c.MaxWait = DefaultMaxWait
	}
	return c
}

// validate checks a configuration with its defaults.
func (c Config) validate(known Preset) error {
	switch {
	case c.Model == "":
		return errors.New("configure the LLM: no model is named")
	case strings.ContainsAny(c.Model, " \t\r\n?#%\\") || strings.Contains(c.Model, ".."):
		return errors.New("configure the LLM: the model's name has characters that no model has")
	case strings.ContainsAny(c.Key, "\r\n\t "):
		return errors.New("configure the LLM: the key holds white space")
	case c.Key == "" && (known.protocol == Anthropic || known.protocol == Gemini || known.protocol == Azure):
		return fmt.Errorf("configure the LLM: %s needs a key", c.Provider)
	}
	return checkURL("base URL", c.BaseURL)
}

// checkURL checks a URL that requests go to.
func checkURL(name, raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return fmt.Errorf("configure the LLM: the %s cannot be parsed", name) // the cause would quote it
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("configure the LLM: %s %s is not an http or https URL", name, safeURL(raw))
	case u.RawQuery != "", u.Fragment != "":
		return fmt.Errorf("configure the LLM: %s %s has a query or fragment", name, safeURL(raw))
	}
	return nil
}

// safeURL returns scheme, host and path of a URL: what may stand in errors.
func safeURL(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "an invalid URL"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
