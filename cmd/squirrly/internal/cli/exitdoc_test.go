package cli

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/spf13/cobra"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// documented reads the table of docs/cli.md: what each code means.
func documented(t *testing.T) map[int]string {
	t.Helper()
	text, err := os.ReadFile("../../../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	codes := map[int]string{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+) \| ([^|]+) \|`).FindAllStringSubmatch(string(text), -1) {
		code, err := strconv.Atoi(row[1])
		if err != nil || codes[code] != "" {
			t.Errorf("code %s stands twice: %v", row[1], err)
		}
		codes[code] = row[2]
	}
	return codes
}

// The page has the codes of exit.go, and no others.
func TestExitCodes_Documented(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "exit.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var used []int
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "exit") || len(spec.Values) != 1 {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok {
			code, err := strconv.Atoi(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			used = append(used, code)
		}
		return true
	})
	slices.Sort(used)
	used = slices.Compact(used)
	codes := documented(t)
	if len(used) < 9 {
		t.Errorf("exit.go has %v", used)
	}
	for _, code := range used {
		if codes[code] == "" {
			t.Errorf("docs/cli.md lacks %d", code)
		}
	}
	if len(codes) != len(used) {
		t.Errorf("docs/cli.md has %v, exit.go %v", codes, used)
	}
}

// What help texts say of a code is what the page says, and every code that they name is there.
func TestExitCodes_Help(t *testing.T) {
	codes, said := documented(t), 0
	named := regexp.MustCompile(`(?:^|[:;,]\s)\s*(\d+) ([a-z][^;,.]*)`)
	a := app{}
	for _, c := range allCommands(a.root()) {
		_, text, ok := strings.Cut(c.Long, "Exit codes")
		if !ok {
			continue
		}
		said++
		found := named.FindAllStringSubmatch(strings.ReplaceAll(text, "\n", " "), -1)
		if len(found) < 2 {
			t.Errorf("%s: only %d codes are read of %q", c.CommandPath(), len(found), text)
		}
		for _, m := range found {
			code, err := strconv.Atoi(m[1])
			if err != nil || codes[code] == "" {
				t.Errorf("%s: code %s %q is not in docs/cli.md", c.CommandPath(), m[1], m[2])
			}
		}
	}
	if said < 4 {
		t.Errorf("%d commands say their exit codes", said)
	}
}

// Each code of the page is what such an error exits with.
func TestExitCodes_OfErrors(t *testing.T) {
	outcome := func(code events.Code) error {
		return outcomeError(events.StateFailed, &events.Outcome{Code: code})
	}
	for _, c := range []struct {
		err  error
		code int
	}{
		{nil, 0},
		{errors.New("whatever"), 1},
		{outcome(events.CodeOptedOut), 1},
		{outcome(events.CodeCooldown), 1},
		{usage("no such flag"), 2},
		{outcome(events.CodeInvalidRequest), 2},
		{outcome(events.CodeSeveralJobs), 2},
		{outcome(events.CodeUnauthorized), 4},
		{outcome(events.CodeProxyRefuses), 4},
		{outcome(events.CodeForbidden), 4},
		{outcome(events.CodeUnknownJob), 5},
		{outcome(events.CodeJobRestarting), 5},
		{run.ErrNoRecord, 5},
		{outcome(events.CodeDeadlineExceeded), 6},
		{outcome(events.CodeCancelled), 130},
	} {
		if got := exitCode(t.Context(), c.err); got != c.code {
			t.Errorf("%v: %d, want %d", c.err, got, c.code)
		}
	}
}

// What an error says that comes from a server or a job steers no terminal; its lines stay.
func TestSaid(t *testing.T) {
	hostile := "red \x1b[31m, title \x1b]0;x\x07, C1 \u009b31m, back \u202e, here\r over"
	for _, err := range []error{errors.New(hostile), usage("%s", hostile), outcomeError(events.StateFailed, &events.Outcome{Code: "x", Message: hostile, Hint: hostile})} {
		text := said(t.Context(), err)
		for _, r := range text {
			if r != '\n' && !unicode.IsPrint(r) {
				t.Errorf("%U in %q", r, text)
			}
		}
		if strings.Count(text, "\n") != strings.Count(err.Error(), "\n") || !strings.Contains(text, "red") {
			t.Errorf("%q of %q", text, err)
		}
	}
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	if text := said(ctx, errors.New("open stream: context canceled")); text != "interrupted" {
		t.Errorf("an interrupt: %q", text)
	}
	if text := said(ctx, goesOn(exitInterrupted, "interrupted", "r")); !strings.Contains(text, "run r goes on") {
		t.Errorf("what goes on is not said: %q", text)
	}
}

// allCommands are a command and those below it.
func allCommands(c *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{c}
	for _, sub := range c.Commands() {
		all = append(all, allCommands(sub)...)
	}
	return all
}
