package notifier

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/placeholder"
	"squirrly.dev/internal/userfile"
	"squirrly.dev/services/notifier/internal/channel"
	"squirrly.dev/services/notifier/internal/route"
)

// ChannelTypes are the names of all types of channels; each has a consumer of its own.
func ChannelTypes() []string { return channel.Names() }

// opened is a channel that is on.
type opened struct {
	channel.Channel

	typ string
}

// open makes the channels of the environment, each of which has the name of its type, and those of the file of routes.
func (c Config) open(log io.Writer, nats channel.Forwarder, logger *slog.Logger) ([]opened, *route.File, error) {
	d := channel.Deps{Log: log, Logger: logger, Guard: netguard.Outbound(c.OutboundPrivate), NATS: nats, Secret: secretFile}
	var all []opened
	var names []string
	for _, x := range c.environment() {
		if !x.on {
			continue
		}
		ch, err := x.settings.Open(x.typ, d)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", x.variables, err)
		}
		all, names = append(all, opened{ch, x.typ}), append(names, x.typ)
	}
	if c.Routes == "" {
		return all, route.Everyone(names, c.Everything), nil
	}
	file, err := route.Open(c.Routes, names, logger)
	if err != nil {
		return nil, nil, fmt.Errorf("SQUIRRLY_ROUTES: %w", err)
	}
	for _, x := range file.Config().Channels {
		ch, err := x.Settings.Open(x.Name, d)
		if err != nil {
			return nil, nil, fmt.Errorf("SQUIRRLY_ROUTES: channel %s: %w", x.Name, err)
		}
		all, names = append(all, opened{ch, x.Type.Name}), append(names, x.Name)
	}
	return all, file, unknown("SQUIRRLY_NOTIFY_READINGS", c.Readings, append(names, variables()...))
}

// variables are the types of channels that the environment can turn on: their names are those of the types.
func variables() []string {
	var names []string
	for _, x := range (Config{}).environment() {
		names = append(names, x.typ)
	}
	return names
}

// unknown says which of some names is that of no channel.
func unknown(variable string, names, known []string) error {
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("%s: no channel is called %q, choose among %s", variable, name, strings.Join(slices.Compact(slices.Sorted(slices.Values(known))), ", "))
		}
	}
	return nil
}

// variable is a channel that the environment turns on.
type variable struct {
	on        bool
	typ       string
	settings  channel.Settings
	variables string
}

func (c Config) environment() []variable {
	return []variable{
		{c.Log, "log", &channel.LogSettings{Format: channel.Format(c.LogFormat)}, "SQUIRRLY_NOTIFY_LOG_FORMAT"},
		{
			c.WebhookURL != "", "webhook", &channel.WebhookSettings{URL: c.WebhookURL.Reveal(), Secret: c.WebhookSecret.Reveal()},
			"SQUIRRLY_WEBHOOK_URL, SQUIRRLY_WEBHOOK_SECRET",
		},
		{c.Subject != "", "nats", &channel.SubjectSettings{Subject: c.Subject}, "SQUIRRLY_NOTIFY_SUBJECT"},
	}
}

// secretFile reads a secret, without the line break that editors add.
func secretFile(path string) (string, error) {
	const most = 64 << 10
	b, err := userfile.ReadSoon(path, most)
	if err != nil {
		return "", fmt.Errorf("read a secret: %w", err)
	}
	secret := strings.TrimSpace(string(b))
	if secret == "" {
		return "", errors.New("read a secret: " + path + " is empty")
	}
	if placeholder.Is(secret) {
		return "", fmt.Errorf("read a secret: %s: %w", path, placeholder.Err)
	}
	return secret, nil
}
