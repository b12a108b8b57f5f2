package collector

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

func TestRun_TwoTaskManagersTwoModes(t *testing.T) {
	upload := []byte("public class Slow {}")
	sum := artifact.Sum(upload)
	w := newWorld(t, 2, func(p *events.Plan) {
		p.Context = []events.ContextFile{
			{Name: "notes.md", Text: "it is slow"},
			{Name: "src/Slow.java", Key: artifact.UploadKey(sum), SHA256: sum, Size: int64(len(upload))},
			{Name: "gone.txt", Key: artifact.UploadKey(artifact.Sum([]byte("gone"))), SHA256: artifact.Sum([]byte("gone"))},
		}
		p.Prompt = "a prompt of the user"
	})
	w.flink.inTime, w.flink.lag = true, 100*time.Millisecond
	if _, err := w.store(w.bus).Put(t.Context(), artifact.UploadKey(sum), upload); err != nil {
		t.Fatal(err)
	}
	rec := w.finish()
	if rec.State != events.StateCaptured {
		t.Fatalf("state %s: %+v", rec.State, rec.Outcome)
	}
	want := map[string]int{}
	for i := range 2 {
		want[flinktest.TaskManagerID(i)+" ITIMER"], want[flinktest.TaskManagerID(i)+" WALL"] = 1, 1
	}
	if diff := cmp.Diff(want, w.flink.starts()); diff != "" {
		t.Errorf("profiles (-want +got):\n%s", diff)
	}
	p := w.ready()
	if diff := cmp.Diff(*rec.Artifact, p); diff != "" {
		t.Errorf("record and event differ:\n%s", diff)
	}
	for i, c := range p.Captures {
		page, err := flinktest.Page("1.20.5", string(c.Mode))
		if err != nil {
			t.Fatal(err)
		}
		if c.Status != events.CaptureStored || c.Samples == 0 || c.TriggerTime == 0 || c.Adopted || string(w.object(c.ObjectRef)) != string(page) {
			t.Errorf("capture = %+v", c)
		}
		if mode := w.plan.Modes[i/2]; c.Mode != mode || !strings.HasPrefix(c.Key, w.plan.Identity.Prefix(w.plan.Run)+"captures/") {
			t.Errorf("capture %d = %+v", i, c)
		}
	}
	var names []string
	for _, c := range p.Context {
		names = append(names, c.Kind+" "+c.Name)
	}
	if diff := cmp.Diff([]string{"job job.json", "user notes.md", "user src/Slow.java"}, names); diff != "" {
		t.Errorf("context (-want +got):\n%s", diff)
	}
	if got := w.object(p.Context[2].ObjectRef); string(got) != string(upload) {
		t.Errorf("uploaded file = %q", got)
	}
	checkContext(t, w, p)
	checkManifest(t, w, p)
	for _, l := range rec.History {
		t.Log(l.Text)
	}
	if len(rec.History) > 20 {
		t.Errorf("%d lines of history", len(rec.History))
	}
}

