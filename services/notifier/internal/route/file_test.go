package route_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/services/notifier/internal/route"
)

// Routes change while the notifier runs. Its channels do not: whatever of them changes needs another start.
func TestFile(t *testing.T) {
	const first = `
channels:
- {name: fraud, type: webhook, url: "https://hooks.example/x", secret_file: /etc/secret}
- {name: advice, type: nats, subject: "acme.{job}"}
route: {channels: [fraud]}
`
	path := filepath.Join(t.TempDir(), "routes.yaml")
	write := func(body string) {
		t.Helper()
		if err := os.WriteFile(path+".new", []byte(body), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+".new", path); err != nil {
			t.Fatal(err)
		}
	}
	write(first)
	f, err := route.Open(path, known, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	go f.Follow(t.Context(), time.Millisecond)
	const restart = "restart the notifier"
	for _, c := range []struct{ name, from, to, problem, channels string }{
		{"a route", "[fraud]}", "[log]}", "", "log"},
		{"a mistake", "[fraud]}", "[fraut]}", `no channel is called "fraut"`, "log"},
		{"another address", "hooks.example/x", "hooks.example/y", restart, "log"},
		{"another file", "/etc/secret", "/etc/other", restart, "log"},
		{"another subject", "acme.{job}", "acme.{run}", restart, "log"},
		{"another name", "name: advice", "name: others", restart, "log"},
		{"another type", `type: nats, subject: "acme.{job}"`, "type: log", restart, "log"},
		{"one less", `- {name: advice, type: nats, subject: "acme.{job}"}`, "", restart, "log"},
		{"as it was", "", "", "", "fraud"},
		{"other order of fields", "{name: advice, type: nats", "{type: nats, name: advice", "", "fraud"},
	} {
		write(strings.Replace(first, c.from, c.to, 1))
		fits := func() bool {
			problem := f.Problem()
			return strings.Join(f.Config().Root.Channels, ",") == c.channels &&
				(c.problem == "" && problem == nil || c.problem != "" && problem != nil && strings.Contains(problem.Error(), c.problem))
		}
		for end := time.Now().Add(10 * time.Second); !fits(); time.Sleep(time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(c.name, f.Problem(), f.Config().Root.Channels)
			}
		}
	}
	for end := time.Now().Add(10 * time.Second); f.Changes() != 3; time.Sleep(time.Millisecond) { // the last one looks like the one before
		if time.Now().After(end) {
			t.Fatalf("%d changes", f.Changes())
		}
	}
}
