package observe

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

func TestFrames(t *testing.T) {
	stack := `"map (1/2)#0" Id=67 TIMED_WAITING on java.lang.Object@1
	at java.base@17.0.15/jdk.internal.misc.Unsafe.park(Native Method)
	-  waiting on java.lang.Object@1
	at app//org.apache.flink.streaming.api.operators.StreamMap.processElement(StreamMap.java:38)
	at dev.example.Job$$Lambda$14/0x00007f5e.map(Unknown Source)
	at app//dev.example.Job$$Lambda$15/0x00007f5f.map(Unknown Source)
	...
`
	want := []string{
		"jdk.internal.misc.Unsafe.park", "org.apache.flink.streaming.api.operators.StreamMap.processElement",
		"dev.example.Job$$Lambda$14/0x00007f5e.map", "dev.example.Job$$Lambda$15/0x00007f5f.map",
	}
	if diff := cmp.Diff(want, frames(stack)); diff != "" {
		t.Errorf("frames (-want +got):\n%s", diff)
	}
	if n := len(frames(strings.Repeat("\tat a.b(c)\n", 1000))); n != maxFrames {
		t.Errorf("%d frames, want %d", n, maxFrames)
	}
}

func at(times ...int64) []jobcontext.Sample {
	out := []jobcontext.Sample{}
	for _, ms := range times {
		out = append(out, jobcontext.Sample{AtMillis: ms})
	}
	return out
}

