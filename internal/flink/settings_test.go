package flink_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

// The jobs of the recorded settings.
var (
	reuseJob    = strings.Repeat("1", 32) // DataStream: enableObjectReuse(), and event time that stands still in half of its source
	sqlJob      = strings.Repeat("2", 32) // SQL: sets mini-batch, object reuse and global job parameters
	plainSQLJob = strings.Repeat("3", 32) // SQL: sets nothing
)

// replayed is a client of all recordings of a version, those of the jobs above included.
func replayed(t *testing.T, version string) *flink.Client {
	t.Helper()
	replay, err := flinktest.NewReplay(version)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		for _, prefix := range []string{"", "settings-reuse-", "settings-sql-", "settings-sql-plain-"} {
			for _, name := range []string{"job", "job-config", "watermarks-0", "watermarks-1", "watermarks-2", "watermarks-3", "watermarks-4"} {
				if e, ok := replay.Exchange(prefix + name); ok && e.Path == r.URL.Path {
					w.WriteHeader(e.Status)
					_, _ = w.Write(e.JSON)
					return
				}
			}
		}
		http.NotFound(w, r)
	})
}

// TestRecorded_ExecutionConfig says what a job tells of its settings: object reuse and parallelism whoever set them, the global
// parameters, and nothing of what SQL sets for the planner.
func TestRecorded_ExecutionConfig(t *testing.T) {
	yes, no := true, false
	const restart = "Cluster level default restart strategy"
	for _, version := range recorded {
		mode := map[string]string{"1.20.5": "PIPELINED", "2.3.0": ""}[version]
		for job, want := range map[string]flink.ExecutionConfig{
			flinktest.RecordedJobID: {Mode: mode, RestartStrategy: restart, Parallelism: 2, ObjectReuse: &no},
			reuseJob:                {Mode: mode, RestartStrategy: restart, Parallelism: 2, ObjectReuse: &yes},
			sqlJob: {Mode: mode, RestartStrategy: restart, Parallelism: 1, ObjectReuse: &yes, Parameters: map[string]string{
				"shop.region": "eu", "shop.login": "hunter2", "shop.password": "******",
			}},
			plainSQLJob: {Mode: mode, RestartStrategy: restart, Parallelism: 1, ObjectReuse: &no},
		} {
			got, err := replayed(t, version).ExecutionConfig(t.Context(), job)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%s, job %s: %v\n%s", version, job, err, diff)
			}
		}
	}
}

// TestExecutionConfig_Hostile reads what it can of an answer.
func TestExecutionConfig_Hostile(t *testing.T) {
	yes := true
	for text, want := range map[string]flink.ExecutionConfig{
		`{}`:                        {},
		`{"execution-config":null}`: {},
		`{"execution-config":{"object-reuse-mode":null,"job-parallelism":-1,"user-config":null}}`:                        {},
		`{"execution-config":{"object-reuse-mode":"true","job-parallelism":"4","user-config":["a"],"execution-mode":7}}`: {},
		`{"execution-config":{"object-reuse-mode":true,"job-parallelism":1e99,"user-config":{"a":1,"b":"c"}}}`: {
			ObjectReuse: &yes, Parameters: map[string]string{"a": "", "b": "c"},
		},
	} {
		client := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(text)) })
		got, err := client.ExecutionConfig(t.Context(), "j")
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", text, err, diff)
		}
	}
}

// TestRecorded_Watermarks tells a subtask whose watermark stands still from one that advances, a job without event time, and a
// source, of which Flink tells nothing.
func TestRecorded_Watermarks(t *testing.T) {
	for _, version := range recorded {
		client := replayed(t, version)
		job, err := client.Job(t.Context(), reuseJob)
		if err != nil || job.Type != "STREAMING" || len(job.Vertices) != 5 || job.Vertices[0].SlotSharing == "" {
			t.Fatalf("%s: %+v, %v", version, job, err)
		}
		for i, v := range job.Vertices {
			timed, err := client.Watermarks(t.Context(), reuseJob, v.ID)
			none, errNone := client.Watermarks(t.Context(), flinktest.RecordedJobID, v.ID) // of the same vertices
			if err != nil || errNone != nil {
				t.Fatalf("%s: %v, %v", version, err, errNone)
			}
			if i == 0 {
				if len(timed)+len(none) != 0 {
					t.Errorf("%s: a source has %v and %v", version, timed, none)
				}
				continue
			}
			if len(timed) != 2 || min(timed[0], timed[1]) != -1 || max(timed[0], timed[1]) < 1 {
				t.Errorf("%s: %s has %v", version, v.Name, timed)
			}
			if diff := cmp.Diff(map[int]int64{0: flink.NoWatermark, 1: flink.NoWatermark}, none); diff != "" {
				t.Errorf("%s: %s without event time:\n%s", version, v.Name, diff)
			}
		}
	}
}

// TestRecorded_OperatorRange tells how much the subtasks of one operator have written apart.
func TestRecorded_OperatorRange(t *testing.T) {
	for _, version := range recorded {
		replay, err := flinktest.NewReplay(version)
		if err != nil {
			t.Fatal(err)
		}
		e, _ := replay.Exchange("settings-reuse-operator-records")
		client := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if agg := r.URL.Query().Get("agg"); !strings.HasSuffix(e.Path, "&agg="+agg) {
				t.Errorf("asked for %s, recorded is %s", agg, e.Path)
			}
			_, _ = w.Write(e.JSON)
		})
		got, err := client.OperatorRecords(t.Context(), reuseJob, "v", 2, []string{"Source__numbers"})
		if err != nil || len(got) != 1 || got[0].In != 0 || got[0].Least <= 0 || got[0].Most < got[0].Least || got[0].Out != got[0].Least+got[0].Most {
			t.Errorf("%s: %+v, %v", version, got, err)
		}
	}
}

func TestWatermarks_Hostile(t *testing.T) {
	client := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`[{"id":"0.currentInputWatermark","value":"NaN"},{"id":"-1.currentInputWatermark","value":"1"},` +
			`{"id":"x.currentInputWatermark","value":"1"},{"id":"1.numRecordsIn","value":"1"},{"id":"2.currentInputWatermark","value":"1e3"},` +
			`{"id":"3.currentInputWatermark","value":"` + strconv.FormatInt(flink.LastWatermark, 10) + `"},{}]`))
	})
	got, err := client.Watermarks(t.Context(), "j", "v")
	if diff := cmp.Diff(map[int]int64{3: flink.LastWatermark}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
}
