package cli_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

const (
	firstRun  = "1b9d6bcd-0000-5000-8000-000000000001"
	secondRun = "1b9d6bff-0000-5000-8000-000000000002"
	thirdRun  = "77777777-0000-5000-8000-000000000003"
)

// listed puts three runs onto a server: one that found something, one that failed, and one that is under way.
func listed(t *testing.T) (string, *bus.Bus) {
	t.Helper()
	url, b := server(t)
	job := func(name string) events.Plan {
		return events.Plan{
			Identity: events.Identity{Cluster: "local", Namespace: "flink", Job: name}, JobName: "The job",
			Deadline: time.Now().Add(time.Hour),
		}
	}
	for _, rec := range []run.Record{
		{Run: firstRun, State: events.StateAnalyzed, Plan: job("orders"), Analyzed: run.Analyzed{
			Conclusion: &run.Conclusion{Verdict: "sink\x1b limits, 2.4×", Severity: events.SeverityWarning, Findings: 1},
		}},
		{Run: secondRun, State: events.StateFailed, Plan: job("orders"), Outcome: &events.Outcome{Code: events.CodeJobGone, Message: "gone"}},
		{Run: thirdRun, State: events.StateProfiling, Plan: job("stocks"), Step: "profiling WALL", Percent: 40},
	} {
		if created, err := run.New(b).Create(t.Context(), rec); err != nil || !created {
			t.Fatal(created, err)
		}
	}
	return url, b
}

func TestRunsLs(t *testing.T) {
	clean(t)
	url, _ := listed(t)
	for flags, want := range map[string]string{
		"": "77777777 1b9d6bff 1b9d6bcd", "--job orders": "1b9d6bff 1b9d6bcd", "--state failed": "1b9d6bff", "--severity info": "1b9d6bcd",
		"--severity critical": "", "--max 1": "77777777", "--max 1 --after 7777": "1b9d6bff", "--since 1h --job stocks": "77777777",
		"--since 2199-01-01": "", "--namespace flink --state analyzed": "1b9d6bcd",
	} {
		code, out, errOut := runCLI(t, t.Context(), "", append([]string{"--nats", url, "runs", "ls"}, strings.Fields(flags)...)...)
		if code != 0 {
			t.Fatalf("%s: exit %d, %s", flags, code, errOut)
		}
		var ids []string
		lines := strings.Split(strings.TrimSpace(out), "\n")
		for _, line := range lines[1:] {
			ids = append(ids, strings.Fields(line)[0])
		}
		if got := strings.Join(ids, " "); got != want {
			t.Errorf("%s: %q, want %q", flags, got, want)
		}
		if strings.HasPrefix(flags, "--max") && !strings.Contains(errOut, "--after "+ids[0]) {
			t.Errorf("%s: does not say how to go on: %q", flags, errOut)
		}
	}
	_, out, _ := runCLI(t, t.Context(), "", "--nats", url, "runs", "ls")
	for _, want := range []string{"profiling WALL 40%", "job_gone", "warning", "limits, 2.4×"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in\n%s", want, out)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Errorf("an escape reaches the terminal: %q", out)
	}
	for line := range strings.SplitSeq(out, "\n") {
		if n := len([]rune(line)); n > 80 {
			t.Errorf("%d columns: %s", n, line)
		}
	}
	for _, flags := range []string{"--state odd", "--severity odd", "--max 0", "--since odd"} {
		if code, _, errOut := runCLI(t, t.Context(), "", append([]string{"--nats", url, "runs", "ls"}, strings.Fields(flags)...)...); code != 2 {
			t.Errorf("%s: exit %d, %s", flags, code, errOut)
		}
	}
}

