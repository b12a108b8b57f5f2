package diagnose

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// possibleAt is the first mechanism of an id that is possible at an operator.
func possibleAt(g *Ground, id string) *Possible {
	for _, o := range g.Operators() {
		for i := range o.Possible {
			if o.Possible[i].Mechanism == id {
				return &o.Possible[i]
			}
		}
	}
	return nil
}

// operatorNamed is the operator with a name.
func operatorNamed(t *testing.T, g *Ground, name string) *Operator {
	t.Helper()
	for i, o := range g.Operators() {
		if o.Name == name {
			return &g.operators[i]
		}
	}
	t.Fatalf("no operator %s", name)
	return nil
}

const asks = "TASK;MAP;com/shop/Price.map;jdk/internal/net/http/HttpClientImpl.send;java/util/concurrent/CompletableFuture.get;jdk/internal/misc/Unsafe.park 190"

// TestPossible: what a finding stands for is possible where its frames are, and nowhere else.
func TestPossible(t *testing.T) {
	wall := capture("tm-1", events.ModeWall, graph(t, asks, "TASK;SOURCE;com/shop/In.poll 4", "IDLE 196"))
	res := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{wall}})
	g := res.Ground()
	work, in := operatorNamed(t, g, "work"), operatorNamed(t, g, "Source: in")
	if !slices.Equal(work.Findings, []string{"R1"}) || res.Analysis.Findings[0].Rule != "A2" || len(in.Findings) > 0 {
		t.Fatalf("%v in %v, %v", fired(res), work.Findings, in.Findings)
	}
	if len(work.Possible) != 1 || len(in.Possible) > 0 || !work.Limiting || in.Limiting {
		t.Fatalf("%+v, %+v", work, in)
	}
	p := work.Possible[0]
	if p.Mechanism != "A4" || p.Samples != 190 || p.Share < 0.9 || !strings.HasPrefix(p.Why, "R1 (Synchronous HTTP call per record, rule A2) stands for it") {
		t.Errorf("%+v", p)
	}
	for _, f := range p.Facts {
		if slices.ContainsFunc(res.Analysis.Evidence, func(own events.Fact) bool { return own.ID == f.ID }) {
			t.Errorf("%s is of the analysis", f.ID)
		}
		if inside, all, ok := g.Within(f, work.ID); f.Count != nil && (!ok || inside != all || all != 190) {
			t.Errorf("%d of %d: %s", inside, all, f.Text)
		}
	}
}

// TestPossible_Unknown: nobody knows the size of the windows, and so whether there are too many.
func TestPossible_Unknown(t *testing.T) {
	const window = "TASK;org/apache/flink/streaming/runtime/operators/windowing/WindowOperator.processElement 300"
	of := func(name string) *Ground {
		c := &jobcontext.Context{
			Version: jobcontext.Version, FlinkVersion: "1.20.5", TaskManagers: []jobcontext.TaskManager{{ID: "tm-1"}},
			Vertices: []jobcontext.Vertex{{ID: "v", Name: name, Parallelism: 1}},
		}
		return diagnoseOK(t, Input{Context: c, Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, window))}}).Ground()
	}
	if p := possibleAt(of("hourly"), "C20"); p == nil || !strings.Contains(p.Why, "not known") || !strings.Contains(p.Proves, "windows") {
		t.Errorf("%+v", p)
	}
	if p := possibleAt(of("SlidingEventTimeWindows(60000, 60000)"), "C20"); p != nil && !strings.Contains(p.Why, "not known") {
		t.Errorf("%+v", p)
	}
}

// TestPossible_Backend: frames of a backend that the job does not have are another job's.
func TestPossible_Backend(t *testing.T) {
	const stack = "TASK;org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement;com/shop/Cart.processElement;" +
		"org/apache/flink/contrib/streaming/state/RocksDBListState.update;org/apache/flink/contrib/streaming/state/RocksDBValueState.value;org/rocksdb/RocksDB.get 300"
	for backend, possible := range map[string]bool{"": true, "EmbeddedRocksDBStateBackend": true, "HashMapStateBackend": false} {
		j := conditionJob{Vertex: "KeyedProcess", Backend: backend}
		res := diagnoseOK(t, Input{Context: j.context(), Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, stack))}})
		if p := possibleAt(res.Ground(), "C1"); slices.Contains(fired(res), "C1") || (p != nil) != possible {
			t.Errorf("%q: fired %v, possible %+v", backend, fired(res), p)
		}
	}
}