func checkContext(t *testing.T, w *world, p events.ArtifactReady) {
	t.Helper()
	c := w.context(p)
	if c.FlinkVersion != "1.20.5" || c.Job.ID != flinktest.RecordedJobID || len(c.Vertices) != 5 || len(c.TaskManagers) != 2 {
		t.Errorf("context = version %q, job %+v, %d vertices, %d TaskManagers", c.FlinkVersion, c.Job, len(c.Vertices), len(c.TaskManagers))
	}
	if v := c.Vertices[2]; v.Name != "arbitrary-stall" || len(v.Subtasks) != 2 || len(v.Inputs) != 1 || v.Subtasks[1].TaskManager != flinktest.TaskManagerID(1) {
		t.Errorf("vertex = %+v", c.Vertices[2])
	}
	if tm := c.TaskManagers[0]; tm.CPUCores < 1 || tm.HeapMax == 0 || tm.Slots != 2 || tm.OtherJobs != 0 ||
		tm.Memory == nil || tm.Memory.TaskHeap != 256<<20 || tm.Memory.Overhead == 0 || len(tm.Collectors) != 2 {
		t.Errorf("TaskManager = %+v", tm)
	}
	checkSettings(t, c)
	if len(c.Windows) != 2 || c.Windows[0].Mode != "ITIMER" || c.Windows[1].Mode != "WALL" {
		t.Fatalf("windows = %+v", c.Windows)
	}
	samples := c.Windows[0].Samples
	if len(samples) < 2 {
		t.Fatalf("%d samples in the first window", len(samples))
	}
	first, last := samples[0], samples[len(samples)-1]
	if len(first.Subtasks) != 10 || len(first.TaskManagers) != 2 || first.TaskManagers[0].CPUNanos <= 0 || first.TaskManagers[0].GCCount <= 0 {
		t.Errorf("first sample = %+v", first)
	}
	if last.AtMillis <= first.AtMillis || last.TaskManagers[0].CPUNanos <= first.TaskManagers[0].CPUNanos {
		t.Errorf("samples do not advance: %+v, then %+v", first, last)
	}
	for _, s := range first.Subtasks {
		if s.Status != "RUNNING" || s.StartTime == 0 || s.ReadIncomplete || s.WriteIncomplete {
			t.Errorf("counters = %+v", s)
		}
	}
	if c.Version != jobcontext.Version || len(c.Census) == 0 || c.Vertices[2].Description != "arbitrary-stall" {
		t.Errorf("version %d, %d groups of threads, vertex %+v", c.Version, len(c.Census), c.Vertices[2])
	}
	stalls := 0
	for _, thread := range c.Threads {
		if strings.HasPrefix(thread.Name, "arbitrary-stall (") {
			stalls++
			for _, f := range thread.Frames {
				if strings.ContainsAny(strings.ReplaceAll(f, "/0x", ""), "(/@ ") {
					t.Errorf("frame %q", f)
				}
			}
		} else if !strings.Contains(thread.Name, "#") {
			t.Errorf("thread %q is no task", thread.Name)
		}
	}
	if stalls == 0 || c.Config["rest.profiling.enabled"] != "true" || c.Checkpoints == nil {
		t.Errorf("%d stalling threads, configuration %v, checkpoints %v", stalls, c.Config, c.Checkpoints)
	}
	missing := strings.Join(c.Missing, "\n")
	if !strings.Contains(missing, "context file gone.txt") {
		t.Errorf("missing = %s", missing)
	}
	t.Logf("missing: %s", missing)
}

// checkSettings holds what is known of the job's settings and watermarks against the sample job, which has no event time.
func checkSettings(t *testing.T, c *jobcontext.Context) {
	t.Helper()
	for key, want := range map[string]string{"pipeline.object-reuse": "false", "parallelism.default": "2", "execution.runtime-mode": "STREAMING"} {
		if value, from := c.Setting(key); value != want || from != jobcontext.FromJob {
			t.Errorf("%s = %q from %q", key, value, from)
		}
	}
	if len(c.Watermarks) != 2 || c.Watermarks[1].AtMillis <= c.Watermarks[0].AtMillis || c.Watermarks[0].Clock == 0 {
		t.Fatalf("watermarks = %+v", c.Watermarks)
	}
	for _, v := range c.Watermarks[0].Vertices {
		if len(v.Subtasks) != 2 || v.Subtasks[1] != jobcontext.NoWatermark {
			t.Errorf("watermarks = %+v", v)
		}
	}
	if n := len(c.Watermarks[0].Vertices); n != 4 {
		t.Errorf("watermarks of %d vertices", n)
	}
}

func checkManifest(t *testing.T, w *world, p events.ArtifactReady) {
	t.Helper()
	body := w.object(p.Manifest)
	if strings.Contains(string(body), "a prompt of the user") || strings.Contains(string(body), "it is slow") {
		t.Error("the manifest repeats texts of the user")
	}
	var m manifest
	if err := json.Unmarshal(body, &m); err != nil {
		t.Fatal(err)
	}
	if m.Schema != manifestSchema || m.Run != w.plan.Run || m.Versions.Squirrly != "test" || m.Versions.Flink != "1.20.5" {
		t.Errorf("manifest = %+v", m)
	}
	if diff := cmp.Diff(p.Captures, m.Captures); diff != "" {
		t.Errorf("captures of event and manifest differ:\n%s", diff)
	}
}
