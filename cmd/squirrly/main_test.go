package main

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

var update = flag.Bool("update", false, "rewrite what the scripts expect")

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"squirrly": main}) // as a process of its own
}

// The scripts run the program as people do: what it prints and its exit codes are compared with what they hold.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script"), UpdateScripts: *update, RequireExplicitExec: true, RequireUniqueNames: true,
		Setup: setUp,
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"status": status, "plain": plain},
	})
}

// setUp gives a script the recordings, and nothing of the configuration of whoever runs it.
func setUp(e *testscript.Env) error {
	recorded, err := filepath.Abs(filepath.Join("..", "..", "test", "diagnosis", "recorded"))
	if err != nil {
		return err
	}
	e.Setenv("RECORDED", recorded)
	e.Setenv("HOME", e.WorkDir)
	e.Setenv("KUBECONFIG", filepath.Join(e.WorkDir, "none"))
	e.Setenv("TZ", "UTC")
	return nil
}

// status runs a program and expects an exit code: status 2 squirrly nonsense.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg { //nolint:mnd // a code and a program.
		ts.Fatalf("usage: status CODE PROGRAM ARG...")
	}
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		exit, ok := err.(interface{ ExitCode() int })
		if !ok {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if want := args[0]; strconv.Itoa(got) != want {
		ts.Fatalf("exit code %d, want %s", got, want)
	}
}

// changing is what differs from one run to the next.
var changing = []struct {
	pattern *regexp.Regexp
	with    string
}{
	{regexp.MustCompile(`(?m)^(squirrly |  Squirrly +)\S+.*$`), "${1}VERSION"},
	{regexp.MustCompile(`\d{1,2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2} UTC`), "TIME"},
}

// plain writes stdout into a file, without what differs from one run to the next: plain FILE.
func plain(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 1 || neg {
		ts.Fatalf("usage: plain FILE")
	}
	text := ts.ReadFile("stdout")
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.with)
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(text), 0o600))
}
