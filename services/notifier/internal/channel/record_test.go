package channel_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/notifier/internal/channel"
)

// logged are the records of a message in a log that is no terminal.
func logged(t testing.TB, m channel.Message) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	if _, err := channel.NewLog("log", &out, channel.FormatAuto).Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	var all []map[string]any
	for line := range strings.Lines(out.String()) {
		var r map[string]any
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q is no record: %v", line, err)
		}
		all = append(all, r)
	}
	return all
}

// Where nobody sits at a terminal, the end of a run is one record, with all that a reader needs.
func TestLog_Record(t *testing.T) {
	all := logged(t, news(t))
	if len(all) != 1 {
		t.Fatalf("%d records", len(all))
	}
	r := all[0]
	for name, want := range map[string]any{
		"level": "WARN", "run": "run-1", "cluster": "prod", "job": "orders", "severity": "critical",
		"title":   "orders: New, up to 10×: A blocking wait in user code (and 2 more)",
		"verdict": "Vertex enrich limits the job: Enrich.map sleeps.", "report": "https://squirrly.example/run-1",
	} {
		if r[name] != want {
			t.Errorf("%s: %v, want %v", name, r[name], want)
		}
	}
	findings, ok := r["findings"].([]any)
	if !ok || len(findings) != 3 {
		t.Fatalf("findings %v", r["findings"])
	}
	for i, want := range []map[string]any{
		{
			"finding": "aaaaaaaaaaaa", "news": "New, up to 10×", "change": "Use asynchronous I/O.", "worth": "up to 10x", "sure": "proven",
			"suggests": "The model suggests (not verified): It looks like a throttle.", "dismiss": "squirrly findings dismiss aaaaaaaaaaaa --as wrong",
		},
		{"news": "Worse, up to 10×, before up to 2.0×", "sure": "supported, not proven", "worth": "up to 10× the throughput"},
		{"news": "Resolved", "title": "Kryo fallback", "change": nil, "dismiss": nil},
	} {
		for name, value := range want {
			if got := findings[i].(map[string]any)[name]; got != value {
				t.Errorf("finding %d: %s is %v, want %v", i, name, got, value)
			}
		}
	}
	failed := logged(t, message(t, rejected()))[0]
	if failed["code"] != string(events.CodeSeveralJobs) || failed["title"] != "orders: Rejected: 2 jobs are running" || failed["findings"] != nil {
		t.Errorf("a refusal: %v", failed)
	}
}

// A record is one line whatever is in it, and holds nothing that steers a terminal.
func FuzzLog_Record(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m := poisoned(t, s)
		var out bytes.Buffer
		if _, err := channel.NewLog("log", &out, channel.FormatJSON).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(out.String(), "\n"); n != len(m.Runs) || !json.Valid(bytes.Split(out.Bytes(), []byte("\n"))[0]) {
			t.Errorf("%d lines for %d runs: %q", n, len(m.Runs), out.String())
		}
		harmless(t, strings.ReplaceAll(out.String(), "\n", ""))
	})
}

// What opens a report without a password is in messages, and in no log.
func TestLog_HidesWhatOpens(t *testing.T) {
	m := news(t)
	m.Runs[0].Ready.ReportURL = "https://squirrly.example/v1/runs/run-1/report?access=1770000000.proof"
	for _, format := range []channel.Format{channel.FormatAuto, channel.FormatText} {
		var out bytes.Buffer
		if _, err := channel.NewLog("log", &out, format).Send(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), "https://squirrly.example/v1/runs/run-1/report") || strings.Contains(out.String(), "proof") {
			t.Errorf("%s: %s", format, &out)
		}
	}
}
