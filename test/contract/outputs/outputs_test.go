// Package outputs_test holds what the analyzer writes to the schemas that are published: every recording of this
// repository is analyzed, by the rules and with the help of language models, compared, and told of; each document must be
// valid.
package outputs_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"squirrly.dev/internal/llmtest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer"
	"squirrly.dev/test/contract/published"
)

var (
	rules   = analyzer.LLMConfig{Provider: analyzer.ProviderRules}
	root    = filepath.Join("..", "..", "..")
	schemas = sync.OnceValues(func() (published.Schemas, error) {
		return published.Load(filepath.Join(root, "pkg", "events", "schemas"))
	})
)

// The recordings of the planted jobs, both variants; each is also compared with the other one, in both directions.
func TestFolders(t *testing.T) {
	for _, dir := range recordings(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			bad, good := folder(t, filepath.Join(dir, "bad")), folder(t, filepath.Join(dir, "good"))
			first := analyze(t, bad, rules)
			good.Baseline = &first
			second := analyze(t, good, rules)
			bad.Baseline = &second
			analyze(t, bad, rules)
			for _, behave := range []llmtest.Behaviour{llmtest.Honest(), llmtest.Shotgun()} {
				server := llmtest.NewServer(behave)
				t.Cleanup(server.Close)
				analyze(t, bad, analyzer.LLMConfig{
					Provider: analyzer.ProviderOpenAI, BaseURL: server.URL(), Model: llmtest.Model, Key: llmtest.Key,
				})
			}
		})
	}
}

// recordings are the folders of the planted jobs, each with its bad and its good variant.
func recordings(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(root, "test", "diagnosis", "recorded", "*"))
	if err != nil || len(all) < 18 {
		t.Fatalf("%d recordings: %v", len(all), err)
	}
	return all
}

// The pages of real Flinks: each alone, in its mode, and all together.
func TestPages(t *testing.T) {
	for _, version := range []string{"1.20.5", "2.3.0"} {
		var all []analyzer.Page
		for _, mode := range []events.Mode{events.ModeCPU, events.ModeITimer, events.ModeWall, events.ModeAlloc, events.ModeLock} {
			body, err := os.ReadFile(filepath.Join(root, "internal", "flink", "testdata", version, "profiles", string(mode)+".html"))
			if err != nil {
				t.Fatal(err)
			}
			p := analyzer.Page{JVM: "tm-1", Mode: mode, Seconds: 5, Body: body, Status: string(events.CaptureStored)}
			all = append(all, p)
			t.Run(version+" "+string(mode), func(t *testing.T) { analyze(t, analyzer.Input{Pages: []analyzer.Page{p}}, rules) })
		}
		t.Run(version+" all", func(t *testing.T) { analyze(t, analyzer.Input{Pages: all}, rules) })
	}
}

func folder(t *testing.T, dir string) analyzer.Input {
	t.Helper()
	in, err := analyzer.Folder(dir)
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// analyze makes the analysis of an input, and checks it and the event that tells of it.
func analyze(t *testing.T, in analyzer.Input, llm analyzer.LLMConfig) events.Analysis {
	t.Helper()
	config := analyzer.Config{Version: "test", CorePrice: 0.04, Currency: "EUR", LLM: llm}
	s, err := analyzer.New(config, analyzer.Deps{HTTP: http.DefaultClient})
	if err != nil {
		t.Fatal(err)
	}
	if in.Run == "" {
		in.Run = "00000000-0000-5000-8000-000000000001"
	}
	in.Identity.Job = "orders"
	a, err := s.Analyze(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, "analysis", a)
	ready, err := events.Excerpt(a, events.ObjectRef{Key: "k", SHA256: strings.Repeat("0", 64)}, "")
	if err != nil {
		t.Fatal(err)
	}
	e, err := events.New(events.SourceAnalyzer, a.Run, time.Unix(0, 0), ready)
	if err != nil {
		t.Fatal(err)
	}
	valid(t, "event", e)
	return a
}

func valid(t *testing.T, schema string, doc any) {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	if err := all.Validate(schema, string(body)); err != nil {
		t.Errorf("%v", err)
	}
}
