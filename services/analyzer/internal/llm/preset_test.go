package llm_test

import (
	"strings"
	"testing"

	"squirrly.dev/services/analyzer/internal/llm"
)

// TestPresets makes every provider from its name alone, with what it says that it lacks.
func TestPresets(t *testing.T) {
	for _, name := range llm.Names() {
		t.Run(name, func(t *testing.T) {
			known, ok := llm.Named(name)
			if !ok {
				t.Fatal("a name is unknown")
			}
			c := llm.Config{Provider: name}
			if !known.Keyless {
				c.Key = "k"
			}
			if known.Model == "" {
				if _, err := llm.New(c, nil); err == nil || !strings.Contains(err.Error(), "model") {
					t.Errorf("without a model: %v", err)
				}
				c.Model = "m"
			}
			if known.BaseURL == "" {
				if _, err := llm.New(c, nil); err == nil || !strings.Contains(err.Error(), "base URL") {
					t.Errorf("without a URL: %v", err)
				}
				c.BaseURL = "https://resource.example"
			}
			p, err := llm.New(c, nil)
			if err != nil || p.Name() != name {
				t.Errorf("New: %v, %v", p, err)
			}
		})
	}
	if _, err := llm.New(llm.Config{Provider: "cohere"}, nil); err == nil {
		t.Error("an unknown provider is made")
	}
}