// TestGround_Samples counts what lies where: below a caller, together with something else, in an operator.
func TestGround_Samples(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE;com/shop/In.poll;com/shop/Codec.read 40", "TASK;MAP;com/shop/Sum.map;com/shop/Sum.heavy;com/shop/Codec.read 100",
		"TASK;MAP;com/shop/Sum.map;com/shop/Codec.read 60", "com/shop/Pool.run;com/shop/Codec.read 30")
	res := diagnoseOK(t, Input{Context: limited().Context, Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}})
	g := res.Ground()
	read := events.Fact{ID: "read", Mode: events.ModeITimer, Count: &events.Count{
		Mode: events.ModeITimer, JVMs: []string{"tm-1"}, Match: []string{"com.shop.Codec.read"}, Self: true,
	}}
	at := slices.IndexFunc(res.Analysis.Evidence, func(f events.Fact) bool {
		return strings.HasPrefix(f.ID, "T") && f.Frame == "com.shop.Codec.read" && f.Count.Samples == 100
	})
	if at < 0 {
		t.Fatalf("no line of a tree shows Codec.read below Sum.heavy: %+v", res.Analysis.Evidence)
	}
	heavy := res.Analysis.Evidence[at]
	work, in, beside := operatorNamed(t, g, "work"), operatorNamed(t, g, "Source: in"), operatorNamed(t, g, processName)
	for _, c := range []struct {
		fact     events.Fact
		operator *Operator
		inside   int64
		all      int64
	}{{read, work, 160, 230}, {read, in, 40, 230}, {read, beside, 30, 230}, {heavy, work, 100, 100}, {heavy, in, 0, 100}} {
		if inside, all, ok := g.Within(c.fact, c.operator.ID); !ok || inside != c.inside || all != c.all {
			t.Errorf("%d of %d of %s in %s, want %d of %d", inside, all, c.fact.ID, c.operator.Name, c.inside, c.all)
		}
	}
	for _, c := range []struct {
		fact  events.Fact
		above string
		below int64
	}{
		{read, "Sum.heavy", 100},
		{read, "Sum.map", 160},
		{read, "Codec.read", 0},
		{heavy, "Sum.heavy", 100},
		{heavy, "Sum.map", 100},
		{heavy, "In.poll", 0},
		{heavy, "Codec.read", 0},
	} {
		paths := g.Frames(c.above)
		if below, _, ok := g.Below(c.fact, paths); !ok || below != c.below {
			t.Errorf("%d of %s below %v, want %d", below, c.fact.ID, paths, c.below)
		}
	}
	if both, all, ok := g.Both(read, heavy); !ok || both != 100 || all != 230 {
		t.Errorf("%d of %d in both", both, all)
	}
	if both, all, ok := g.Both(heavy, read); !ok || both != 100 || all != 100 {
		t.Errorf("%d of %d in both", both, all)
	}
	if n, all := g.Count(g.Frames("com.shop.Sum.heavy"), work.ID); n != 100 || all != 160 {
		t.Errorf("%d of %d", n, all)
	}
	if n, all := g.Count([]string{"com.shop.Codec.read"}, ""); n != 230 || all != 230 {
		t.Errorf("%d of %d", n, all)
	}
	if g.Frames("no.Such.frame") != nil {
		t.Error("a frame that no page has")
	}
}

// TestGround_Feeds follows the plan, over edges and within a chain.
func TestGround_Feeds(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in -> parse", nil, load{0.1, 0, 9}).vertex("a -> (b, c)", []string{"Source: in -> parse"}, load{0.9, 0.1, 9}).
		vertex("side", []string{"Source: in -> parse"}, load{0.1, 0.1, 9}).vertex("out: Writer", []string{"a -> (b, c)"}, load{0.9, 0.1, 9})
	g := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, "TASK;MAP 100"))}}).Ground()
	for edge, want := range map[string]mechanisms.Truth{
		"Source: in > parse": mechanisms.Yes, "parse > Source: in": mechanisms.No, "Source: in > b": mechanisms.Yes, "parse > out: Writer": mechanisms.Yes,
		"out: Writer > a": mechanisms.No, "side > out: Writer": mechanisms.No, "a > out: Writer": mechanisms.Yes, "b > c": mechanisms.No,
		"b > out: Writer": mechanisms.Unknown, "a > a": mechanisms.No,
	} {
		from, to, _ := strings.Cut(edge, " > ")
		if got := g.Feeds(operatorNamed(t, g, from).ID, operatorNamed(t, g, to).ID); got != want {
			t.Errorf("%s: %d, want %d", edge, got, want)
		}
	}
	if g.Feeds("O1", "O99") != mechanisms.Unknown {
		t.Error("an operator that is not there")
	}
}

