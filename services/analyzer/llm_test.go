package analyzer_test

import (
	"crypto/tls"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
)

// environment sets the variables of the LLM to these alone, whatever the tests are run with.
func environment(t *testing.T, vars ...string) {
	t.Helper()
	for own, known := range (analyzer.Config{}).Aliases() {
		for _, name := range []string{own, known} {
			t.Setenv(name, "")
			t.Setenv(name+"_FILE", "")
		}
	}
	for _, name := range []string{"KEY", "URL", "MODEL", "PROXY", "CA_FILE", "PRICES"} {
		t.Setenv("SQUIRRLY_LLM_"+name, "")
	}
	for _, name := range []string{
		"TIMEOUT", "MAX_OUTPUT_TOKENS", "CACHE_TTL", "BUDGET_RUN_TOKENS", "BUDGET_DAY_TOKENS", "BUDGET_DAY_USD",
	} { // an empty number is none
		t.Setenv("SQUIRRLY_LLM_"+name, "")
		if err := os.Unsetenv("SQUIRRLY_LLM_" + name); err != nil {
			t.Fatal(err)
		}
	}
	for _, v := range vars {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
}

// TestProvidersByEnvironment lets the environment choose a provider, and asks it.
func TestProvidersByEnvironment(t *testing.T) {
	const key = llmtest.Key
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		vars []string // {base} is the server
		want string
		base string
	}{
		"nothing":            {nil, "rules", ""},
		"openai":             {[]string{"OPENAI_API_KEY=" + key, "OPENAI_BASE_URL={base}"}, "openai", llmtest.OpenAI},
		"openai's model":     {[]string{"OPENAI_API_KEY=" + key, "OPENAI_BASE_URL={base}", "OPENAI_MODEL=" + llmtest.Model, "SQUIRRLY_LLM_MODEL="}, "openai", llmtest.OpenAI},
		"general":            {[]string{"SQUIRRLY_LLM_KEY=" + key, "SQUIRRLY_LLM_URL={base}"}, "openai", llmtest.OpenAI},
		"azure":              {[]string{"AZURE_OPENAI_API_KEY=" + key, "AZURE_OPENAI_ENDPOINT={base}"}, "azure", llmtest.Azure},
		"azure's deployment": {[]string{"AZURE_OPENAI_API_KEY=" + key, "AZURE_OPENAI_ENDPOINT={base}", "AZURE_OPENAI_DEPLOYMENT=" + llmtest.Model, "AZURE_OPENAI_API_VERSION=2025-01-01", "SQUIRRLY_LLM_MODEL="}, "azure", llmtest.Azure},
		"anthropic":          {[]string{"ANTHROPIC_API_KEY=" + key, "ANTHROPIC_BASE_URL={base}"}, "anthropic", llmtest.Anthropic},
		"gemini":             {[]string{"GEMINI_API_KEY=" + key, "GOOGLE_GEMINI_BASE_URL={base}"}, "gemini", llmtest.Gemini},
		"google":             {[]string{"GOOGLE_API_KEY=" + key, "SQUIRRLY_LLM_PROVIDER=gemini", "SQUIRRLY_LLM_URL={base}"}, "gemini", llmtest.Gemini},
		"key in a file":      {[]string{"SQUIRRLY_LLM_KEY_FILE=" + keyFile, "SQUIRRLY_LLM_PROVIDER=anthropic", "SQUIRRLY_LLM_URL={base}"}, "anthropic", llmtest.Anthropic},
		"its key in a file":  {[]string{"ANTHROPIC_API_KEY_FILE=" + keyFile, "ANTHROPIC_BASE_URL={base}"}, "anthropic", llmtest.Anthropic},
		"a preset":           {[]string{"SQUIRRLY_LLM_PROVIDER=vllm", "SQUIRRLY_LLM_KEY=" + key, "SQUIRRLY_LLM_URL={base}"}, "vllm", llmtest.OpenAI},
		"many keys":          {[]string{"ANTHROPIC_API_KEY=other", "GEMINI_API_KEY=third", "OPENAI_API_KEY=" + key, "OPENAI_BASE_URL={base}"}, "openai", llmtest.OpenAI},
		"its own key": {
			[]string{"OPENAI_API_KEY=other", "SQUIRRLY_LLM_PROVIDER=anthropic", "ANTHROPIC_API_KEY=" + key, "ANTHROPIC_BASE_URL={base}"},
			"anthropic", llmtest.Anthropic,
		},
		"rules in spite of a key": {[]string{"OPENAI_API_KEY=" + key, "API_PROVIDER=rules"}, "rules", ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := llmtest.NewServer(llmtest.Honest())
			server.Grammar.Store(c.want == "vllm")
			t.Cleanup(server.Close)
			vars := []string{"SQUIRRLY_LLM_MODEL=" + llmtest.Model}
			for _, v := range c.vars {
				if c.base != "" {
					v = strings.ReplaceAll(v, "{base}", server.Base(c.base))
				}
				vars = append(vars, v)
			}
			environment(t, vars...)
			a := explained(t)
			if a.Provenance.Provider != c.want {
				t.Errorf("analyzed by %q, want %q: %+v %q", a.Provenance.Provider, c.want, a.Provenance, a.DegradedWhy)
			}
			if n := len(server.Requests()); (n > 0) != (c.base != "") {
				t.Errorf("%d requests", n)
			}
			if problems := server.Problems(); len(problems) > 0 {
				t.Errorf("the server refused: %q", problems)
			}
		})
	}
}

