package flink_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

// recorded are the Flinks whose answers are in testdata.
var recorded = []string{"1.20.5", "2.3.0"}

// forEachFlink runs the test against the replay of every recorded Flink, below a path prefix so that a client which
// builds absolute paths is found out.
func forEachFlink(t *testing.T, test func(t *testing.T, c *flink.Client, r *flinktest.Replay)) {
	for _, version := range recorded {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			replay, err := flinktest.NewReplay(version)
			if err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(http.StripPrefix("/prefix", replay))
			t.Cleanup(server.Close)
			client, err := flink.New(server.URL+"/prefix/", nil)
			if err != nil {
				t.Fatal(err)
			}
			test(t, client, replay)
		})
	}
}

// serve answers everything with one handler.
func serve(t *testing.T, h http.HandlerFunc) *flink.Client {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	client, err := flink.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestNew_RefusesWhatIsNoBaseURL(t *testing.T) {
	for _, url := range []string{
		"", "flink:8081", "ftp://flink", "http://", "http://flink/?x=1", "http://flink/#x", "http://user:secret@fl\x00ink", "http://user:secret@flink",
	} {
		_, err := flink.New(url, nil)
		if err == nil {
			t.Errorf("New(%q) succeeded", url)
		} else if strings.Contains(err.Error(), "secret") {
			t.Errorf("New(%q) repeats the password: %v", url, err)
		}
	}
}

func TestClient_EscapesPathElements(t *testing.T) {
	var got string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.EscapedPath()
		_, _ = w.Write([]byte(`{"profilingList":[]}`))
	})
	if _, err := c.ListProfiles(t.Context(), "10.0.0.1:6122/../?x#y é"); err != nil {
		t.Fatal(err)
	}
	if want := "/taskmanagers/10.0.0.1:6122%2F..%2F%3Fx%23y%20%C3%A9/profiler"; got != want {
		t.Errorf("path = %s, want %s", got, want)
	}
	for _, id := range []string{"", ".", ".."} {
		got = ""
		if _, err := c.ListProfiles(t.Context(), id); err == nil || got != "" {
			t.Errorf("id %q was sent as %q, error %v", id, got, err)
		}
	}
}

