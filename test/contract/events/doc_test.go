// Package events_test holds what is published about the events to the Go types of pkg/events: the JSON Schemas, the
// AsyncAPI document, the golden files and the catalogue of reason codes. Schemas and catalogue are written by
//
//	go test ./test/contract/events -update
//
// What services do with events is tested elsewhere.
package events_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the schemas and the catalogue of reason codes")

// root is the folder of the repository, and contract that of the package.
var (
	root     = filepath.Join("..", "..", "..")
	contract = filepath.Join(root, "pkg", "events")
)

// sameFile compares a file with what it should hold, or writes it.
func sameFile(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(strings.Split(want, "\n"), strings.Split(read(t, path), "\n")); diff != "" {
		t.Errorf("%s is not what the Go types say (-want +got); -update writes it:\n%s", filepath.Base(path), diff)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
