package operators

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

const (
	taskRoot   = "org/apache/flink/runtime/taskmanager/Task.run"
	network    = taskRoot + ";org/apache/flink/streaming/runtime/io/AbstractStreamTaskNetworkInput.emitNext"
	twoInputs  = taskRoot + ";org/apache/flink/streaming/runtime/io/StreamMultipleInputProcessor.processInput;org/apache/flink/streaming/runtime/io/AbstractStreamTaskNetworkInput.emitNext"
	fromSource = taskRoot + ";org/apache/flink/streaming/runtime/io/StreamTaskSourceInput.emitNext;org/apache/flink/streaming/api/operators/SourceOperator.emitNext"
	chained    = "org/apache/flink/streaming/runtime/tasks/ChainingOutput.collect"
	mapOp      = "org/apache/flink/streaming/api/operators/StreamMap.processElement"
	flatMapOp  = "org/apache/flink/streaming/api/operators/StreamFlatMap.processElement"
	keyedAgg   = "org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement;org/apache/flink/table/runtime/operators/aggregate/GroupAggFunction.processElement"
	calc       = "StreamExecCalc$12.processElement"
	heapState  = "org/apache/flink/runtime/state/heap/StateTable.get"
	timerMail  = taskRoot + ";org/apache/flink/streaming/runtime/tasks/mailbox/Mail.run"
)

// world is a job with one TaskManager, and what its vertices were busy for.
type world struct {
	vertices []jobcontext.Vertex
	busy     []float64
	threads  []jobcontext.Thread
	others   []jobcontext.Vertex
	theirs   []float64
	shared   bool
}

func vertex(name string, ships ...string) jobcontext.Vertex {
	v := jobcontext.Vertex{ID: name, Name: name, Subtasks: []jobcontext.Subtask{{TaskManager: "tm", Status: "RUNNING"}}}
	for _, ship := range ships {
		v.Inputs = append(v.Inputs, jobcontext.Input{Vertex: "up", Ship: ship})
	}
	return v
}

// window gives each vertex its share of 10 s.
func counters(job string, vertices []jobcontext.Vertex, busy []float64, end bool) []jobcontext.Counters {
	var out []jobcontext.Counters
	for i, v := range vertices {
		c := jobcontext.Counters{Job: job, Vertex: v.ID}
		if end {
			c.BusyMillis = int64(10000 * busy[i])
			c.IdleMillis = 10000 - c.BusyMillis
		}
		out = append(out, c)
	}
	return out
}

func (w *world) context() *jobcontext.Context {
	c := &jobcontext.Context{Version: 2, Vertices: w.vertices, Threads: w.threads, TaskManagers: []jobcontext.TaskManager{{ID: "tm"}}}
	samples := []jobcontext.Sample{{}, {AtMillis: 10000}}
	for i := range samples {
		samples[i].Subtasks = counters("", w.vertices, w.busy, i == 1)
		samples[i].Others = counters("b", w.others, w.theirs, i == 1)
	}
	c.Windows = []jobcontext.Window{{Mode: "WALL", Seconds: 10, Samples: samples}}
	if w.shared {
		c.TaskManagers[0].OtherJobs = 1
	}
	if len(w.others) > 0 {
		c.OtherJobs = []jobcontext.OtherJob{{ID: "b", Name: "b", Vertices: w.others}}
	}
	return c
}

// places attributes WALL stacks, of which a thread gets 200, and lists the vertices by the last words of a line.
func (w *world) places(t *testing.T, lines ...string) map[string]string {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(strings.Join(lines, "\n")+"\n"), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	c := w.context()
	r := recording{context: c, plan: Read(c, limits.Loads(c), scanner.IsUser)}
	r.captures = []Capture{{JVM: "tm", Scan: scanner.Scan(flamegraph.Merge(g), mechanisms.FamilyWall), PerThread: 200}}
	r.Attribution = Attribute(r.plan, r.captures)
	got := map[string]string{}
	var sum uint64
	for _, at := range r.parts(0) {
		got[last(at.stack)] = r.names(&at.place)
		sum += at.samples
	}
	if all := r.captures[0].Scan.TaskActive; sum != all {
		t.Errorf("parts hold %d samples of %d", sum, all)
	}
	return got
}

func last(stack string) string {
	frame := stack[strings.LastIndexByte(stack, ';')+1:]
	parts := strings.Split(frame, ".")
	return strings.Join(parts[max(0, len(parts)-2):], ".")
}

