//go:build realflink

package collector

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
	"squirrly.dev/services/collector/internal/observe"
)

// TestReal_BusyOne runs the sample job on three TaskManagers, of which one is to be profiled: the busiest by Flink's own
// rates. The context says what was left out.
func TestReal_BusyOne(t *testing.T) {
	c, job := realFlinkOf(t, 3, "--chained=false", "--parallelism=3")
	client, err := flink.New(c.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(15 * time.Second) // metrics come in
	graph, err := observe.ReadGraph(t.Context(), client, job)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	now, basis := observe.Now(t.Context(), client, graph, 10*time.Second)
	t.Logf("by %s in %s: %v", basis, time.Since(began).Round(time.Millisecond), now.TaskManagers())
	if basis != observe.BasisRates {
		t.Errorf("Flink %s gives no rates: by %s", version(), basis)
	}
	for _, v := range graph.Vertices {
		rates, err := client.Backpressure(t.Context(), job, v.ID)
		t.Logf("%s: %+v, %v", v.Name, rates, err)
		if err != nil || len(rates) != 3 {
			t.Errorf("%s: %d rates, %v", v.Name, len(rates), err)
		}
	}
	w := worldOf(t, 1, func(p *events.Plan) {
		p.RestURL, p.Target.URL, p.JobID, p.Duration = c.URL, c.URL, job, events.Duration(5*time.Second)
		p.Deadline, p.Modes = time.Now().Add(2*time.Minute), []events.Mode{events.ModeWall}
		p.Scope.MaxTaskManagers = 1
	})
	worker := w.collector()
	worker.timing = capture.DefaultTiming()
	w.work(worker)
	w.request()
	rec := w.until(in(events.StateCaptured, events.StateFailed))
	for _, l := range rec.History {
		t.Log(l.At.Format("15:04:05.000"), l.Text)
	}
	if rec.State != events.StateCaptured || len(rec.Captures) != 1 {
		t.Fatalf("state %s, %d captures: %+v", rec.State, len(rec.Captures), rec.Outcome)
	}
	missing := w.context(w.ready()).Missing
	t.Logf("missing: %q", missing)
	if !slices.ContainsFunc(missing, func(s string) bool {
		return strings.Contains(s, "1 of 3 were profiled, the busiest by Flink's rates of the last minute; left out: ") && strings.Contains(s, "They carry ")
	}) {
		t.Error("the context does not say what was left out")
	}
}

// TestReal_HotOne runs the sample job on four TaskManagers, on one of which alone runs what limits it. That one is profiled first,
// and the one that it is, whichever Flink made it.
func TestReal_HotOne(t *testing.T) {
	c, job := realFlinkOf(t, 4, "--chained=false", "--parallelism=4", "--stall-parallelism=1", "--sine-steps=1")
	client, err := flink.New(c.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	time.Sleep(15 * time.Second) // metrics come in
	graph, err := observe.ReadGraph(t.Context(), client, job)
	if err != nil {
		t.Fatal(err)
	}
	hot := ""
	for _, v := range graph.Vertices {
		if strings.Contains(v.Name, "arbitrary-stall") && len(v.Subtasks) == 1 {
			hot = v.Subtasks[0].TaskManagerID
		}
	}
	if hot == "" {
		t.Fatalf("no vertex with one subtask stalls: %+v", graph.Vertices)
	}
	for _, most := range []int{1, 2} {
		w := worldOf(t, 1, func(p *events.Plan) {
			p.RestURL, p.Target.URL, p.JobID, p.Duration = c.URL, c.URL, job, events.Duration(3*time.Second)
			p.Deadline, p.Modes, p.Scope.MaxTaskManagers = time.Now().Add(2*time.Minute), []events.Mode{events.ModeWall}, most
		})
		worker := w.collector()
		worker.timing = capture.DefaultTiming()
		w.work(worker)
		w.request()
		rec := w.until(in(events.StateCaptured, events.StateFailed))
		if got := profiled(rec); len(got) != most || got[0] != hot {
			t.Errorf("profiled %v, hot is %s of %v: %+v", got, hot, graph.TaskManagers(), rec.Outcome)
		}
		for _, l := range w.context(w.ready()).Missing {
			t.Log(l)
		}
	}
}

// realFlinkOf starts a Flink of so many TaskManagers with one slot each, with the sample job.
func realFlinkOf(t *testing.T, tms int, args ...string) (c *flinktest.Cluster, job string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	jar, err := flinktest.SampleJar(ctx)
	if err != nil {
		t.Fatal(err)
	}
	c, err = flinktest.Start(t.Context(), flinktest.Options{Version: version(), TaskManagers: tms, Slots: 1, Profiling: true,
		Config: map[string]string{"pekko.startup-timeout": "2 min"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(); err != nil {
			t.Error(err)
		}
	})
	job, err = c.RunJar(ctx, jar, flinktest.SampleClass, args...)
	if err = errors.Join(err, c.WaitRunning(ctx, job)); err != nil {
		t.Fatal(err)
	}
	return c, job
}
