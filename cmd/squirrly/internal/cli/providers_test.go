package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
)

// example is a command line of docs/providers.md: variables, then squirrly and its arguments.
type example struct {
	line string
	vars map[string]string
	args []string
}

func examples(t *testing.T) []example {
	t.Helper()
	doc, err := os.ReadFile("../../../../docs/providers.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []example
	for line := range strings.Lines(string(doc)) {
		before, after, ok := strings.Cut(line, "squirrly analyze ")
		if !ok || !strings.HasPrefix(line, "    ") {
			continue
		}
		e := example{line: strings.TrimSpace(line), vars: map[string]string{}, args: append([]string{"analyze"}, strings.Fields(after)...)}
		for v := range strings.FieldsSeq(before) {
			name, value, _ := strings.Cut(v, "=")
			e.vars[name] = value
		}
		all = append(all, e)
	}
	return all
}

// provider is the one that the line is an example of, and the protocol that it is asked by.
func (e example) provider(t *testing.T) (name, protocol string) {
	t.Helper()
	for i, arg := range e.args {
		if arg == "--provider" {
			name = e.args[i+1]
		}
	}
	for variable := range e.vars {
		if vendor, ok := strings.CutSuffix(variable, "_API_KEY"); ok {
			name = map[string]string{
				"OPENAI": "openai", "AZURE_OPENAI": "azure", "ANTHROPIC": "anthropic", "GEMINI": "gemini", "OPENROUTER": "openrouter",
			}[vendor]
		}
	}
	switch name {
	case "":
		t.Fatalf("the line is an example of no provider: %s", e.line)
	case llmtest.Azure, llmtest.Anthropic, llmtest.Gemini:
		return name, name
	}
	return name, llmtest.OpenAI
}

var ownURL = map[string]string{
	"openai": "OPENAI_BASE_URL", "anthropic": "ANTHROPIC_BASE_URL", "gemini": "GOOGLE_GEMINI_BASE_URL",
}

// TestProviders_Examples runs the examples of the documentation. What belongs to the reader's own world is replaced: keys,
// key files, addresses, models and the profile.
func TestProviders_Examples(t *testing.T) {
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(llmtest.Key), 0o600); err != nil {
		t.Fatal(err)
	}
	asked := map[string]bool{}
	for _, e := range examples(t) {
		t.Run(e.line, func(t *testing.T) {
			clean(t)
			server := llmtest.NewServer(llmtest.Honest())
			t.Cleanup(server.Close)
			name, protocol := e.provider(t)
			asked[name] = true
			base := server.Base(protocol)
			for variable, value := range e.vars {
				if value == "…" {
					value = llmtest.Key
				}
				if strings.HasPrefix(value, "https://") {
					value = base
				}
				t.Setenv(variable, value)
			}
			given := map[string]bool{}
			for i, arg := range e.args {
				given[arg] = true
				switch arg {
				case "profile":
					e.args[i] = page("ITIMER")
				case "--model":
					e.args[i+1] = llmtest.Model
				case "--llm-url":
					e.args[i+1] = base
				case "--llm-key-file":
					e.args[i+1] = keyFile
				}
			}
			if !given["--model"] {
				t.Setenv("SQUIRRLY_LLM_MODEL", llmtest.Model)
			}
			if len(e.vars) == 0 && !given["--llm-key-file"] {
				t.Setenv("SQUIRRLY_LLM_KEY", llmtest.Key) // the stand-in wants one, a server of one's own need not
			}
			args := append(e.args, "-o", "json")
			switch variable := ownURL[name]; {
			case given["--llm-url"] || protocol == llmtest.Azure:
			case variable != "":
				t.Setenv(variable, base) // the key alone chooses the provider
			default:
				args = append(args, "--provider", name, "--llm-url", base)
			}
			server.Grammar.Store(name == "ollama")
			code, out, errOut := runCLI(t, t.Context(), "", args...)
			var a events.Analysis
			if err := json.Unmarshal([]byte(out), &a); err != nil || code != 0 {
				t.Fatalf("exit %d: %v\n%s", code, err, errOut)
			}
			if a.Provenance.Provider != name || a.Degraded {
				t.Errorf("provenance %+v, degraded %q", a.Provenance, a.DegradedWhy)
			}
			if problems := server.Problems(); len(problems) > 0 || len(server.Requests()) == 0 {
				t.Errorf("%d requests, refused %q", len(server.Requests()), problems)
			}
		})
	}
	for _, name := range []string{"openai", "azure", "anthropic", "gemini", "openrouter", "ollama"} {
		if !asked[name] {
			t.Errorf("the documentation has no example of %s", name)
		}
	}
}
