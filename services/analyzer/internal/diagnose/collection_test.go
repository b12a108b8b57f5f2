package diagnose

import (
	"math"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// TestCollection: the collector stops the tasks for most of the time, so that WALL sees them rarely. That is no doubt,
// and the collector's own threads are counted by the clock.
func TestCollection(t *testing.T) {
	j := limited()
	for w := range j.Windows {
		j.Windows[w].Samples[1].TaskManagers[0].GCMillis = seconds * 1000 * 8 / 10
	}
	wall := graph(t, "TASK;SOURCE 35", "TASK;MAP;com/shop/Work.map 35", "GCTaskThread::run;G1EvacuateRegionsBaseTask::work 240")
	cpu := graph(t, "TASK;MAP;com/shop/Work.map 150", "GCTaskThread::run;G1EvacuateRegionsBaseTask::work 570")
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{
		capture("tm-1", events.ModeWall, wall), capture("tm-1", events.ModeITimer, cpu),
	}}).Analysis
	f := a.Findings[0]
	if f.Rule != "E1" || f.Severity != events.SeverityCritical || f.Confidence != events.ConfidenceHigh || math.Abs(f.TE-1.5) > 0.01 {
		t.Errorf("first finding %s %s %s, TE %.2f", f.Rule, f.Severity, f.Confidence, f.TE)
	}
	if !strings.Contains(a.Verdict.Headline, "Garbage collection: ") || a.Verdict.Anchor != f.Anchor {
		t.Errorf("headline: %s", a.Verdict.Headline)
	}
}
