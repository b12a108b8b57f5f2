package keys

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/keys.md instead of comparing it")

// TestDocs keeps docs/keys.md equal to the table.
func TestDocs(t *testing.T) {
	path := filepath.Join("..", "..", "..", "..", "docs", "keys.md")
	want := Markdown()
	if *update {
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/keys.md is not that of the table; run go test ./internal/keys -update\n%s", diff)
	}
}
