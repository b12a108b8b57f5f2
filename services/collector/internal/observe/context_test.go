package observe

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

func TestPlainText(t *testing.T) {
	for in, want := range map[string]string{
		"Source: numbers<br/>+- random-integers<br/>   :- arbitrary-stall<br/>   +- sine<br/>": "Source: numbers\n+- random-integers\n   :- arbitrary-stall\n   +- sine",
		"[3]:Calc(where=[(a &gt; 1) AND b &lt;&gt; &#39;x&#39;])<BR />next&nbsp;one":           "[3]:Calc(where=[(a > 1) AND b <> 'x'])\nnext one",
		"a &amp;lt; b": "a &lt; b", // decoded once
		"":             "",
		"Sink: jdbc://me:hunter2@db/x, password=pw": "Sink: jdbc://***@db/x, password=***",
	} {
		if got := plainText(in); got != want {
			t.Errorf("plainText(%q) = %q, want %q", in, got, want)
		}
	}
	if got := plainText(strings.Repeat("é<br/>", 1<<20)); len(got) > maxDescription+4 || !strings.HasSuffix(got, "…") {
		t.Errorf("%d bytes", len(got))
	}
}

// TestCensus counts the threads of the public example whose limiter was in no context.
func TestCensus(t *testing.T) {
	thread := func(name, state string, frames ...string) flink.Thread {
		stack := fmt.Sprintf("%q Id=7 %s\n", name, state)
		for _, f := range frames {
			stack += "\tat " + f + "(X.java:1)\n"
		}
		return flink.Thread{Name: name, Stack: stack}
	}
	got := census("tm", []flink.Thread{
		thread("flink-rate-limiter-1", "TIMED_WAITING", "a.Sleep.park"), thread("pool-12-thread-3", "WAITING", "jdk.Unsafe.park", "java.util.concurrent.LinkedBlockingQueue.take", "java.util.concurrent.ThreadPoolExecutor.getTask", "x.run"),
		thread("pool-12-thread-4", "WAITING", "jdk.Unsafe.park", "a.Client.call", "java.util.concurrent.ThreadPoolExecutor$Worker.run"),
		thread("flink-rate-limiter-2", "RUNNABLE", "java.base@17/a.Limiter.acquire", "a.B.run"), thread("main", ""),
		thread("watch a9219e280f644607a21360c899336c63 token=hunter2", "WAITING"),
	})
	want := []jobcontext.ThreadGroup{
		{TaskManager: "tm", Name: "flink-rate-limiter-*", Count: 2, States: map[string]int{"RUNNABLE": 1, "TIMED_WAITING": 1}, Busy: 2, Dumps: 1, Frames: []string{"a.Limiter.acquire", "a.B.run"}},
		{TaskManager: "tm", Name: "pool-*-thread-*", Count: 2, States: map[string]int{"WAITING": 2}, Busy: 1, Dumps: 1, Frames: []string{"jdk.Unsafe.park", "a.Client.call", "java.util.concurrent.ThreadPoolExecutor$Worker.run"}},
		{TaskManager: "tm", Name: "main", Count: 1, States: map[string]int{"UNKNOWN": 1}, Dumps: 1},
		{TaskManager: "tm", Name: "watch * token=***", Count: 1, States: map[string]int{"WAITING": 1}, Dumps: 1},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("census (-want +got):\n%s", diff)
	}
	var many []flink.Thread
	for i := range 1000 {
		many = append(many, thread(strings.Repeat("x", i+1), "RUNNABLE", "a.b"))
	}
	if n := len(census("tm", many)); n != maxGroups {
		t.Errorf("%d groups", n)
	}
}

func TestJoinCensus(t *testing.T) {
	group := func(name string, count, running int, busy float64, dumps int, frame string) jobcontext.ThreadGroup {
		return jobcontext.ThreadGroup{
			TaskManager: "tm", Name: name, Count: count, States: map[string]int{"RUNNABLE": running}, Busy: busy, Dumps: dumps, Frames: []string{frame},
		}
	}
	once := joinCensus(nil, []jobcontext.ThreadGroup{group("a", 2, 1, 2, 1, "running"), group("b", 3, 0, 1, 1, "old"), group("d", 9, 9, 0, 1, "gone")})
	twice := joinCensus(once, []jobcontext.ThreadGroup{group("a", 4, 0, 1, 1, "waiting"), group("b", 1, 0, 0, 1, "new"), group("c", 1, 1, 1, 1, "c")})
	want := []jobcontext.ThreadGroup{
		group("a", 4, 0, 1.5, 2, "running"), group("b", 3, 0, 0.5, 2, "old"), group("d", 9, 9, 0, 2, "gone"), group("c", 1, 1, 0.5, 2, "c"),
	}
	if diff := cmp.Diff(want, twice); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	thrice := joinCensus(twice, []jobcontext.ThreadGroup{group("a", 4, 4, 3, 1, "again")})
	if g := thrice[0]; g.Busy != 2 || g.Dumps != 3 || thrice[3].Busy > 0.34 || thrice[3].Dumps != 3 {
		t.Errorf("a third dump: %+v", thrice)
	}
	other := joinCensus(once, []jobcontext.ThreadGroup{{TaskManager: "tm-2", Name: "a", Count: 1, Busy: 1, Dumps: 1}})
	if g := other[0]; g.Busy != 2 || g.Dumps != 1 {
		t.Errorf("a dump of another TaskManager: %+v", g)
	}
}