// explained analyzes a recorded page with the model of the environment.
func explained(t *testing.T) events.Analysis {
	t.Helper()
	c, err := analyzer.LLMFromEnv()
	if err != nil {
		t.Fatal(err)
	}
	s, err := analyzer.New(analyzer.Config{LLM: c}, analyzer.Deps{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := s.Analyze(t.Context(), analyzer.Input{Pages: []analyzer.Page{page(t, "2.3.0", events.ModeITimer)}})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// TestMissing sees every incomplete configuration say what to set.
func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		vars []string
		says []string
	}{
		"openai":          {[]string{"SQUIRRLY_LLM_PROVIDER=openai"}, []string{"OPENAI_API_KEY", "OPENAI_BASE_URL", "SQUIRRLY_LLM_KEY"}},
		"azure":           {[]string{"SQUIRRLY_LLM_PROVIDER=azure"}, []string{"AZURE_OPENAI_API_KEY", "AZURE_OPENAI_ENDPOINT", "AZURE_OPENAI_DEPLOYMENT"}},
		"azure by key":    {[]string{"AZURE_OPENAI_API_KEY=CANARY"}, []string{"AZURE_OPENAI_ENDPOINT", "SQUIRRLY_LLM_PROVIDER"}},
		"anthropic":       {[]string{"SQUIRRLY_LLM_PROVIDER=anthropic", "OPENAI_API_KEY=CANARY"}, []string{"ANTHROPIC_API_KEY"}},
		"gemini":          {[]string{"SQUIRRLY_LLM_PROVIDER=gemini"}, []string{"GEMINI_API_KEY"}},
		"openrouter":      {[]string{"OPENROUTER_API_KEY=CANARY"}, []string{"SQUIRRLY_LLM_MODEL"}},
		"ollama":          {[]string{"SQUIRRLY_LLM_PROVIDER=ollama"}, []string{"SQUIRRLY_LLM_MODEL"}},
		"unknown":         {[]string{"SQUIRRLY_LLM_PROVIDER=oracle"}, []string{`"oracle"`, "anthropic, azure, gemini", "rules"}},
		"white space":     {[]string{"OPENAI_API_KEY=CANARY x"}, []string{"white space"}},
		"proxy":           {[]string{"OPENAI_API_KEY=CANARY", "SQUIRRLY_LLM_PROXY=ftp://u:CANARY@h"}, []string{"proxy"}},
		"no CA file":      {[]string{"OPENAI_API_KEY=CANARY", "SQUIRRLY_LLM_CA_FILE=/no/such.pem"}, []string{"/no/such.pem"}},
		"no key file":     {[]string{"SQUIRRLY_LLM_KEY_FILE=/no/such.key"}, []string{"SQUIRRLY_LLM_KEY_FILE", "/no/such.key"}},
		"key and file":    {[]string{"SQUIRRLY_LLM_KEY=CANARY", "SQUIRRLY_LLM_KEY_FILE=/no/such.key"}, []string{"not both"}},
		"no price file":   {[]string{"OPENAI_API_KEY=CANARY", "SQUIRRLY_LLM_PRICES=/no/such.yaml"}, []string{"SQUIRRLY_LLM_PRICES", "/no/such.yaml"}},
		"less than none":  {[]string{"SQUIRRLY_LLM_BUDGET_DAY_USD=-1"}, []string{"SQUIRRLY_LLM_BUDGET_DAY_USD"}},
		"no dollars":      {[]string{"SQUIRRLY_LLM_BUDGET_DAY_USD=NaN"}, []string{"SQUIRRLY_LLM_BUDGET_DAY_USD"}},
		"less tokens":     {[]string{"SQUIRRLY_LLM_BUDGET_RUN_TOKENS=-1"}, []string{"SQUIRRLY_LLM_BUDGET_RUN_TOKENS"}},
		"less time":       {[]string{"SQUIRRLY_LLM_CACHE_TTL=-1h"}, []string{"SQUIRRLY_LLM_CACHE_TTL"}},
		"URL with a user": {[]string{"OPENAI_BASE_URL=ftp://u:CANARY@h"}, []string{"http"}},
	} {
		t.Run(name, func(t *testing.T) {
			environment(t, c.vars...)
			cfg, err := analyzer.LLMFromEnv()
			if err == nil {
				_, err = analyzer.New(analyzer.Config{LLM: cfg}, analyzer.Deps{})
			}
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.says {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("the error does not say %s: %v", want, err)
				}
			}
			if text := fmt.Sprintf("%v %+v %#v", err, cfg, cfg); strings.Contains(text, "CANARY") {
				t.Errorf("a secret is printed: %s", text)
			}
		})
	}
}

// TestOwnAuthority reaches a server whose certificate only the file makes trusted.
func TestOwnAuthority(t *testing.T) {
	server := llmtest.NewServer(llmtest.Honest())
	t.Cleanup(server.Close)
	target, err := url.Parse(strings.TrimSuffix(server.URL(), "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(httputil.NewSingleHostReverseProxy(target))
	front.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	front.StartTLS()
	t.Cleanup(front.Close)
	file := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: front.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	environment(t, "SQUIRRLY_LLM_URL="+front.URL+"/v1", "SQUIRRLY_LLM_KEY="+llmtest.Key, "SQUIRRLY_LLM_MODEL="+llmtest.Model, "SQUIRRLY_LLM_CA_FILE="+file)
	if a := explained(t); a.Provenance.Provider != "openai" || a.Degraded {
		t.Errorf("provenance %+v, degraded %q", a.Provenance, a.DegradedWhy)
	}
}
