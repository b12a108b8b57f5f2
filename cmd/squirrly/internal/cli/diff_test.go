package cli_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// runFolder is what a profile with --out leaves, of a job that a sleep limits or not.
func runFolder(t *testing.T, sleepy bool) string {
	t.Helper()
	dir := t.TempDir()
	const path = "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/streaming/api/operators/StreamMap.processElement;app/Slow.map"
	stacks, an := path+" 900\n", events.Analysis{
		Schema: events.AnalysisSchema, Run: "r", Verdict: events.Verdict{Limit: events.LimitNone, Busy: 0.3, Headline: "Not limited."},
		Usage:    &events.Usage{Records: 2000, Busy: 0.3},
		Captures: []events.CaptureStats{{Mode: events.ModeWall, Samples: 900}},
	}
	if sleepy {
		stacks = path + ";java/lang/Thread.sleep 900\n"
		an.Verdict = events.Verdict{Limit: events.LimitVertex, Busy: 0.99, Headline: "slow limits the job."}
		an.Usage = &events.Usage{Records: 900, Busy: 0.99}
		an.Costs = []events.Cost{{Rule: "A1", Anchor: "app.Slow.map", Mode: events.ModeWall, TE: 0.97, Samples: 900}}
		an.Findings = []events.Finding{{
			Fingerprint: "f", Rule: "A1", Title: "Sleeping in a task thread", Anchor: "app.Slow.map", Frame: "java.lang.Thread.sleep",
			Mode: events.ModeWall, Samples: 900, TE: 0.97, P: 0.98, Severity: events.SeverityCritical,
			Recommendation: events.Recommendation{Change: "Remove the sleep."},
		}}
	}
	body, err := json.Marshal(an)
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"analysis.json": body, "tm-WALL-0123.collapsed": []byte(stacks)} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDiff_Folders(t *testing.T) {
	clean(t)
	bad, good := runFolder(t, true), runFolder(t, false)
	graph := filepath.Join(t.TempDir(), "diff.html")
	for format, begins := range map[string]string{"text": "From ", "markdown": "# From", "html": "<!DOCTYPE html>", "json": "{"} {
		code, out, errOut := runCLI(t, t.Context(), "", "diff", bad, good, "-o", format, "--flamegraph", graph)
		if code != 0 || errOut != "Wrote "+graph+"\n" || !strings.HasPrefix(out, begins) {
			t.Errorf("%s: exit %d, stderr %q, stdout begins %.80q", format, code, errOut, out)
		}
		for _, want := range []string{"the fix is seen", "A1 in Slow.map resolved", "helped", "Remove the sleep.", "java.lang.Thread.sleep"} {
			if !strings.Contains(out, want) {
				t.Errorf("%s lacks %q:\n%s", format, want, out)
			}
		}
	}
	if page, err := os.ReadFile(graph); err != nil || !strings.Contains(string(page), "<svg") {
		t.Errorf("differential flame graph: %v", err)
	}
}

func TestDiff_ExitCodes(t *testing.T) {
	clean(t)
	bad, good := runFolder(t, true), runFolder(t, false)
	for name, c := range map[string]struct {
		args []string
		code int
		says string
	}{
		"worse":         {[]string{good, bad, "--fail-on", "worse"}, 3, ""},
		"worse is fine": {[]string{good, bad}, 0, ""},
		"helped":        {[]string{bad, good, "--fail-on", "worse"}, 0, ""},
		"one argument":  {[]string{bad}, 2, "--help"},
		"no such file":  {[]string{bad, "nope"}, 2, "neither the id of a run nor a file"},
		"no analysis":   {[]string{filepath.Join(bad, "analysis.json"), page("WALL")}, 2, "nothing to compare"},
		"two modes":     {[]string{page("ITIMER"), page("WALL")}, 2, "nothing to compare"},
		"bad format":    {[]string{bad, good, "-o", "pdf"}, 2, "choose text"},
		"bad fail-on":   {[]string{bad, good, "--fail-on", "info"}, 2, "choose worse"},
	} {
		t.Run(name, func(t *testing.T) {
			code, _, errOut := runCLI(t, t.Context(), "", append([]string{"diff"}, c.args...)...)
			if code != c.code || !strings.Contains(errOut, c.says) {
				t.Errorf("exit %d, want %d; stderr %q, want %q", code, c.code, errOut, c.says)
			}
		})
	}
}

