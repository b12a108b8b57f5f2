package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/services/analyzer"
)

// publicJob is a recording of a job of three exchanges: a regular join, and two aggregations behind it.
var publicJob = filepath.Join("..", "..", "..", "..", "services", "analyzer", "internal", "operators", "testdata", "jobs", "nexmark-q4")

// TestExplain: the plan with its operators, in 80 columns and as JSON.
func TestExplain(t *testing.T) {
	clean(t)
	code, text, errs := runCLI(t, t.Context(), "", "explain", publicJob)
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	for _, want := range []string{
		"nexmark_q4", "limits the job", "  Join[10] ", "    Calc[11]", "  reading input", "RocksDB.get",
		"GroupAggregate[13] or GroupAggregate[16]", "estimates", "R1",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	code, text, errs = runCLI(t, t.Context(), "", "explain", publicJob, "-o", "json")
	var e analyzer.Explanation
	if err := json.Unmarshal([]byte(text), &e); code != 0 || err != nil {
		t.Fatalf("exit %d: %v %s", code, err, errs)
	}
	if len(e.Vertices) != 4 || len(e.Undecided) == 0 {
		t.Fatalf("%+v", e)
	}
	join := e.Vertices[1]
	if join.Role != "limit" || join.Rows[0].Name != "Join[10]" || join.Rows[0].Busy < 0.7 || join.Rows[0].State < 0.7 ||
		len(join.Rows[0].Findings) == 0 {
		t.Errorf("%+v", join)
	}
	for _, v := range e.Vertices {
		var busy, cpu float64
		for _, r := range v.Rows {
			busy, cpu = busy+max(0, r.Busy), cpu+max(0, r.CPU)
		}
		if busy > 1.001 || cpu > 1.001 {
			t.Errorf("%s: its operators take %.2f of its time and %.2f of its CPU", v.Name, busy, cpu)
		}
	}
}

// TestExplain_Target: a running job is profiled first.
func TestExplain_Target(t *testing.T) {
	clean(t)
	_, url := replay(t, flinktest.Script{})
	code, text, errs := runCLI(t, t.Context(), "", "explain", url, "--duration", "1s")
	if code != 0 || !strings.Contains(text, "squirrly-sample") || !strings.Contains(text, "arbitrary-stall") {
		t.Errorf("exit %d: %s\n%s", code, errs, text)
	}
}

// TestExplain_Refused: without a plan there is nothing to explain, and only two formats.
func TestExplain_Refused(t *testing.T) {
	clean(t)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tm_WALL.collapsed"), []byte("a;b 3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, line := range map[string][]string{"no plan": {"explain", dir}, "a format": {"explain", publicJob, "-o", "html"}, "nothing": {"explain"}} {
		if code, _, errs := runCLI(t, t.Context(), "", line...); code != 2 {
			t.Errorf("%s: exit %d: %s", name, code, errs)
		}
	}
}

// TestExplain_Possible: the ids that claims are made of.
func TestExplain_Possible(t *testing.T) {
	clean(t)
	code, text, errs := runCLI(t, t.Context(), "", "explain", publicJob, "--possible")
	if code != 0 || !strings.Contains(text, "\n  O11 Join[10], R1, R2\n      C1 Reads of RocksDB state, ") {
		t.Errorf("exit %d: %s\n%s", code, errs, text)
	}
	for line := range strings.Lines(text) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	if code, text, _ := runCLI(t, t.Context(), "", "explain", publicJob); code != 0 || strings.Contains(text, "Operators by their ids") {
		t.Errorf("exit %d: ids are printed without being asked for:\n%s", code, text)
	}
}
