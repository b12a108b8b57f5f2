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
	DefaultBaseURL         = "https://api.openai.com/v1"
	DefaultMaxOutputTokens = 8000
	DefaultTimeout         = 3 * time.Minute
	DefaultAttempts        = 3
	DefaultBackoff         = time.Second
	DefaultMaxWait         = time.Minute
)

// Config configures a provider that speaks the protocol of OpenAI's chat completions: OpenAI itself, and servers that
// are compatible. Zero values mean the defaults above.
type Config struct {
	BaseURL         string        // up to and with /v1
	Model           string        // required
	Key             string        // empty for servers that need none; never printed
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

func (c Config) withDefaults() Config {
	if c.BaseURL == "" {
		c.BaseURL = DefaultBaseURL
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
func (c Config) validate() error {
	if c.Model == "" {
		return errors.New("configure the LLM: no model is named")
	}
	if strings.ContainsAny(c.Key, "\r\n\t ") {
		return errors.New("configure the LLM: the key holds white space")
	}
	u, err := url.Parse(c.BaseURL)
	switch {
	case err != nil:
		return errors.New("configure the LLM: the base URL cannot be parsed") // the cause would quote it
	case u.Scheme != "http" && u.Scheme != "https", u.Host == "":
		return fmt.Errorf("configure the LLM: base URL %s is not an http or https URL", safeURL(c.BaseURL))
	case u.RawQuery != "", u.Fragment != "":
		return fmt.Errorf("configure the LLM: base URL %s has a query or fragment", safeURL(c.BaseURL))
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