func TestRunsLs_JSON(t *testing.T) {
	clean(t)
	url, _ := listed(t)
	_, out, _ := runCLI(t, t.Context(), "", "--nats", url, "runs", "ls", "--max", "2", "-o", "json")
	var page run.Page
	if err := json.Unmarshal([]byte(out), &page); err != nil || len(page.Runs) != 2 || page.Matched != 3 || page.Next != secondRun {
		t.Fatalf("%+v, %v", page, err)
	}
	if strings.Contains(out, "null") || strings.Contains(out, "0001-01-01") {
		t.Errorf("what is empty is told: %s", out)
	}
	_, out, _ = runCLI(t, t.Context(), "", "--nats", url, "runs", "ls", "--job", "none", "-o", "json")
	if err := json.Unmarshal([]byte(out), &page); err != nil || page.Runs == nil || !strings.Contains(out, `"runs": []`) {
		t.Errorf("no runs are told as %s, %v", out, err)
	}
}

// A run is named by what its id begins with. Several that begin so are listed.
func TestRuns_Prefix(t *testing.T) {
	clean(t)
	url, b := listed(t)
	for given, want := range map[string]string{"7": thirdRun, "7777": thirdRun, "77777777-0000": thirdRun, thirdRun: thirdRun, "1B9D6BFF": secondRun} {
		code, out, errOut := runCLI(t, t.Context(), "", "--nats", url, "runs", "get", given)
		if code != 0 || !strings.Contains(out, want) {
			t.Errorf("%s: exit %d, %q, %q", given, code, out, errOut)
		}
	}
	other := "00000000-0000-5000-8000-000000000001"
	for _, command := range [][]string{
		{"runs", "get"}, {"runs", "watch"}, {"runs", "cancel"}, {"diff", other}, {"check"}, {"runs", "ls", "--after"}, {"profile", "http://127.0.0.1:1", "--baseline"},
	} {
		line := append([]string{"--nats", url}, command...)
		line = append(line, "1b9d")
		if command[0] == "check" {
			line = append(line, "-")
		}
		if command[0] == "diff" {
			line[3], line[4] = "1b9d", other
		}
		code, _, errOut := runCLI(t, t.Context(), `{"kind":"waits_for","a":"V1","b":"V2"}`, line...)
		if code != 2 || !strings.Contains(errOut, firstRun) || !strings.Contains(errOut, secondRun) || !strings.Contains(errOut, "orders") || strings.Contains(errOut, thirdRun) {
			t.Errorf("%v: exit %d, %s", command, code, errOut)
		}
	}
	for _, none := range []string{"abcd", "*", ">", "7.7", "1b9d6bcd-0000-5000-8000-00000000000z"} {
		if code, _, errOut := runCLI(t, t.Context(), "", "--nats", url, "runs", "get", none); code != 5 {
			t.Errorf("%s: exit %d, %s", none, code, errOut)
		}
	}
	if code, _, errOut := runCLI(t, t.Context(), "", "--nats", url, "runs", "cancel", "7777"); code != 0 || !strings.Contains(errOut, thirdRun) {
		t.Errorf("cancel: exit %d, %s", code, errOut)
	}
	waiting := "99999999-0000-5000-8000-000000000009"
	if err := run.New(b).Permits.NoteWaiting(t.Context(), run.Waiting{Run: waiting, Pool: "local", AtATime: 1, Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if code, out, errOut := runCLI(t, t.Context(), "", "--nats", url, "runs", "get", "9999"); code != 0 || !strings.Contains(out, waiting) || !strings.Contains(out, "permit") {
		t.Errorf("a request that waits: exit %d, %q, %q", code, out, errOut)
	}
	for i := range 12 {
		id := fmt.Sprintf("abcd%04d-0000-5000-8000-000000000000", i)
		if _, err := run.New(b).Create(t.Context(), run.Record{Run: id, State: events.StateRejected}); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, errOut := runCLI(t, t.Context(), "", "--nats", url, "runs", "get", "abcd"); !strings.Contains(errOut, "12 runs begin") || !strings.Contains(errOut, "and 2 more") {
		t.Errorf("many candidates: %s", errOut)
	}
}
