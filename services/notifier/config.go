package notifier

import (
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/daemon"
)

// Config of the service. A channel is on when what it needs is set.
type Config struct {
	Log             bool          `env:"NOTIFY_LOG" envDefault:"true" about:"results on standard output"`
	LogFormat       string        `env:"NOTIFY_LOG_FORMAT" envDefault:"auto" about:"text for people, json for programs; auto is text on a terminal"`
	WebhookURL      daemon.Secret `env:"WEBHOOK_URL" about:"its path is often a secret"`
	WebhookSecret   daemon.Secret `env:"WEBHOOK_SECRET" about:"whsec_ and base64, shared with the receiver"`
	OutboundPrivate bool          `env:"OUTBOUND_PRIVATE" about:"webhooks may be on the own networks and on this machine"`
	Subject         string        `env:"NOTIFY_SUBJECT" about:"NATS subject, with {type}, {severity}, {cluster}, {namespace}, {job}, {run}"`
	Readings        []string      `env:"NOTIFY_READINGS" about:"channels that tell what an LLM says in its own words, by their names"`
	Routes          string        `env:"ROUTES" about:"file of routes, channels and silences"`
	Everything      []string      `env:"NOTIFY_EVERYTHING" about:"channels that are told every end of a run, not changes alone"`
	Slots           int           `env:"SLOTS" envDefault:"4" about:"messages sent at a time, by each channel"`
	Attempts        int           `env:"NOTIFY_ATTEMPTS" envDefault:"10" about:"before a message is given up"`
	Backoff         time.Duration `env:"NOTIFY_BACKOFF" envDefault:"5s" about:"after the first attempt; it doubles, up to 10m"`
	MaxAge          time.Duration `env:"NOTIFY_MAX_AGE" envDefault:"24h" about:"of an event that is still told"`
}

// Validate checks what the types do not.
func (c Config) Validate() error {
	switch {
	case (c.WebhookURL == "") != (c.WebhookSecret == ""):
		return errors.New("SQUIRRLY_WEBHOOK_URL and SQUIRRLY_WEBHOOK_SECRET belong together: webhooks are signed")
	case c.Routes != "" && len(c.Everything) > 0:
		return errors.New("SQUIRRLY_NOTIFY_EVERYTHING and SQUIRRLY_ROUTES do not go together: write `tell: everything` into the file")
	case c.Attempts > mostAttempts:
		return fmt.Errorf("SQUIRRLY_NOTIFY_ATTEMPTS: expected at most %d", mostAttempts)
	case c.Attempts < 0 || c.Backoff < 0 || c.MaxAge < 0:
		return errors.New("SQUIRRLY_NOTIFY_ATTEMPTS, SQUIRRLY_NOTIFY_BACKOFF and SQUIRRLY_NOTIFY_MAX_AGE must not be negative")
	}
	if c.Routes == "" { // else the file has channels, too
		if err := unknown("SQUIRRLY_NOTIFY_READINGS", c.Readings, variables()); err != nil {
			return err
		}
	}
	return unknown("SQUIRRLY_NOTIFY_EVERYTHING", c.Everything, variables())
}

const mostAttempts = 100 // of a message: sixteen hours

// withDefaults fills in what was left out, for a configuration that was not loaded from the environment.
func (c Config) withDefaults() Config {
	const slots, attempts = 4, 10
	if c.Slots == 0 {
		c.Slots = slots
	}
	if c.Attempts == 0 {
		c.Attempts = attempts
	}
	if c.Backoff == 0 {
		c.Backoff = 5 * time.Second
	}
	if c.MaxAge == 0 {
		c.MaxAge = 24 * time.Hour
	}
	return c
}
