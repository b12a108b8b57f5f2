package placeholder_test

import (
	"crypto/rand"
	"testing"

	"squirrly.dev/internal/placeholder"
)

func TestIs(t *testing.T) {
	for _, v := range []string{
		"replace-me", "REPLACE_ME", "replaceme", " replace me\n", "replace-me-by-at-least-16-bytes", "whsec_replace-me", "https://replace-me.example/hook",
		"changeme", "change-me", "Change_Me", "change-this", "sk-REPLACE-ME", "<your token>", "<password>", "<TOKEN>", "your-token", "YOUR_API_KEY",
		"your-openai-api-key-here", "insert-key-here", "xxx", "XXXXXXXX", "***", "...", "placeholder", "TODO", "fill-me",
	} {
		if !placeholder.Is(v) {
			t.Errorf("%q is taken for a value", v)
		}
	}
	for _, v := range []string{
		"", "minioadmin", "squirrly", "not-needed", "dummy", "EMPTY", "sk-no-key-required", "hunter2", "correct horse battery staple",
		"https://hooks.example/T0/B1/changed", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "{run}", "squirrly.{cluster}.{type}", "[::1]:8080", "replacement", "exchange-metrics",
		"http://{name}-rest.{namespace}:{port}", "yours truly", "30s", "off", "-", "*", "xx", "todo-app", "prod/payments=2",
	} {
		if placeholder.Is(v) {
			t.Errorf("%q is taken for a placeholder", v)
		}
	}
	for range 20_000 {
		if v := rand.Text() + rand.Text(); placeholder.Is(v) {
			t.Errorf("%q, a random value, is taken for a placeholder", v)
		}
	}
}
