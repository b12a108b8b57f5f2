package channel

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"squirrly.dev/internal/netguard"
	"squirrly.dev/internal/strictyaml"
)

// Type is a type of channel.
type Type struct {
	Name     string // as the file of routes and the environment say it
	About    string // for people, one line
	Settings func() Settings
}

// types is the table of all there are. Each has a consumer of its own, so that a dead one holds up no other.
func types() []Type {
	return []Type{
		{"log", "text or records on standard output", func() Settings { return new(LogSettings) }},
		{"webhook", "CloudEvents by HTTP, signed as Standard Webhooks", func() Settings { return new(WebhookSettings) }},
		{"slack", "messages in Slack, updated in place, with a thread for each finding", func() Settings { return new(SlackSettings) }},
		{"mail", "e-mail as text and HTML, in threads", func() Settings { return new(MailSettings) }},
		{"alertmanager", "alerts for Prometheus' Alertmanager, API version 2", func() Settings { return new(AlertSettings) }},
		{"github", "an issue on GitHub for each finding", func() Settings { return new(GitHubSettings) }},
		{"shoutrrr", "text to Teams, Discord, Telegram and others by a URL of shoutrrr's", func() Settings { return new(ShoutrrrSettings) }},
		{"nats", "CloudEvents on a NATS subject", func() Settings { return new(SubjectSettings) }},
	}
}

// Types are all types of channels.
func Types() []Type { return types() }

// Names are the names of all types.
func Names() []string {
	all := types()
	names := make([]string, len(all))
	for i, t := range all {
		names[i] = t.Name
	}
	return names
}

// Find returns the type of a name.
func Find(name string) (Type, bool) {
	for _, t := range types() {
		if t.Name == name {
			return t, true
		}
	}
	return Type{}, false
}

// Settings are those of one channel of a type.
type Settings interface {
	// Fields are what the file of routes says about such a channel besides name and type, and which of them it has to.
	Fields() (fields map[string]func(strictyaml.Value), required []string)
	// Open makes the channel, or says which setting is wrong. No error holds a secret.
	Open(name string, d Deps) (Channel, error)
}

// Deps are what channels work with.
type Deps struct {
	Log    io.Writer
	Logger *slog.Logger                               // for what goes wrong with a template; nil discards
	Guard  *netguard.Guard                            // of every connection to the outside
	NATS   Forwarder                                  // publishes on subjects of other people's
	Secret func(path string) (secret string, e error) // reads a file that holds one secret
}

// Forwarder publishes on subjects of other people's: *bus.Bus.
type Forwarder interface {
	Forward(ctx context.Context, subject string, header map[string]string, body []byte) error
}

// either reads a setting that stands in the file of routes, or in a file of its own because it is a secret.
func (d Deps) either(name, given, path string) (string, error) {
	if (given == "") == (path == "") {
		return "", fmt.Errorf("expected either %s or %s_file", name, name)
	}
	return d.file(given, path)
}

// file reads a secret that is either given or in a file.
func (d Deps) file(given, path string) (string, error) {
	if path == "" {
		return given, nil
	}
	return d.Secret(path)
}