func TestCounters_OfAnAttempt(t *testing.T) {
	v := []flink.VertexDetails{{ID: "v", Subtasks: []flink.Subtask{
		{Index: 0, Attempt: 7, Status: running, StartTime: 55, TaskManagerID: "tm-1", Metrics: flink.Metrics{
			Busy: flink.Unknown, Idle: 2, BackPressured: 3, ReadRecords: 4, WriteRecords: 5, ReadComplete: true,
		}},
		{Index: 1, Status: "CREATED", StartTime: -1, TaskManagerID: "(unassigned)", Metrics: flink.Metrics{ReadComplete: true, WriteComplete: true}},
	}}}
	want := []jobcontext.Counters{
		{Vertex: "v", Attempt: 7, StartTime: 55, Status: "RUNNING", BusyMillis: -1, IdleMillis: 2, BackPressuredMillis: 3, ReadRecords: 4, WriteRecords: 5, WriteIncomplete: true},
		{Vertex: "v", Subtask: 1, Status: "CREATED"},
	}
	if diff := cmp.Diff(want, counters(v, nil)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got := counters(v, func(tm string) bool { return tm == "tm-1" }); len(got) != 1 {
		t.Errorf("of one TaskManager: %+v", got)
	}
}

// TestKeep hands readings from one sampler to another, whose clock began 40 s later by the JobManager's.
func TestKeep(t *testing.T) {
	graph := func(now int64) Graph { return Graph{Job: flink.Job{Now: now}, ReadAt: time.Now()} }
	first := NewSampler(nil, graph(1_000_000), nil, time.Second)
	first.samples = at(-5_000, 5_000, 15_000)
	w := first.Window("ITIMER", 30)
	w.from, w.to, w.open = 1_000, 1_000, true
	k1, ok := first.Unkept()
	if _, again := first.Unkept(); !ok || again {
		t.Fatalf("kept %t, and again %t", ok, again)
	}
	first.samples = append(first.samples, at(25_000)...)
	k2, _ := first.Unkept()
	if len(k1.Samples) != 3 || len(k2.Samples) != 1 {
		t.Fatalf("parts of %d and %d samples", len(k1.Samples), len(k2.Samples))
	}

	second := NewSampler(nil, graph(1_040_000), nil, time.Second)
	second.Keep([]Kept{k1, k2})
	if now := second.since(time.Now()); now < 39_000 || now > 45_000 {
		t.Errorf("it is %d ms, want 40 s after the first one began", now)
	}
	if w := second.Window("ITIMER", 30); w.from != 1_000 || w.to != 31_000 {
		t.Errorf("window from %d to %d", w.from, w.to)
	}
	second.samples = append(second.samples, at(45_000)...)
	if diff := cmp.Diff(at(-5_000, 5_000, 15_000, 25_000, 45_000), second.Windows()[0].Samples); diff != "" {
		t.Errorf("samples (-want +got):\n%s", diff)
	}
	if k, ok := second.Unkept(); !ok || len(k.Samples) != 1 || k.Began < 999_000 || k.Began > 1_001_000 {
		t.Errorf("the next part: %+v", k)
	}
	third := NewSampler(nil, Graph{}, nil, time.Second) // the job is gone
	third.Keep([]Kept{k1, k2})
	if got := len(third.Windows()[0].Samples); got != 4 {
		t.Errorf("without a clock: %d samples", got)
	}
}

func TestSummary(t *testing.T) {
	c := flink.Checkpoints{}
	for i := range 30 {
		c.History = append(c.History, flink.Checkpoint{ID: int64(30 - i), Status: flink.CheckpointFailed, FailureMessage: "no: password=hunter2\nmore"})
	}
	got := summary(c)
	if len(got.Recent) != maxCheckpoints || got.Recent[0].ID != 30 || got.Recent[0].AlignmentMS != -1 || got.Recent[0].Failure != "no: password=***" {
		t.Errorf("recent = %+v", got.Recent[0])
	}
}

func TestSlowest(t *testing.T) {
	tasks := map[string]flink.TaskCheckpoint{"c": {EndToEndDuration: 5}, "a": {EndToEndDuration: 5}, "b": {EndToEndDuration: 9}}
	for i := range 50 {
		tasks[fmt.Sprintf("x%02d", i)] = flink.TaskCheckpoint{}
	}
	got := slowest(tasks)
	if len(got) != timedVertices || strings.Join(got[:3], "") != "bac" {
		t.Errorf("slowest = %v", got)
	}
}

// TestCheckpoints_Configuration tells a job without checkpoints from a server that does not say.
func TestCheckpoints_Configuration(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		answer  string
		want    *jobcontext.CheckpointConfig
		missing bool
	}{
		"in force": {200, `{"mode":"exactly_once","interval":2000,"timeout":600000}`, &jobcontext.CheckpointConfig{Mode: "exactly_once", IntervalMS: 2000, TimeoutMS: 600_000}, false},
		"off":      {200, `{"mode":"at_least_once","interval":9223372036854775807}`, &jobcontext.CheckpointConfig{Mode: "at_least_once"}, false},
		"a batch job": {
			404, `{"errors":["org.apache.flink.runtime.rest.handler.RestHandlerException: Checkpointing is not enabled for this job (j)."]}`,
			&jobcontext.CheckpointConfig{}, false,
		},
		"a proxy": {404, `default backend - 404`, nil, true},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/config") {
				_, _ = w.Write([]byte(`{"counts":{"completed":1}}`))
				return
			}
			w.WriteHeader(test.status)
			_, _ = w.Write([]byte(test.answer))
		}))
		t.Cleanup(server.Close)
		client, err := flink.New(server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		d := NewDescription(client, Graph{Job: flink.Job{ID: "j"}}, nil)
		d.checkpoints(t.Context())
		if diff := cmp.Diff(test.want, d.out.Checkpoints.Config); diff != "" || test.missing != (len(d.out.Missing) > 0) {
			t.Errorf("%s: missing %q\n%s", name, d.out.Missing, diff)
		}
	}
}