// TestGround_InForce: what the code of a job may set is not sure from the cluster's configuration.
func TestGround_InForce(t *testing.T) {
	c := (&conditionJob{Vertex: "v", Backend: "HashMapStateBackend", Config: map[string]string{
		"pipeline.object-reuse": "true", "taskmanager.numberOfTaskSlots": "3",
	}}).context()
	c.Checkpoints.Config.Mode, c.Checkpoints.Config.IntervalMS = "exactly_once", 60_000
	g := diagnoseOK(t, Input{Context: c, Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, "TASK;MAP 100"))}}).Ground()
	for key, want := range map[string]struct {
		value string
		sure  bool
	}{"pipeline.object-reuse": {"true", false}, "taskmanager.numberOfTaskSlots": {"3", true}, "state.backend.type": {"hashmap", true}} {
		if value, sure := g.InForce(key); value != want.value || sure != want.sure {
			t.Errorf("%s is %s, sure: %v", key, value, sure)
		}
	}
	if job := g.Job("O1"); job.Backend != "hashmap" || job.Flink != "1.20.5" {
		t.Errorf("%+v", job)
	}
}

// TestGround_Pages: without a plan the operators are those that the frames show.
func TestGround_Pages(t *testing.T) {
	cpu := graph(t, "TASK;SOURCE;com/shop/In.poll 40", "TASK;MAP;com/shop/Sum.map 100", "TASK;MAP;com/shop/Tax.map 60", "TASK 10", "com/shop/Pool.run 30")
	g := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}}).Ground()
	var got []string
	for _, o := range g.Operators() {
		got = append(got, o.Name+" "+itoa(int(o.Samples)))
	}
	want := []string{"StreamMap (Sum) 100", "StreamMap (Tax) 60", "SourceOperator (In) 40", "network, mailbox, checkpoint 10", processName + " 30"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if g.Feeds("O1", "O2") != mechanisms.Unknown {
		t.Error("there is no plan")
	}
}

// TestGround_PagesFindings: without a plan, too, a finding is told at the operator that its samples lie in, and what is possible
// beside it.
func TestGround_PagesFindings(t *testing.T) {
	cpu := graph(t, "TASK;MAP;com/shop/Sum.map;java/util/regex/Pattern.compile 100", "TASK;MAP;com/shop/Tax.map 160", "TASK;MAP;com/shop/Tax.map;com/fasterxml/jackson/databind/ObjectMapper.readValue;com/fasterxml/jackson/databind/ObjectMapper.<init> 80")
	res := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}})
	at := map[string]string{} // rules of the findings by operator
	for _, o := range res.Ground().Operators() {
		for _, f := range res.Analysis.Findings {
			if slices.Contains(o.Findings, f.ID) {
				at[f.Rule] += o.Name + " "
			}
		}
	}
	if at["A6"] != "StreamMap (Sum) " || at["A19"] != "StreamMap (Tax) " {
		t.Errorf("findings are told at %v", at)
	}
	for _, f := range res.Analysis.Findings {
		if at[f.Rule] == "" {
			t.Errorf("%s %s is told nowhere", f.Rule, f.Title)
		}
	}
}

// TestGround_Nil: what is asked of nothing is unknown.
func TestGround_Nil(t *testing.T) {
	var g *Ground
	_, _, within := g.Within(events.Fact{}, "O1")
	_, _, below := g.Below(events.Fact{}, nil)
	_, _, both := g.Both(events.Fact{}, events.Fact{})
	_, fact := g.Fact("F1")
	if g.Operators() != nil || within || below || both || fact || g.Frames("a") != nil || g.Feeds("O1", "O2") != mechanisms.Unknown {
		t.Error("nothing says something")
	}
}
