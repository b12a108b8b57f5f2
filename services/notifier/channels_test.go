package notifier_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/services/notifier"
)

// A channel of the file of routes may have the name of a type, and is known wherever a channel is named.
func TestNew_NamesOfTheFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	token := write("token", "xoxb-1")
	const text = "channels:\n- {name: slack, type: slack, channel: C1, token_file: %}\n- {name: team, type: log}\nroute: {channels: [slack, team]}\n"
	routes := write("routes.yaml", strings.ReplaceAll(text, "%", token))
	if _, err := notifier.TestRoutes([]byte(strings.ReplaceAll(text, "%", token)), nil, time.Now()); err != nil {
		t.Error(err)
	}
	b := bustest.Start(t)
	for name, ok := range map[string]bool{"team": true, "slack": true, "log": true, "webhook": true, "nobody": false, "github": false} {
		_, err := notifier.New(notifier.Config{Routes: routes, Readings: []string{name}}, notifier.Deps{Bus: b})
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "SQUIRRLY_NOTIFY_READINGS: no channel is called") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := notifier.New(notifier.Config{Everything: []string{"slack"}}, notifier.Deps{Bus: b}); err == nil {
		t.Error("a type that the environment cannot turn on is named without a mistake")
	}
}
