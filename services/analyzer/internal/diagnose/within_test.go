package diagnose

import (
	"math"
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
)

// worksFor is a job of one vertex that Flink counted as busy for a share of its time, and a WALL page of 160 samples on which
// it is at work in some and waits for a buffer in others.
func worksFor(t *testing.T, busy float64, works, held int) Result {
	t.Helper()
	return diagnoseOK(t, Input{
		Context: newJob("tm").vertex("Source: s", nil, load{busy: 0.1, idle: 0.9, records: 1000}).
			vertex("work", []string{"Source: s"}, load{busy: busy, idle: 1 - busy, records: 1000}).Context,
		Captures: []Capture{capture("tm", events.ModeWall, graph(t,
			"TASK;MAP;acme/Work.map;acme/Work.part "+itoa(works),
			"TASK;MAP;acme/Work.map;BUFFERS "+itoa(held),
			"TASK;IDLE "+itoa(320-works-held)))},
	})
}

// TestNeverMoreThanBusy: no function takes more of its vertex than Flink counted as busy, beyond the error of both.
func TestNeverMoreThanBusy(t *testing.T) {
	const contradiction = "WALL shows work at work for"
	for name, c := range map[string]struct {
		busy        float64
		works, held int
		te          float64
		bounded     bool
	}{
		"more than busy":             {0.62, 144, 0, 0.62, true},
		"within the error":           {0.84, 144, 0, 0.90, false},
		"less than busy":             {0.95, 104, 0, 0.65, false},
		"waits for buffers are none": {0.60, 100, 44, 0.625, false},
	} {
		a := worksFor(t, c.busy, c.works, c.held).Analysis
		if got := costOf(a, "acme.Work.map"); math.Abs(got-c.te) > 0.005 {
			t.Errorf("%s: %.3f thread equivalents, want %.3f", name, got, c.te)
		}
		if hasFact(a, contradiction) != c.bounded {
			t.Errorf("%s: the contradiction is said: %t, want %t", name, !c.bounded, c.bounded)
		}
		for _, f := range a.Findings {
			if f.Anchor == "acme.Work.map" && hasFact(a, "bounded by what work was busy for") != c.bounded {
				t.Errorf("%s: the finding says that it is bounded: %t", name, !c.bounded)
			}
		}
	}
}

// costOf are the thread equivalents of a function without its waits for output buffers.
func costOf(a events.Analysis, anchor string) float64 {
	sum := 0.0
	for _, c := range a.Costs {
		if c.Anchor == anchor && !strings.HasPrefix(c.Rule, "D1") {
			sum += c.TE
		}
	}
	return sum
}

// TestNeverMoreThanBusyBesideAnotherJob: each function is bounded on its own where the samples are those of two jobs.
func TestNeverMoreThanBusyBesideAnotherJob(t *testing.T) {
	j := newJob("tm").vertex("Source: s", nil, load{0.1, 0.9, 100}).vertex("work", []string{"Source: s"}, load{0.5, 0.5, 100})
	j.TaskManagers[0].OtherJobs = 1
	wall := graph(t, "TASK;IDLE 240", "TASK;MAP;acme/Work.map 78", "TASK;MAP;other/Job.map 160")
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm", events.ModeWall, wall)}}).Analysis
	if own, others := costOf(a, "acme.Work.map"), costOf(a, "other.Job.map"); math.Abs(own-0.49) > 0.01 || others > 0.501 {
		t.Errorf("%.2f and %.2f thread equivalents, want 0.49 and no more than 0.5", own, others)
	}
	if !hasFact(a, "frames of another job on the TaskManager look like its own") {
		t.Error("the contradiction is not said")
	}
}
