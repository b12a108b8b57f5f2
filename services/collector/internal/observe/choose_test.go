package observe

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// flow is a graph of vertices in a row, each given as the busy and backpressured share of its subtasks, in percent, of which
// subtask i runs on TaskManager i.
func flow(vertices ...[][2]flink.Millis) Graph {
	var g Graph
	for v, shares := range vertices {
		d := flink.VertexDetails{ID: fmt.Sprintf("v%d", v), Name: fmt.Sprintf("vertex-%d", v)}
		for i, s := range shares {
			d.Subtasks = append(d.Subtasks, flink.Subtask{
				Index: i, Status: running, TaskManagerID: fmt.Sprintf("tm-%02d", i),
				Metrics: flink.Metrics{Busy: s[0], BackPressured: s[1], Idle: 100 - s[0] - s[1]},
			})
		}
		node := flink.PlanNode{ID: d.ID}
		if v > 0 {
			node.Inputs = []flink.PlanInput{{ID: fmt.Sprintf("v%d", v-1)}}
		}
		g.Vertices = append(g.Vertices, d)
		g.Job.Vertices = append(g.Job.Vertices, flink.Vertex{ID: d.ID, Name: d.Name})
		g.Job.Plan.Nodes = append(g.Job.Plan.Nodes, node)
	}
	return g
}

// alike are n subtasks of the same load.
func alike(n int, busy, back flink.Millis) [][2]flink.Millis {
	return slices.Repeat([][2]flink.Millis{{busy, back}}, n)
}

// with changes one subtask.
func with(all [][2]flink.Millis, i int, busy, back flink.Millis) [][2]flink.Millis {
	all[i] = [2]flink.Millis{busy, back}
	return all
}

func TestGraph_Choose(t *testing.T) {
	for name, c := range map[string]struct {
		g     Graph
		named []string
		n     int
		want  []string
	}{
		"the hot one of sixty": {flow(alike(60, 1, 99), with(alike(60, 2, 0), 59, 100, 0), alike(60, 50, 0)), nil, 1, []string{"tm-59"}},
		"the vertex that limits goes before one that is busier": {
			flow(with(alike(4, 1, 99), 0, 100, 0), with(alike(4, 5, 0), 3, 80, 0)), nil, 1, []string{"tm-03"},
		},
		"nobody is held back: the busiest": {flow(with(alike(4, 5, 0), 2, 90, 0), alike(4, 5, 0)), nil, 1, []string{"tm-02"}},
		"who holds others back, after who limits": {
			flow(alike(4, 1, 99), with(with(alike(4, 5, 0), 3, 95, 0), 1, 60, 0), with(alike(4, 5, 0), 2, 90, 0)), nil, 2, []string{"tm-03", "tm-01"},
		},
		"ties by id":           {flow(alike(4, 50, 0)), nil, 2, []string{"tm-00", "tm-01"}},
		"nothing is known":     {flow(alike(3, 0, 0)), nil, 2, []string{"tm-00", "tm-01"}},
		"one TaskManager":      {flow(alike(1, 100, 0)), nil, 40, []string{"tm-00"}},
		"as many as there are": {flow(with(alike(3, 5, 0), 2, 90, 0)), nil, 3, []string{"tm-02", "tm-00", "tm-01"}},
		"named, in order of load": {
			flow(with(alike(4, 5, 0), 2, 90, 0)), []string{"tm-01", "tm-02", "gone"}, 40, []string{"tm-02", "tm-01"},
		},
		"the busiest of the named": {flow(with(alike(4, 5, 0), 2, 90, 0)), []string{"tm-01", "tm-00"}, 1, []string{"tm-00"}},
		"none of the named":        {flow(alike(4, 5, 0)), []string{"gone"}, 1, []string{}},
	} {
		c.g.ReadAt = time.Now()
		if diff := cmp.Diff(c.want, c.g.Choose(c.named, c.n)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// A vertex whose subtasks run on no chosen TaskManager gets one, at the price of the least of many that do the same.
func TestGraph_ChooseSpreads(t *testing.T) {
	g := flow(alike(1, 1, 99), alike(9, 90, 0))
	g.Vertices[0].Subtasks[0].TaskManagerID = "tm-source"
	if got := g.Choose(nil, 4); !slices.Equal(got, []string{"tm-00", "tm-01", "tm-02", "tm-source"}) {
		t.Errorf("chosen %v", got)
	}
	if got := g.Choose(nil, 1); !slices.Equal(got, []string{"tm-00"}) {
		t.Errorf("chosen %v: the one that limits has to stay", got)
	}
	// What is profiled already is no reason to take anything else out.
	g.Vertices[0].Subtasks[0].TaskManagerID = "tm-00"
	if got := g.Choose(nil, 4); !slices.Equal(got, []string{"tm-00", "tm-01", "tm-02", "tm-03"}) {
		t.Errorf("chosen %v", got)
	}
	// More vertices without a profile than places to give: half of them stay.
	many := flow(alike(8, 90, 0))
	for i := range 6 {
		v := flow(alike(1, 5, 0)).Vertices[0]
		v.ID, v.Subtasks[0].TaskManagerID = fmt.Sprintf("w%d", i), fmt.Sprintf("w-%d", i)
		many.Vertices = append(many.Vertices, v)
	}
	got := many.Choose(nil, 4)
	if len(got) != 4 || !slices.Equal(got[:2], []string{"tm-00", "tm-01"}) || !strings.HasPrefix(got[2], "w-") || !strings.HasPrefix(got[3], "w-") {
		t.Errorf("chosen %v", got)
	}
}

// serveNow answers as a Flink in which TaskManager 0 was busy for an hour, and 1 is so since a moment ago.
func serveNow(t *testing.T, rates string) *flink.Client {
	t.Helper()
	began := time.Now()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/backpressure") {
			if rates == "" {
				w.WriteHeader(http.StatusNotFound)
				return
			}
			_, _ = w.Write([]byte(rates))
			return
		}
		const hour, renewal = 3_600_000, 300
		since := time.Since(began).Milliseconds() / renewal * renewal
		sub := func(i int, busy, idle int64) map[string]any {
			return map[string]any{
				"subtask": i, "status": running, "taskmanager-id": fmt.Sprintf("tm-%02d", i),
				"metrics": map[string]any{"accumulated-busy-time": busy, "accumulated-idle-time": idle},
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"id": "v0", "name": "v", "subtasks": []any{sub(0, hour, since), sub(1, since, hour)}})
	}))
	t.Cleanup(server.Close)
	client, err := flink.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// Who was busy for an hour hides who is busy now, unless it is now that is looked at.