func TestClient_BadAnswers(t *testing.T) {
	tests := map[string]struct {
		answer http.HandlerFunc
		want   error
	}{
		"not JSON": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte("hello"))
		}, flink.ErrMalformed},
		"wrong type": {func(w http.ResponseWriter, _ *http.Request) {
			_, _ = w.Write([]byte(`{"taskmanagers":"many"}`))
		}, flink.ErrMalformed},
		"endless": {func(w http.ResponseWriter, _ *http.Request) {
			for spaces := bytes.Repeat([]byte(" "), 1<<20); ; {
				if _, err := w.Write(spaces); err != nil {
					return
				}
			}
		}, flink.ErrTooLarge},
		"broken off": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"taskmanagers":1`))
		}, flink.ErrUnavailable},
		"no leader": {func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusServiceUnavailable)
			_, _ = w.Write([]byte(`{"errors":["Service temporarily unavailable due to an ongoing leader election. Please refresh."]}`))
		}, flink.ErrUnavailable},
		"another server": {func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "nothing here", http.StatusNotFound)
		}, flink.ErrNotFound},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := serve(t, test.answer).Overview(t.Context())
			if !errors.Is(err, test.want) {
				t.Errorf("error = %v, want %v", err, test.want)
			}
		})
	}
}

func TestClient_NoServer(t *testing.T) {
	c, err := flink.New("http://127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Overview(t.Context())
	if !errors.Is(err, flink.ErrUnavailable) {
		t.Errorf("error = %v, want ErrUnavailable", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	hanging := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	_, err = hanging.Overview(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, flink.ErrUnavailable) {
		t.Errorf("error = %v, want ErrUnavailable because of DeadlineExceeded", err)
	}
}

func TestClient_RecordedContext(t *testing.T) {
	forEachFlink(t, func(t *testing.T, c *flink.Client, _ *flinktest.Replay) {
		o, err := c.Overview(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if o.TaskManagers != 1 || o.SlotsTotal != 2 || o.JobsRunning != 1 || !strings.HasSuffix(t.Name(), o.Version) {
			t.Errorf("overview = %+v", o)
		}
		config, err := c.JobManagerConfig(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !config.ProfilingEnabled() || config["rest.address"] != "127.0.0.1" {
			t.Errorf("configuration = %v", config)
		}
		jobs, err := c.Jobs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := []flink.JobSummary{{ID: flinktest.RecordedJobID, Name: "squirrly-sample", State: flink.JobRunning}}
		if diff := cmp.Diff(want, jobs, cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".StartTime" }, cmp.Ignore())); diff != "" {
			t.Errorf("jobs (-want +got):\n%s", diff)
		}
		checkpoints, err := c.Checkpoints(t.Context(), flinktest.RecordedJobID)
		if err != nil {
			t.Fatal(err)
		}
		if checkpoints.Counts.Total != 0 || checkpoints.Latest.Completed != nil || checkpoints.Summary.StateSize.P99 != flink.Unknown {
			t.Errorf("checkpoints = %+v, want none", checkpoints)
		}
		exceptions, err := c.Exceptions(t.Context(), flinktest.RecordedJobID, 5)
		if err != nil || len(exceptions) != 0 {
			t.Errorf("exceptions = %v, %v, want none", exceptions, err)
		}
	})
}

func TestClient_RecordedJobGraph(t *testing.T) {
	forEachFlink(t, func(t *testing.T, c *flink.Client, _ *flinktest.Replay) {
		job, err := c.Job(t.Context(), flinktest.RecordedJobID)
		if err != nil {
			t.Fatal(err)
		}
		names := map[string]string{}
		var got []string
		for _, v := range job.Vertices {
			names[v.ID] = v.Name
			got = append(got, v.Name)
		}
		want := []string{"Source: numbers", "random-integers", "arbitrary-stall", "sine", "discard: Writer"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("vertices (-want +got):\n%s", diff)
		}
		edges := map[string][]string{}
		for _, n := range job.Plan.Nodes {
			for _, in := range n.Inputs {
				edges[names[in.ID]] = append(edges[names[in.ID]], names[n.ID])
			}
		}
		wantEdges := map[string]int{"Source: numbers": 1, "random-integers": 2, "arbitrary-stall": 1, "sine": 1}
		gotEdges := map[string]int{}
		for from, to := range edges {
			gotEdges[from] = len(to)
		}
		if diff := cmp.Diff(wantEdges, gotEdges); diff != "" {
			t.Errorf("edges (-want +got):\n%s", diff)
		}
		stall := job.Vertices[2]
		if stall.Parallelism != 2 || stall.Metrics.ReadRecords == 0 || stall.Metrics.Busy <= stall.Metrics.Idle || !stall.Metrics.ReadComplete {
			t.Errorf("arbitrary-stall = %+v", stall)
		}
		details, err := c.Vertex(t.Context(), job.ID, stall.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(details.Subtasks) != 2 {
			t.Fatalf("subtasks = %+v", details.Subtasks)
		}
		for i, s := range details.Subtasks {
			if s.Index != i || s.Status != "RUNNING" || s.TaskManagerID != flinktest.TaskManagerID(0) || s.Metrics.Busy <= 0 {
				t.Errorf("subtask = %+v", s)
			}
		}
	})
}

func TestClient_RecordedTaskManager(t *testing.T) {
	forEachFlink(t, func(t *testing.T, c *flink.Client, _ *flinktest.Replay) {
		list, err := c.TaskManagers(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(list) != 1 || list[0].ID != flinktest.TaskManagerID(0) || list[0].Slots != 2 {
			t.Fatalf("TaskManagers = %+v", list)
		}
		tm, err := c.TaskManager(t.Context(), list[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		if tm.Hardware.CPUCores < 1 || tm.Memory.TaskHeap != 256<<20 || tm.JVM.HeapUsed == 0 || len(tm.JVM.GarbageCollectors) == 0 {
			t.Errorf("TaskManager = %+v", tm)
		}
		metrics, err := c.TaskManagerMetrics(t.Context(), tm.ID, flink.MetricCPUTime, flink.MetricHeapUsed, "Status.Nonsense")
		if err != nil {
			t.Fatal(err)
		}
		if len(metrics) != 2 || metrics[flink.MetricCPUTime] < 1e9 || metrics[flink.MetricHeapUsed] < 1<<20 {
			t.Errorf("metrics = %v", metrics)
		}
		threads, err := c.ThreadDump(t.Context(), tm.ID)
		if err != nil {
			t.Fatal(err)
		}
		stalls := 0
		for _, thread := range threads {
			if strings.HasPrefix(thread.Name, "arbitrary-stall (") && strings.Contains(thread.Stack, "EvenStallingFunction.map") {
				stalls++
			}
		}
		if stalls == 0 {
			t.Errorf("none of %d threads is a stalling subtask", len(threads))
		}
	})
}

func TestMillis_IsTolerant(t *testing.T) {
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"vertices":[{"metrics":{"accumulated-busy-time":"NaN","accumulated-idle-time":12.6,
			"accumulated-backpressured-time":null}},{"metrics":{"accumulated-busy-time":-3,"accumulated-idle-time":1e300}}]}`))
	})
	job, err := c.Job(t.Context(), "j")
	if err != nil {
		t.Fatal(err)
	}
	want := []flink.Metrics{
		{Busy: flink.Unknown, Idle: 13, BackPressured: flink.Unknown},
		{Busy: flink.Unknown, Idle: flink.Unknown},
	}
	for i, v := range job.Vertices {
		if diff := cmp.Diff(want[i], v.Metrics); diff != "" {
			t.Errorf("metrics (-want +got):\n%s", diff)
		}
	}
}
