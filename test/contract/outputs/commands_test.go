package outputs_test

import (
	"errors"
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
			prints(t, "explanation", "explain", bad, "--possible")
			prints(t, "explanation", "explain", good)
			prints(t, "checked", "check", bad, claims(t))
			prints(t, "difference", "diff", bad, good)
		})
	}
}

// claims writes a file with one claim, which is about something that every run has.
func claims(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "claims.json")
	const text = `[{"operator":"O1","mechanism":"A1","share":"K1","because":[{"kind":"configured","a":"parallelism.default","b":"7"}],
		"changes":[{"kind":"set","key":"pipeline.object-reuse","value":"true"}]}]`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
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
	var exit *exec.ExitError
	if errors.As(err, &exit) && len(exit.Stderr) == 0 {
		err = nil // a verdict that is no is an exit code, too
	}
	if err != nil {
		t.Fatalf("squirrly %v: %v", args, err)
	}
	if err := all.Validate(schema, string(out)); err != nil {
		t.Errorf("squirrly %v: %v", args, err)
	}
}
