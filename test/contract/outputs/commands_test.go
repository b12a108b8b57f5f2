package outputs_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// squirrly is the command line, built for these tests.
var squirrly string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "outputs")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	squirrly = filepath.Join(dir, "squirrly")
	build := exec.Command("go", "build", "-o", squirrly, "./cmd/squirrly")
	build.Dir, build.Stderr = root, os.Stderr
	if err := build.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// What the commands print for programs about every recording of the planted jobs: one variant explained, and the
// difference to the other one.
func TestCommands(t *testing.T) {
	for _, dir := range recordings(t) {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			bad, good := filepath.Join(dir, "bad"), filepath.Join(dir, "good")
			prints(t, "explanation", "explain", bad)
			prints(t, "explanation", "explain", good)
			prints(t, "difference", "diff", bad, good)
		})
	}
}

// prints holds what a command prints as JSON to a schema.
func prints(t *testing.T, schema string, args ...string) {
	t.Helper()
	all, err := schemas()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), squirrly, append(args, "-o", "json", "-q")...)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("squirrly %v: %v", args, err)
	}
	if err := all.Validate(schema, string(out)); err != nil {
		t.Errorf("squirrly %v: %v", args, err)
	}
}
