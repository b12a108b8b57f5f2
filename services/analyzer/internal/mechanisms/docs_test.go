package mechanisms

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/rules.md instead of comparing it")

// TestDocs keeps docs/rules.md equal to the catalogue.
func TestDocs(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "docs", "rules.md")
	want := Markdown(Default())
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/rules.md is not that of the catalogue; run go test ./internal/mechanisms -update\n%s", diff)
	}
}
