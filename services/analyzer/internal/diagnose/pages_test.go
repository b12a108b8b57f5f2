package diagnose

import (
	"math"
	"slices"
	"testing"

	"squirrly.dev/pkg/events"
)

// TestIdlePageAlone: a page proves that nothing happens, even without metrics.
func TestIdlePageAlone(t *testing.T) {
	wall := graph(t, "TASK;IDLE 308", "TASK;MAP;com/shop/Work.map 12", "FLUSHER 160", "pthread_cond_wait 400")
	r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeWall, wall)}})
	if len(r.Analysis.Findings) != 0 {
		t.Errorf("findings %+v", r.Analysis.Findings)
	}
	for _, part := range []string{
		"idle or softly backpressured for 96 % of the time, 1.93 threads", "ready to run for 3.8 % of the time, 0.07 threads",
		"of all WALL samples are idle: the buffer flusher sleeps", "99 % of them idle",
	} {
		if !hasFact(r.Analysis, part) {
			t.Errorf("no fact says %q", part)
		}
	}
	checkForm(t, r)
}

// TestPageAloneSaysWhatIsMissing: metrics, the other mode.
func TestPageAloneSaysWhatIsMissing(t *testing.T) {
	a := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, "TASK;MAP;com/shop/Work.map 300"))}}).Analysis
	if len(a.Missing) != 2 || a.Verdict.Limit != events.LimitUnknown || a.Findings[0].Severity.AtLeast(events.SeverityCritical) {
		t.Errorf("missing %q, severity %s", a.Missing, a.Findings[0].Severity)
	}
	if !hasFact(a, "the JVM used at least 0.38 cores") {
		t.Error("the page does not say what CPU it saw")
	}
}

// TestShareErrors: every share of samples has its sampling error, on the path or off it.
func TestShareErrors(t *testing.T) {
	for _, version := range flinkVersions {
		a := diagnoseOK(t, Input{Context: recordedContext(t, version), Captures: []Capture{
			recorded(t, version, events.ModeITimer), recorded(t, version, events.ModeWall),
			recorded(t, version, events.ModeAlloc), recorded(t, version, events.ModeLock),
		}}).Analysis
		for _, f := range a.Evidence {
			ratio := f.ID[0] == 'K' && f.JVM != "" && f.Value > 0.9 // samples over those that the clock or the CPU time promises
			if f.Unit == "share" && f.Samples > 0 && f.StdErr <= 0 && !ratio {
				t.Errorf("%s: no sampling error: %s", version, f.Text)
			}
			if f.StdErr < 0 || math.IsNaN(f.StdErr) {
				t.Errorf("%s: error %f: %s", version, f.StdErr, f.Text)
			}
		}
	}
}

// TestClockMismatch: samples that make no whole number of threads cost confidence.
func TestClockMismatch(t *testing.T) {
	for samples, want := range map[int]events.Confidence{160: events.ConfidenceHigh, 200: events.ConfidenceMedium} {
		g := graph(t, "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep "+itoa(samples))
		f := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeWall, g)}}).Analysis.Findings
		if i := slices.IndexFunc(f, func(f events.Finding) bool { return f.Rule == "A1" }); i < 0 || f[i].Confidence != want {
			t.Errorf("%d samples: %+v", samples, f)
		}
	}
}