// Pages alone are compared by their functions.
func TestDiff_Pages(t *testing.T) {
	clean(t)
	other := filepath.Join("../../../../internal/flink/testdata/1.20.5/profiles", "WALL.html")
	code, out, errOut := runCLI(t, t.Context(), "", "diff", other, page("WALL"))
	if code != 0 || errOut != "" || strings.Contains(out, "Since the baseline") {
		t.Errorf("exit %d, stderr %q:\n%s", code, errOut, out)
	}
	code, out, _ = runCLI(t, t.Context(), "", "diff", page("WALL"), page("WALL"))
	if code != 0 || !strings.Contains(out, "No difference") {
		t.Errorf("exit %d:\n%s", code, out)
	}
}

// Folders with captures and no analysis are judged by the rules, before they are compared.
func TestDiff_CapturesAlone(t *testing.T) {
	clean(t)
	recorded := "../../../../test/diagnosis/recorded/http-lookup/"
	code, out, errOut := runCLI(t, t.Context(), "", "diff", recorded+"bad", recorded+"good")
	if code != 0 || errOut != "" || !strings.Contains(out, "A2") || !strings.Contains(out, "helped") {
		t.Errorf("diff: exit %d, stderr %q:\n%s", code, errOut, out)
	}
	code, out, errOut = runCLI(t, t.Context(), "", "analyze", recorded+"good", "--baseline", recorded+"bad")
	if code != 0 || !strings.Contains(out, "Since the baseline") {
		t.Errorf("analyze: exit %d, stderr %q:\n%s", code, errOut, out)
	}
	code, _, errOut = runCLI(t, t.Context(), "", "analyze", recorded+"good", "--baseline", t.TempDir())
	if code != 2 || !strings.Contains(errOut, "no analysis.json") {
		t.Errorf("empty folder: exit %d, stderr %q", code, errOut)
	}
}

// Runs of two jobs, and a baseline of another job, are refused until somebody insists.
func TestDiff_TwoJobs(t *testing.T) {
	clean(t)
	write := func(job string) string {
		an := events.Analysis{
			Schema: events.AnalysisSchema, Run: job, JobName: job, Verdict: events.Verdict{Limit: events.LimitNone, Headline: "Not limited."},
			Captures: []events.CaptureStats{{Mode: events.ModeWall, Samples: 900}}, Vertices: []events.VertexLoad{{Name: "map of " + job}},
		}
		body, err := json.Marshal(an)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "analysis.json")
		if err := os.WriteFile(path, body, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	orders, invoices := write("orders"), write("invoices")
	if code, _, errs := runCLI(t, t.Context(), "", "diff", orders, invoices); code != 2 || !strings.Contains(errs, "--force") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if code, out, errs := runCLI(t, t.Context(), "", "diff", orders, invoices, "--force"); code != 0 || !strings.Contains(out, "Cannot be told") {
		t.Errorf("insisted: exit code %d: %s%s", code, out, errs)
	}
	if code, _, errs := runCLI(t, t.Context(), "", "diff", orders, orders); code != 0 {
		t.Errorf("one job: exit code %d: %s", code, errs)
	}
}

func TestAnalyze_TwoJobs(t *testing.T) {
	clean(t)
	recorded := func(name string) string {
		return filepath.Join("..", "..", "..", "..", "test", "diagnosis", "recorded", name, "bad")
	}
	if code, _, errs := runCLI(t, t.Context(), "", "analyze", recorded("idle-job"), recorded("sleepy-map")); code != 2 || !strings.Contains(errs, "--force") {
		t.Errorf("exit code %d: %s", code, errs)
	}
	if code, _, errs := runCLI(t, t.Context(), "", "analyze", recorded("idle-job"), recorded("sleepy-map"), "--force"); code != 0 {
		t.Errorf("insisted: exit code %d: %s", code, errs)
	}
	if code, _, errs := runCLI(t, t.Context(), "", "analyze", recorded("idle-job"), "--baseline", recorded("boxed-agg")); code != 2 || !strings.Contains(errs, "two jobs") {
		t.Errorf("baseline of another job: exit code %d: %s", code, errs)
	}
}
