package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"squirrly.dev/services/analyzer"
)

// Claims about the join of [publicJob], which the rules find in O11.
const (
	provenClaim    = `{"operator":"O11","mechanism":"F3","share":"F1","because":[],"changes":[]}`
	undecidedClaim = `{"operator":"O11","mechanism":"F3","share":"F1","because":[{"kind":"larger_than","a":"F1","b":"V2"}],"changes":[]}`
	refutedClaim   = `{"operator":"O1","mechanism":"F3","share":"F1","because":[{"kind":"larger_than","a":"F1","b":"V2"}],"changes":[]}`
)

// TestCheck: the verdict on claims, as text, as data and as exit code.
func TestCheck(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		claims string
		code   int
		says   []string
	}{
		"holds":      {provenClaim, 0, []string{"Holds: F3 Join of unbounded streams at O11 Join[10]", "the rules prove it (R1)", "  F1 ", "  R1 "}},
		"undecided":  {undecidedClaim, 7, []string{"Undecided: F3", "undecided larger_than F1 V2: "}},
		"supported":  {strings.Replace(provenClaim, "F3", "C1", 1), 7, []string{"Undecided: C1 Reads of RocksDB state at O11", "it is possible and not proven"}},
		"refuted":    {"[" + provenClaim + "," + refutedClaim + "," + undecidedClaim + "]", 3, []string{"Holds: F3", "Refuted: F3", "Undecided: F3"}},
		"a relation": {`{"kind":"feeds","a":"V1","b":"V1"}`, 3, []string{"Refuted: feeds V1 V1\n", "  V1 "}},
		"relations":  {`{"relations":[{"kind":"absent","a":"rule A3"},{"kind":"larger_than","a":"F1","b":"V2"}]}`, 7, []string{"Holds: absent rule A3", "Undecided: larger_than F1 V2"}},
		"an answer":  {`{"claims":[` + provenClaim + `],"observations":[]}`, 0, []string{"Holds: F3"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, text, errs := runCLI(t, t.Context(), c.claims, "check", publicJob, "-")
			if code != c.code || errs != "" {
				t.Fatalf("exit %d, want %d: %s", code, c.code, errs)
			}
			for _, want := range c.says {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in\n%s", want, text)
				}
			}
			for line := range strings.Lines(text) {
				if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
					t.Errorf("%d columns: %s", n, line)
				}
			}
		})
	}
	file := filepath.Join(t.TempDir(), "claim.json")
	if err := os.WriteFile(file, []byte(refutedClaim), 0o600); err != nil {
		t.Fatal(err)
	}
	code, text, errs := runCLI(t, t.Context(), "", "check", publicJob, file, "-o", "json")
	var checked analyzer.Checked
	if err := json.Unmarshal([]byte(text), &checked); code != 3 || err != nil {
		t.Fatalf("exit %d: %v %s", code, err, errs)
	}
	if one := checked.Claims[0]; checked.Verdict != analyzer.ClaimRefuted || one.Verdict != analyzer.ClaimRefuted || len(one.Relations) != 1 ||
		one.Relations[0].Verdict == "" || one.OperatorName != "Source: datagen[1]" || len(checked.Facts) == 0 {
		t.Errorf("%s", text)
	}
}

// TestCheck_Refused: what cannot be checked is told with what there is instead.
func TestCheck_Refused(t *testing.T) {
	clean(t)
	for name, c := range map[string]struct {
		stdin string
		line  []string
		code  int
		says  string
	}{
		"an unknown operator":  {strings.Replace(provenClaim, "O11", "O99", 1), []string{"check", publicJob, "-"}, 2, "\n  O11  Join[10]\n"},
		"an unknown mechanism": {strings.Replace(provenClaim, "F3", "Z9", 1), []string{"check", publicJob, "-"}, 2, `no mechanism is called "Z9"`},
		"another form":         {`{"claim":"it sleeps"}`, []string{"check", publicJob, "-"}, 2, `-: answer is not in the required form: json: unknown field "claim"`},
		"the second of two":    {`[` + provenClaim + `,{"operator":"O99"}]`, []string{"check", publicJob, "-"}, 2, `claims[1]: no operator is called "O99"`},
		"no JSON":              {"O3 sleeps", []string{"check", publicJob, "-"}, 2, "line 1, column 1"},
		"no file":              {"", []string{"check", publicJob, "nope.json"}, 2, "nope.json"},
		"no run":               {provenClaim, []string{"check", "nope", "-"}, 2, "nope"},
		"a format":             {provenClaim, []string{"check", publicJob, "-", "-o", "html"}, 2, "choose text or json"},
		"no claims":            {"", []string{"check", publicJob}, 2, "--help"},
	} {
		code, out, errs := runCLI(t, t.Context(), c.stdin, c.line...)
		if code != c.code || !strings.Contains(errs, c.says) || out != "" {
			t.Errorf("%s: exit %d, want %d; stderr %q, want %q", name, code, c.code, errs, c.says)
		}
	}
}

// TestCheck_Run: a run on a server is checked by what it stored.
func TestCheck_Run(t *testing.T) {
	clean(t)
	const id = "00000000-0000-5000-8000-000000000001"
	url, b := server(t)
	storeRun(t, b, id, runFolder(t, true))
	code, _, errs := runCLI(t, t.Context(), `{"operator":"O99"}`, "--nats", url, "check", id, "-")
	if code != 2 || !strings.Contains(errs, "choose among\n  O1 ") {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, errs := runCLI(t, t.Context(), `{"operator":"O1"}`, "--nats", url, "check", strings.Replace(id, "1", "2", 1), "-"); code != 5 {
		t.Errorf("exit %d for an unknown run: %s", code, errs)
	}
}