// TestPlaces: what structure, keys, dumps, words and counters decide, and what they leave open.
func TestPlaces(t *testing.T) {
	sql := world{
		vertices: []jobcontext.Vertex{
			vertex("Source: bids[1] -> (Calc[2], Calc[6])"), vertex("Join[10] -> Calc[11]", "HASH", "HASH"),
			vertex("GroupAggregate[13] -> Calc[14]", "HASH"), vertex("GroupAggregate[16] -> out[17]: Writer", "HASH"),
		},
		busy: []float64{0.5, 0.9, 0.4, 0.2},
	}
	lazy := sql
	lazy.busy = []float64{0.5, 0.9, 0.4, 0.01}
	stream := world{
		vertices: []jobcontext.Vertex{
			vertex("Source: ticks"), vertex("parse", "REBALANCE"), vertex("tally", "HASH"), vertex("Flat Map -> Filter", "REBALANCE"),
		},
		busy: []float64{0.1, 0.9, 0.9, 0.9},
	}
	dumped := stream
	dumped.threads = []jobcontext.Thread{{
		TaskManager: "tm", Name: "parse (1/1)#0",
		Frames: []string{"com.acme.Heavy.map", "org.apache.flink.runtime.taskmanager.Task.run"},
	}}
	tests := []struct {
		name  string
		world world
		line  string
		want  string
	}{
		{"two inputs", sql, twoInputs + ";org/apache/flink/table/runtime/operators/join/stream/StreamingJoinOperator.processElement1 40", "[Join[10] -> Calc[11]] [Join[10]]"},
		{"one of two aggregations", sql, network + ";" + keyedAgg + " 40", "[GroupAggregate[13] -> Calc[14] GroupAggregate[16] -> out[17]: Writer] [GroupAggregate[13] GroupAggregate[16]]"},
		{"one of them was hardly busy", lazy, network + ";" + keyedAgg + " 40", "[GroupAggregate[13] -> Calc[14]] [GroupAggregate[13]]"},
		{"too few samples to weigh", lazy, network + ";" + keyedAgg + " 3", "[GroupAggregate[13] -> Calc[14] GroupAggregate[16] -> out[17]: Writer] [GroupAggregate[13] GroupAggregate[16]]"},
		{"reading two inputs", sql, twoInputs + " 4", "[Join[10] -> Calc[11]] []"},
		{"reading one input", sql, network + " 4", "[GroupAggregate[13] -> Calc[14] GroupAggregate[16] -> out[17]: Writer] []"},
		{"a key, and no name", stream, network + ";" + mapOp + ";com/acme/Heavy.map;" + heapState + " 40", "[tally] [tally]"},
		{"any of those with names of their own", stream, network + ";" + mapOp + ";com/acme/Heavy.map 40", "[parse tally] [parse tally]"},
		{"a dump", dumped, network + ";" + mapOp + ";com/acme/Heavy.map 40", "[parse] [parse]"},
		{"a dump of another function", dumped, network + ";" + mapOp + ";com/acme/Light.map 40", "[parse tally] [parse tally]"},
		{"a word", stream, network + ";" + mapOp + ";com/acme/ParseLines.map 40", "[parse] [parse]"},
		{"a default name", stream, network + ";" + flatMapOp + ";com/acme/Heavy.flatMap;" + chained + ";org/apache/flink/streaming/api/operators/StreamFilter.processElement 4", "[Flat Map -> Filter] [Filter]"},
		{"behind an aggregation", sql, network + ";" + keyedAgg + ";" + chained + ";" + calc + " 40", "[GroupAggregate[13] -> Calc[14]] [Calc[14]]"},
		{"behind a join", sql, twoInputs + ";org/apache/flink/table/runtime/operators/join/stream/StreamingJoinOperator.processElement2;" + chained + ";" + calc + " 4", "[Join[10] -> Calc[11]] [Calc[11]]"},
		{"one of two branches", sql, fromSource + ";" + chained + ";" + calc + " 4", "[Source: bids[1] -> (Calc[2], Calc[6])] [Calc[2] Calc[6]]"},
		{"an operator that lets others run while it waits", dumped, network + ";" + mapOp + ";com/acme/Heavy.map;org/apache/flink/streaming/runtime/tasks/mailbox/Mail.run;X.y 4", "[parse] [parse]"},
		{"an operator of the user's own", stream, network + ";com/acme/Dedup.processElement 4", "[parse tally] [parse tally]"},
		{"a timer behind the first operator", stream, timerMail + ";org/apache/flink/streaming/api/operators/StreamFilter.processElement 4", "[parse tally Flat Map -> Filter] [parse tally Filter]"},
	}
	for _, test := range tests {
		for _, got := range test.world.places(t, test.line) {
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s: %s", test.name, diff)
			}
		}
	}
}

// TestJobs: what several jobs on a TaskManager share is split by their counters, and stays open where those are unknown.
func TestJobs(t *testing.T) {
	own := []jobcontext.Vertex{vertex("Source: a"), vertex("work", "HASH")}
	theirs := []jobcontext.Vertex{vertex("Source: b"), vertex("toil", "HASH")}
	line := network + ";org/apache/flink/streaming/runtime/streamrecord/StreamElementSerializer.deserialize;org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.deserialize 120"
	for name, test := range map[string]struct {
		busy, theirs []float64
		want         string
	}{
		"this one slept": {[]float64{0, 0.02}, []float64{0.3, 0.9}, "[other:toil] []"},
		"they slept":     {[]float64{0.1, 0.9}, []float64{0, 0.01}, "[work] []"},
		"both worked":    {[]float64{0.1, 0.9}, []float64{0.2, 0.8}, "[work other:toil] []"},
	} {
		w := world{vertices: own, busy: test.busy, others: theirs, theirs: test.theirs, shared: true}
		for _, got := range w.places(t, line) {
			if got != test.want {
				t.Errorf("%s: %s, want %s", name, got, test.want)
			}
		}
	}
	unknown := world{vertices: own, busy: []float64{0.1, 0.3}, shared: true}
	for _, got := range unknown.places(t, line) {
		if got != "[work other:] []" {
			t.Errorf("nothing is known of the other job: %s", got)
		}
	}
}
