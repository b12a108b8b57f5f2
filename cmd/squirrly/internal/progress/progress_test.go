package progress_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"squirrly.dev/cmd/squirrly/internal/progress"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

func line(second int, text string) run.Line {
	return run.Line{At: time.Date(2026, 11, 23, 1, 0, second, 0, time.UTC), Text: text}
}

// Each thing that happened is one line, however often the record comes.
func TestPrinter_Plain(t *testing.T) {
	var out bytes.Buffer
	p := progress.New(&out, false, 0)
	rec := run.Record{Run: "r1", State: events.StatePlanned, History: []run.Line{line(1, "planned")}}
	p.Update(rec)
	p.Tick()
	rec.History = append(rec.History, line(2, "profiling \x1b[31mWALL"))
	p.Update(rec)
	p.Update(rec)
	rec.State = events.StateAnalyzed
	p.Update(rec)
	p.Ended(rec)
	got := out.String()
	if n := strings.Count(got, "\n"); n != 4 || strings.Contains(got, "\x1b") {
		t.Errorf("%d lines, want 4 without escapes:\n%s", n, got)
	}
	for _, want := range []string{"run r1", "planned", "[31mWALL", "done in"} {
		if strings.Count(got, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, got)
		}
	}
}

// What the command's error says is not said before it as well.
func TestPrinter_Rejected(t *testing.T) {
	var out bytes.Buffer
	p := progress.New(&out, false, 0)
	p.Update(run.Record{
		Run: "r1", State: events.StateRejected, Outcome: &events.Outcome{Code: events.CodeForbidden},
		History: []run.Line{line(1, "rejected: not allowed")},
	})
	if strings.Contains(out.String(), "not allowed") {
		t.Errorf("said twice:\n%s", out.String())
	}
}

func TestPrinter_Live(t *testing.T) {
	var out bytes.Buffer
	p := progress.New(&out, true, 40)
	p.Update(run.Record{Run: "r1", State: events.StateProfiling, Step: "profiling WALL on 1 TaskManager, 30s", Percent: 40})
	p.Tick()
	p.Done()
	lines := strings.Split(out.String(), "\r\x1b[K")
	for _, l := range lines[1:] {
		if len([]rune(l)) > 40 {
			t.Errorf("the moving line is %d columns wide: %q", len([]rune(l)), l)
		}
	}
	if !strings.HasSuffix(out.String(), "\r\x1b[K") {
		t.Error("the moving line is left behind")
	}
}

// A profile of somebody else that is waited for is shown: as a line wherever it goes, and in the moving line while it lasts.
func TestPrinter_BusyProfiler(t *testing.T) {
	const busy = "another CPU profile of 30s runs in tm-1, since 10:00:00 by that machine's clock"
	rec := run.Record{
		Run: "r1", State: events.StateProfiling, Step: "waiting: " + busy,
		History: []run.Line{line(1, busy+"; WALL is next"), line(2, "collector waits 10s: another CPU profile of 30s runs in tm-1")},
	}
	for name, live := range map[string]bool{"plain": false, "terminal": true} {
		var out bytes.Buffer
		p := progress.New(&out, live, 200)
		p.Update(rec)
		p.Tick()
		if got := out.String(); strings.Count(got, "WALL is next") != 1 || strings.Contains(got, "· waiting: "+busy) != live {
			t.Errorf("%s:\n%s", name, got)
		}
		out.Reset()
		rec := rec
		rec.WaitsFor, rec.NotBefore, rec.Step = events.CodeProfilerBusy, time.Now().Add(time.Minute), ""
		p.Update(rec)
		if got := out.String(); strings.Contains(got, "waits: profiler_busy, tried again in") != live {
			t.Errorf("%s, later:\n%s", name, got)
		}
		p.Done()
	}
}