func TestNow(t *testing.T) {
	const ok = `{"status":"ok","subtasks":[{"subtask":0,"ratio":0,"idleRatio":1,"busyRatio":0},{"subtask":1,"ratio":0,"idleRatio":0.02,"busyRatio":0.98}]}`
	for name, c := range map[string]struct {
		rates string
		basis Basis
		want  string
	}{
		"rates":       {ok, BasisRates, "tm-01"},
		"no rates":    {"", BasisReadings, "tm-01"},
		"not yet":     {`{"status":"deprecated"}`, BasisReadings, "tm-01"},
		"all unknown": {`{"status":"ok","subtasks":[{"subtask":0,"busyRatio":"NaN"}]}`, BasisReadings, "tm-01"},
		"another's":   {`<html>`, BasisReadings, "tm-01"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := serveNow(t, c.rates)
			g := Graph{Job: flink.Job{ID: "j", Vertices: []flink.Vertex{{ID: "v0"}}}}
			vertices, err := readVertices(t.Context(), client, g.Job)
			if err != nil {
				t.Fatal(err)
			}
			g.Vertices, g.ReadAt = vertices, time.Now()
			if first := g.TaskManagers()[0]; first != "tm-00" {
				t.Fatalf("%s comes first since the attempt began", first)
			}
			now, basis := Now(t.Context(), client, g, 300*time.Millisecond)
			if first := now.TaskManagers()[0]; first != c.want || basis != c.basis {
				t.Errorf("%s comes first, by %s; want %s by %s", first, basis, c.want, c.basis)
			}
		})
	}
}

// A Flink whose numbers never change, or that is gone, leaves the order as it was.
func TestNow_NothingNewer(t *testing.T) {
	g := flow(with(alike(2, 5, 0), 1, 90, 0))
	g.ReadAt, g.Job.ID = time.Now(), "j"
	dead, err := flink.New("http://127.0.0.1:1", nil)
	if err != nil {
		t.Fatal(err)
	}
	if now, basis := Now(t.Context(), dead, g, time.Millisecond); basis != BasisAttempt || now.TaskManagers()[0] != "tm-01" {
		t.Errorf("%v by %s", now.TaskManagers(), basis)
	}
}

// TestSampler_Carried measures what was done during the readings, not before.
func TestSampler_Carried(t *testing.T) {
	g := flow(alike(4, 0, 0))
	for i := range g.Vertices[0].Subtasks {
		g.Vertices[0].Subtasks[i].Metrics = flink.Metrics{Busy: 1000, ReadRecords: 50}
	}
	g.Vertices[0].Subtasks[0].Metrics.Busy = 9000
	s := &Sampler{tms: []string{"tm-00"}, graph: g, samples: []jobcontext.Sample{{Subtasks: counters(g.Vertices, nil)}}}
	if got := s.Carried(); got.Known {
		t.Errorf("one reading makes no difference: %+v", got)
	}
	s.graph = flow(alike(4, 0, 0))
	for i := range s.graph.Vertices[0].Subtasks {
		s.graph.Vertices[0].Subtasks[i].Metrics = flink.Metrics{Busy: 1300, ReadRecords: 150}
	}
	s.graph.Vertices[0].Subtasks[0].Metrics.Busy = 9100
	if got := s.Carried(); !got.Known || got.Busy != 0.1 || got.Records != 0.25 {
		t.Errorf("carried %+v", got)
	}
	if got := (&Sampler{}).Carried(); got.Known {
		t.Errorf("nothing was read: %+v", got)
	}
}
