//go:build realflink

package collector

import (
	"encoding/json"
	"os"
	"testing"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// TestReal_TwoTaskManagersTwoModes runs the service against a real Flink with the sample job and prints what it finds.
// FLINK_VERSION chooses the Flink, DURATION the length of each profile.
func TestReal_TwoTaskManagersTwoModes(t *testing.T) {
	length := 10 * time.Second
	if text := os.Getenv("DURATION"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	c, job := realFlink(t)
	time.Sleep(5 * time.Second) // the job warms up
	for range runs {
		collectReal(t, c.URL, job, length)
	}
}

func version() string { return os.Getenv("FLINK_VERSION") }

// runs are made one after the other: the first meets a cold JobManager.
const runs = 3

func collectReal(t *testing.T, url, job string, length time.Duration) {
	t.Helper()
	w := worldOf(t, 1, func(p *events.Plan) {
		p.RestURL, p.Target.URL, p.JobID, p.Duration = url, url, job, events.Duration(length)
		p.Deadline = time.Now().Add(3 * time.Minute)
	})
	worker := w.collector()
	worker.timing = capture.DefaultTiming()
	see := newWatch()
	worker.http = see
	w.work(worker)
	w.request()
	rec := w.until(in(events.StateCaptured, events.StateFailed))
	if rec.State != events.StateCaptured {
		t.Fatalf("state %s: %+v", rec.State, rec.Outcome)
	}
	g := see.measure(t, w.times, 2)
	t.Logf("gaps: request to start %s, end to next start %s, last end to event %s; sum %s, of which Flink's own lag %s",
		g.start, g.between, g.end, g.sum(), g.lag)
	for _, l := range rec.History {
		t.Log(l.At.Format("15:04:05.000"), l.Text)
	}
	what := w.context(w.ready())
	t.Logf("java %s, missing %q, threads %d, config %d", what.JavaVersion, what.Missing, len(what.Threads), len(what.Config))
	for _, win := range what.Windows {
		for _, s := range win.Samples {
			tms, _ := json.Marshal(s.TaskManagers)
			t.Logf("%s at %d: %+v %s", win.Mode, s.AtMillis, s.Subtasks[4:6], tms)
		}
		if len(win.Samples) < 2 {
			t.Errorf("%s has %d samples", win.Mode, len(win.Samples))
		}
	}
	for _, cap := range rec.Captures {
		if cap.Samples == 0 {
			t.Errorf("capture %+v", cap)
		}
	}
}
