package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// narrow fails on lines of more than 80 columns.
func narrow(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// The sample of the documentation is fine; every mistake of a file is told with its line.
func TestPolicyCheck(t *testing.T) {
	clean(t)
	sample := filepath.Join("..", "..", "..", "..", "examples", "policies.yaml")
	code, text, errs := runCLI(t, t.Context(), "", "policy", "check", sample)
	if code != 0 || errs != "" || !strings.Contains(text, "nightly") || !strings.Contains(text, "rollout, alert, event") {
		t.Errorf("exit %d\n%s%s", code, text, errs)
	}
	narrow(t, text)

	body, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	wrong := strings.NewReplacer("jitter: 30m", "jiter: 30m", "Europe/Berlin", "Europe/Bärlin", "ALLOC", "MEMORY").Replace(string(body))
	code, text, errs = runCLI(t, t.Context(), wrong, "policy", "check", "-")
	if code != 1 || text != "" {
		t.Errorf("exit %d\n%s", code, text)
	}
	for _, want := range []string{"-: 3 mistakes", "line 5: policies[0].zone: ", "line 10: policies[0].on.schedule.jiter: ", "line 11: policies[0].modes[2]: "} {
		if !strings.Contains(errs, want) {
			t.Errorf("no %q in\n%s", want, errs)
		}
	}
	narrow(t, errs)

	code, text, _ = runCLI(t, t.Context(), wrong, "policy", "check", "-", "-o", "json")
	var got struct {
		Problems []struct {
			Line  int
			Field string
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || code != 1 || len(got.Problems) != 3 || got.Problems[2].Field != "policies[0].modes[2]" {
		t.Errorf("exit %d, %v\n%s", code, err, text)
	}
	for _, file := range []string{filepath.Join(t.TempDir(), "none"), t.TempDir(), "/dev/zero"} {
		if code, _, errs := runCLI(t, t.Context(), "", "policy", "check", file); code != 2 || !strings.Contains(errs, file) {
			t.Errorf("%s: exit %d %s", file, code, errs)
		}
	}
}
