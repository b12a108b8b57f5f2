package ask_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// recorded are the pages that real Flinks served, one directory for each version.
const recorded = "../../../../internal/flink/testdata/*/profiles"

// real diagnoses the recorded pages of one directory. It returns the pages' text too.
func real(t *testing.T, dir string) (ask.Input, string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(dir, "*.html"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no pages in %s: %v", dir, err)
	}
	var captures []diagnose.Capture
	var pages strings.Builder
	for _, path := range paths {
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		graph, err := flamegraph.Parse(bytes.NewReader(page), flamegraph.Limits{})
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		mode := events.Mode(strings.TrimSuffix(filepath.Base(path), ".html"))
		captures = append(captures, diagnose.Capture{JVM: "tm-1", Mode: mode, Seconds: 5, Graph: graph, Bytes: int64(len(page))})
		pages.Write(page)
	}
	res, err := diagnose.Diagnose(diagnose.Input{Captures: captures})
	if err != nil {
		t.Fatal(err)
	}
	return ask.From(res), pages.String()
}

func dirs(t *testing.T) []string {
	t.Helper()
	found, err := filepath.Glob(recorded)
	if err != nil || len(found) < 2 {
		t.Fatalf("recorded pages of two versions of Flink are expected below %s, found %q: %v", recorded, found, err)
	}
	return found
}

// TestRealPagesFitTheBudget measures the prompt for pages of real Flinks against the pages themselves.
func TestRealPagesFitTheBudget(t *testing.T) {
	for _, dir := range dirs(t) {
		in, pages := real(t, dir)
		p, err := prompt.Build(in.Prompt, prompt.NewNonce())
		if err != nil {
			t.Fatal(err)
		}
		raw, err := prompt.CountTokens(pages)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: profile block %d tokens, whole prompt %d, raw pages %d (%d bytes): %.1f %%", dir, p.Tokens.Profile,
			p.Tokens.Whole, raw, len(pages), 100*float64(p.Tokens.Profile)/float64(raw))
		if p.Tokens.Profile > prompt.MaxProfileTokens || p.Tokens.Profile < 200 {
			t.Errorf("%s: the profile block has %d tokens", dir, p.Tokens.Profile)
		}
	}
}

func mustJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
