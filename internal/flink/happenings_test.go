package flink_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

// The jobs of the recorded happenings.
var (
	chainedJob  = strings.Repeat("1", 32) // takes checkpoints
	failingJob  = strings.Repeat("2", 32) // … and restarts
	withoutCkpt = strings.Repeat("3", 32)
)

// happening answers every request with one recording, and holds it against the path that was recorded.
func happening(t *testing.T, version, name string) *flink.Client {
	t.Helper()
	replay, err := flinktest.NewReplay(version)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := replay.Exchange("happening-" + name)
	if !ok {
		t.Fatalf("no recording %s", name)
	}
	recorded, err := url.Parse(e.Path)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != recorded.Path {
			t.Errorf("%s: asked for %s, recorded is %s", name, r.URL.Path, recorded.Path)
		}
		w.WriteHeader(e.Status)
		_, _ = w.Write(e.JSON)
	})
}

func TestRecorded_Checkpoints(t *testing.T) {
	for _, version := range recorded {
		all, err := happening(t, version, "checkpoints").Checkpoints(t.Context(), chainedJob)
		if err != nil || all.Counts.Completed < 3 || len(all.History) == 0 || all.Latest.Completed == nil {
			t.Fatalf("%s: %+v, %v", version, all, err)
		}
		id := all.Latest.Completed.ID
		one, err := happening(t, version, "checkpoint-details").Checkpoint(t.Context(), chainedJob, id)
		if err != nil || one.ID != id || one.Status != flink.CheckpointCompleted || len(one.Tasks) != 2 {
			t.Errorf("%s: details %+v, %v", version, one, err)
		}
		config, err := happening(t, version, "checkpoint-config").CheckpointConfig(t.Context(), chainedJob)
		if err != nil || config.Interval != 500 || config.Mode != "exactly_once" || config.Timeout != 600_000 || config.StateBackend == "" {
			t.Errorf("%s: configuration %+v, %v", version, config, err)
		}
		off, err := happening(t, version, "checkpoint-config-off").CheckpointConfig(t.Context(), withoutCkpt)
		if err != nil || off.Interval != 0 {
			t.Errorf("%s: configuration of a job without checkpoints: %+v, %v", version, off, err)
		}
	}
}

func TestRecorded_Failures(t *testing.T) {
	for _, version := range recorded {
		all, err := happening(t, version, "exceptions").Exceptions(t.Context(), failingJob, 5)
		if err != nil || len(all) < 2 {
			t.Fatalf("%s: %v, %v", version, all, err)
		}
		for _, e := range all {
			if e.Name != "java.lang.IllegalStateException" || e.Cause != "java.lang.ArithmeticException" || e.Message != "/ by zero" ||
				e.Task != "fuse (1/1)" || e.TaskManagerID != flinktest.TaskManagerID(0) || e.Time == 0 {
				t.Errorf("%s: %+v", version, e)
			}
		}
		jobs, err := happening(t, version, "jobs-restarting").Jobs(t.Context())
		states := map[string]string{}
		for _, j := range jobs {
			states[j.ID] = j.State
		}
		if err != nil || states[failingJob] != flink.JobRestarting || states[chainedJob] != flink.JobRunning {
			t.Errorf("%s: %v, %v", version, states, err)
		}
		tm, err := happening(t, version, "taskmanager").TaskManager(t.Context(), flinktest.TaskManagerID(0))
		if err != nil || len(tm.Jobs()) < 2 {
			t.Errorf("%s: jobs on the TaskManager: %v, %v", version, tm.Jobs(), err)
		}
	}
}

func TestRecorded_Operators(t *testing.T) {
	for _, version := range recorded {
		job, err := happening(t, version, "job").Job(t.Context(), chainedJob)
		if err != nil {
			t.Fatal(err)
		}
		v := job.Vertices[0]
		names, err := happening(t, version, "operators").Operators(t.Context(), chainedJob, v.ID)
		if got := strings.Join(names, " "); err != nil || got != "Source__numbers arbitrary-stall random-integers sine" {
			t.Errorf("%s: operators %s, %v", version, got, err)
		}
		records, err := happening(t, version, "operator-records").OperatorRecords(t.Context(), chainedJob, v.ID, v.Parallelism, names)
		if err != nil || len(records) != len(names) {
			t.Fatalf("%s: %v, %v", version, records, err)
		}
		for _, r := range records {
			if r.Out <= 0 || r.In <= 0 && r.Operator != "Source__numbers" {
				t.Errorf("%s: %+v", version, r)
			}
		}
	}
}
