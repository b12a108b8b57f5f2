//go:build realflink

package collector

import (
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
)

// TestReal_TaskManagerDies kills one of two TaskManagers in the middle of its profile: the capture is lost, the other
// is kept.
func TestReal_TaskManagerDies(t *testing.T) {
	c, job := realFlink(t)
	w := worldOf(t, 1, func(p *events.Plan) {
		p.RestURL, p.Target.URL, p.JobID, p.Duration = c.URL, c.URL, job, events.Duration(8*time.Second)
		p.Deadline = time.Now().Add(4 * time.Minute)
		p.Modes = []events.Mode{events.ModeWall}
	})
	worker := w.collector()
	worker.timing = capture.DefaultTiming()
	w.work(worker)
	w.sweep()
	w.request()
	w.until(func(r run.Record) bool {
		running := 0
		for _, cap := range r.Captures {
			if cap.State == run.CaptureRunning {
				running++
			}
		}
		return running == 2
	})
	if err := c.KillTaskManager(1); err != nil {
		t.Fatal(err)
	}
	var rec run.Record
	for range 3 { // Flink takes its time to notice
		if rec = w.until(func(r run.Record) bool { return r.State != events.StateProfiling || r.Attempts > rec.Attempts }); rec.State != events.StateProfiling {
			break
		}
	}
	for _, l := range rec.History {
		t.Log(l.At.Format("15:04:05.000"), l.Text)
	}
	states := map[string]run.CaptureState{}
	for _, cap := range rec.Captures {
		states[cap.JVM] = cap.State
		t.Logf("%s %s: %s", cap.JVM, cap.State, cap.Note)
	}
	if rec.State != events.StateCaptured || states[flinktest.TaskManagerID(0)] != run.CaptureStored || states[flinktest.TaskManagerID(1)] != run.CaptureLost {
		t.Errorf("state %s, captures %v, outcome %+v", rec.State, states, rec.Outcome)
	}
	t.Logf("missing: %q", w.context(w.ready()).Missing)
}

// realFlink starts a Flink of two TaskManagers with the sample job. FLINK_VERSION chooses the Flink.
func realFlink(t *testing.T) (c *flinktest.Cluster, job string) {
	t.Helper()
	return realFlinkOf(t, 2, "--chained=false", "--parallelism=2")
}
