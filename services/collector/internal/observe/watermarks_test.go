package observe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// timed is a job of a source and so many vertices that read it, each of two subtasks.
func timed(vertices int) Graph {
	g := Graph{Job: flink.Job{ID: "j", Now: 1_000_000}, ReadAt: time.Now()}
	for i := range vertices + 1 {
		id := fmt.Sprintf("v%d", i)
		node := flink.PlanNode{ID: id}
		if i > 0 {
			node.Inputs = []flink.PlanInput{{ID: "v0"}}
		}
		g.Job.Vertices = append(g.Job.Vertices, flink.Vertex{ID: id, Parallelism: 2})
		g.Job.Plan.Nodes = append(g.Job.Plan.Nodes, node)
	}
	return g
}

// marks serves watermarks: that of subtask 0 stands still, that of subtask 1 grows with each request, and subtask 2 is none.
func marks(t *testing.T) (client *flink.Client, requests *atomic.Int64) {
	t.Helper()
	requests = &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := requests.Add(1)
		if !strings.HasSuffix(r.URL.Path, "/watermarks") || strings.Contains(r.URL.Path, "v0") {
			t.Errorf("asked for %s", r.URL.Path)
		}
		_, _ = fmt.Fprintf(w, `[{"id":"0.currentInputWatermark","value":"-9223372036854775808"},{"id":"1.currentInputWatermark","value":"%d"},`+
			`{"id":"2.currentInputWatermark","value":"7"}]`, n)
	}))
	t.Cleanup(server.Close)
	client, err := flink.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client, requests
}

func reading(at, advanced int64) jobcontext.WatermarkReading {
	return jobcontext.WatermarkReading{AtMillis: at, Clock: 0, Vertices: []jobcontext.VertexWatermarks{
		{Vertex: "v1", Subtasks: map[int]int64{0: jobcontext.NoWatermark, 1: advanced}},
	}}
}

// TestSampler_Watermarks keeps the first and the last reading, at the times of the samples that they belong to.
func TestSampler_Watermarks(t *testing.T) {
	client, requests := marks(t)
	s := NewSampler(client, timed(1), nil, 10*time.Second)
	ctx := t.Context()
	s.firstWatermarks(ctx) // without a sample there is nothing that they could belong to
	s.samples = at(100)
	s.firstWatermarks(ctx)
	s.firstWatermarks(ctx)
	s.add(jobcontext.Sample{AtMillis: 400}, nil, nil) // Flink renewed at once: the first numbers are of any age
	s.firstWatermarks(ctx)
	s.readWatermarks(ctx)
	s.add(jobcontext.Sample{AtMillis: 10_400}, nil, nil)
	s.firstWatermarks(ctx)
	s.readWatermarks(ctx)
	got := s.Watermarks()
	if len(got) != 2 || got[1].Clock-got[0].Clock != 10_000 || got[0].Clock < 999_000 || got[0].Clock > 1_002_000 {
		t.Fatalf("readings: %+v", got)
	}
	got[0].Clock, got[1].Clock = 0, 0
	if diff := cmp.Diff([]jobcontext.WatermarkReading{reading(400, 2), reading(10_400, 4)}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if n := requests.Load(); n != 4 { // one of the first sample, which went, one thrown away, since it was of the same sample
		t.Errorf("%d requests", n)
	}
}

// TestSampler_WatermarksDated puts the first ones at the time to which the first sample is dated.
func TestSampler_WatermarksDated(t *testing.T) {
	client, _ := marks(t)
	s := NewSampler(client, timed(1), nil, 10*time.Second)
	s.samples = at(100)
	s.firstWatermarks(t.Context())
	s.add(jobcontext.Sample{AtMillis: 6_100}, nil, nil)
	if got := s.Watermarks(); len(got) != 1 || got[0].AtMillis != -3_900 {
		t.Errorf("readings: %+v", got)
	}
}

// TestSampler_WatermarksKept hands the first ones over to another collector.
func TestSampler_WatermarksKept(t *testing.T) {
	client, _ := marks(t)
	first := NewSampler(client, timed(1), nil, time.Second)
	first.samples = at(100)
	first.firstWatermarks(t.Context())
	k1, _ := first.Unkept()
	first.samples = append(first.samples, at(5000)...)
	k2, _ := first.Unkept()
	if len(k1.Watermarks) != 1 || len(k2.Watermarks) != 0 {
		t.Fatalf("kept %+v and %+v", k1.Watermarks, k2.Watermarks)
	}
	second := NewSampler(client, timed(1), nil, time.Second)
	second.Keep([]Kept{k1, k2})
	second.samples = append(second.samples, at(9000)...)
	second.readWatermarks(t.Context())
	if got := second.Watermarks(); len(got) != 2 || got[0].AtMillis != 100 || got[1].AtMillis != 9000 {
		t.Errorf("readings: %+v", got)
	}
}

// TestSampler_WatermarksBounded says which vertices were left out.
func TestSampler_WatermarksBounded(t *testing.T) {
	client, requests := marks(t)
	s := NewSampler(client, timed(100), nil, time.Second)
	s.samples = at(1)
	s.readWatermarks(t.Context())
	if n := requests.Load(); n != maxWatermarkVertices || len(s.watermarks.left) != 1 {
		t.Errorf("%d requests, left out %q", n, s.watermarks.left)
	}
	wide := timed(2)
	wide.Job.Vertices[2].Parallelism = maxWatermarks
	if w := newWatermarks(client, wide); len(w.vertices) != 1 || len(w.left) != 1 {
		t.Errorf("%d vertices, left out %q", len(w.vertices), w.left)
	}
}

// TestSampler_WatermarksGone ends a run whose job is gone with what there was.
func TestSampler_WatermarksGone(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	client, err := flink.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := NewSampler(client, timed(1), nil, time.Second)
	s.samples = at(20)
	s.watermarks.readings = []jobcontext.WatermarkReading{reading(10, 1)}
	s.readWatermarks(t.Context())
	if got := s.Watermarks(); len(got) != 1 {
		t.Errorf("readings: %+v", got)
	}
}
