package cli

import (
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

func TestTimeline(t *testing.T) {
	start := time.Date(2026, 11, 27, 10, 0, 0, 0, time.Local)
	var out strings.Builder
	a := &app{out: &out}
	err := a.timeline(run.Record{
		Run: "r1", State: events.StateFailed, Requester: "ci", Created: start, Updated: start.Add(time.Minute),
		History: []run.Line{{At: start.Add(400 * time.Millisecond), Text: "planned: job a\x1b[2J"}, {At: start.Add(65 * time.Second), Text: "collector: captured"}},
		Outcome: &events.Outcome{Code: events.CodeDeadlineExceeded, Message: "not done"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"10:00:00  0s           0s     requested by ci", "10:00:00  400ms        400ms  planned: job a", "10:01:05  1m5s         1m5s   collector: captured", "Over: deadline_exceeded: not done"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no line %q in\n%s", want, out.String())
		}
	}
	if strings.Contains(out.String(), "\x1b") {
		t.Error("a control character of the record reaches the terminal")
	}
}

func TestNow(t *testing.T) {
	at := time.Date(2026, 11, 27, 10, 0, 0, 0, time.UTC)
	for want, rec := range map[string]run.Record{
		"Waits for flink_unreachable, is tried again in 5s.":                           {Ownership: run.Ownership{WaitsFor: "flink_unreachable", NotBefore: at.Add(5 * time.Second)}},
		"Was to be tried again (flink_unreachable) 1m0s ago, and nobody took it up":    {Ownership: run.Ownership{WaitsFor: "flink_unreachable", NotBefore: at.Add(-time.Minute)}},
		"Held by collector (capturing), which last wrote 30s ago.":                     {Ownership: run.Ownership{Owner: "x", OwnerStep: "collector"}, Step: "capturing", Updated: at.Add(-30 * time.Second)},
		"Held by nobody, last written 2m0s ago: the next service has not taken it up.": {State: events.StateCaptured, Updated: at.Add(-2 * time.Minute)},
		"Over: analyzed.": {State: events.StateAnalyzed, Updated: at},
	} {
		if got := now(rec, at); !strings.HasPrefix(got, want) {
			t.Errorf("now = %q, want %q", got, want)
		}
	}
}