func TestBetween(t *testing.T) {
	for name, test := range map[string]struct {
		samples  []jobcontext.Sample
		from, to int64
		want     []jobcontext.Sample
	}{
		"spans the window":      {at(0, 10, 20, 30, 40), 15, 35, at(10, 20, 30, 40)},
		"on the edges":          {at(0, 10, 20, 30, 40), 10, 30, at(10, 20, 30)},
		"nothing before":        {at(20, 30), 10, 25, at(20, 30)},
		"nothing after":         {at(0, 10), 5, 50, at(0, 10)},
		"shorter than interval": {at(0, 10), 2, 3, at(0, 10)},
		"none at all":           {nil, 0, 10, at()},
	} {
		s := &Sampler{samples: test.samples}
		if diff := cmp.Diff(test.want, s.between(test.from, test.to)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestDateBaseline(t *testing.T) {
	for name, test := range map[string]struct{ samples, want []jobcontext.Sample }{
		"renewed in the middle of an interval": {at(100, 6100), at(-3900, 6100)},
		"renewed at once: it was stale":        {at(100, 400), at(400)},
		"renewed late":                         {at(100, 12000), at(100, 12000)},
	} {
		s := &Sampler{samples: test.samples, renew: 10 * time.Second}
		s.dateBaseline()
		if diff := cmp.Diff(test.want, s.samples); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestGraph_TaskManagers(t *testing.T) {
	sub := func(tm, status string, busy, idle, back flink.Millis, written int64) flink.Subtask {
		m := flink.Metrics{Busy: busy, Idle: idle, BackPressured: back, WriteRecords: written}
		return flink.Subtask{TaskManagerID: tm, Status: status, Metrics: m}
	}
	for name, test := range map[string]struct {
		vertices [][]flink.Subtask
		want     []string
	}{
		"nothing is known of the load": {[][]flink.Subtask{
			{sub("b", running, 0, 0, 0, 0), sub("a", running, 0, 0, 0, 0), sub("c", "FINISHED", 9, 0, 0, 0)},
			{sub("c", running, 0, 0, 0, 0), sub("(unassigned)", running, 9, 0, 0, 0), sub("", running, 9, 0, 0, 0), sub("c", running, 0, 0, 0, 0)},
		}, []string{"c", "a", "b"}},
		"the busiest, then the backpressured": {[][]flink.Subtask{
			{sub("a", running, 1, 99, 0, 0), sub("b", running, 1, 0, 99, 0), sub("c", running, 1, 99, 0, 0)},
			{sub("a", running, 2, 98, 0, 0), sub("b", running, 2, 98, 0, 0), sub("c", running, 100, 0, 0, 0)},
		}, []string{"c", "b", "a"}},
		"a little busier by chance": {[][]flink.Subtask{
			{sub("b", running, 51, 49, 0, 0), sub("a", running, 50, 50, 0, 0)},
		}, []string{"a", "b"}},
		"a legacy source by its records": {[][]flink.Subtask{
			{sub("a", running, flink.Unknown, 0, 0, 14), sub("b", running, flink.Unknown, 0, 0, 1_057_053)},
		}, []string{"b", "a"}},
	} {
		g := Graph{}
		for _, subtasks := range test.vertices {
			g.Vertices = append(g.Vertices, flink.VertexDetails{Subtasks: subtasks})
		}
		if diff := cmp.Diff(test.want, g.TaskManagers()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestCollections(t *testing.T) {
	young := flink.GarbageCollector{Name: "young", Time: 10, Count: 2}
	old := flink.GarbageCollector{Name: "old", Time: 5, Count: 1}
	for name, test := range map[string]struct {
		in            []flink.GarbageCollector
		millis, count int64
	}{
		"sum":     {[]flink.GarbageCollector{young, old}, 15, 3},
		"all":     {[]flink.GarbageCollector{{Name: "All", Time: 15, Count: 3}, young, old}, 15, 3},
		"unknown": {nil, -1, -1},
	} {
		if millis, count := collections(test.in); millis != test.millis || count != test.count {
			t.Errorf("%s: %d ms, %d", name, millis, count)
		}
	}
}

// TestDump_ManyThreadsAreLeftAlone says that a JVM of more than a thousand threads is not dumped.
func TestDump_ManyThreadsAreLeftAlone(t *testing.T) {
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		_ = json.NewEncoder(w).Encode([]map[string]string{{"id": flink.MetricThreadCount, "value": "1001"}})
	}))
	t.Cleanup(server.Close)
	client, err := flink.New(server.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := NewSampler(client, Graph{}, []string{"tm"}, time.Second).Dump(t.Context())
	if len(d.Threads)+len(d.Census) != 0 || len(d.Missing) != 1 || !strings.Contains(d.Missing[0], "more than 1,000 threads") {
		t.Errorf("dump = %+v", d)
	}
	if diff := cmp.Diff([]string{"/taskmanagers/tm/metrics"}, asked); diff != "" {
		t.Errorf("asked (-want +got):\n%s", diff)
	}
}

// TestSampler_Unprofiled looks at what happened during the readings, not before.
func TestSampler_Unprofiled(t *testing.T) {
	sub := func(i int, tm string, attempt int, busy, idle flink.Millis) flink.Subtask {
		return flink.Subtask{Index: i, Attempt: attempt, Status: running, TaskManagerID: tm, Metrics: flink.Metrics{Busy: busy, Idle: idle}}
	}
	was := []jobcontext.Counters{{Vertex: "v", BusyMillis: 9000, IdleMillis: 1000}, {Vertex: "v", Subtask: 1, BusyMillis: 500, IdleMillis: 9500}}
	for name, test := range map[string]struct {
		now  []flink.Subtask
		tm   string
		what string
	}{
		"the work has moved":      {[]flink.Subtask{sub(0, "a", 0, 9100, 1900), sub(1, "b", 0, 1400, 9600)}, "b", "map (2/2), 90 % busy"},
		"the busiest is profiled": {[]flink.Subtask{sub(0, "a", 0, 9900, 1100), sub(1, "b", 0, 600, 10400)}, "", ""},
		"a new attempt":           {[]flink.Subtask{sub(0, "a", 0, 9100, 1900), sub(1, "b", 1, 400, 100)}, "b", "map (2/2), 80 % busy"},
		"nothing is known":        {[]flink.Subtask{sub(0, "a", 0, 0, 0), sub(1, "b", 0, 0, 0)}, "", ""},
	} {
		s := &Sampler{tms: []string{"a"}, samples: []jobcontext.Sample{{Subtasks: was}}}
		s.graph = Graph{Vertices: []flink.VertexDetails{{ID: "v", Name: "map", Subtasks: test.now}}}
		if tm, what := s.Unprofiled(); tm != test.tm || what != test.what {
			t.Errorf("%s: %q, %q", name, tm, what)
		}
	}
}
