package scan

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

const (
	task = "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/streaming/runtime/tasks/StreamTask.invoke"
	idle = task + ";org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.processMailsWhenDefaultActionUnavailable;" +
		"org/apache/flink/streaming/runtime/tasks/mailbox/TaskMailboxImpl.take;jdk/internal/misc/Unsafe.park"
	source = task + ";org/apache/flink/streaming/api/operators/SourceOperator.emitNext"
	opMap  = "org/apache/flink/streaming/api/operators/StreamMap.processElement"
	chain  = "org/apache/flink/streaming/runtime/tasks/ChainingOutput.collect"
)

func scan(t *testing.T, family mechanisms.Family, lines ...string) *Scan {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(strings.Join(lines, "\n")+"\n"), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return NewScanner(mechanisms.Default()).Scan(flamegraph.Merge(g), family)
}

func TestCounts(t *testing.T) {
	s := scan(t, mechanisms.FamilyWall,
		idle+" 100",
		task+";"+opMap+";com/shop/A.map;java/lang/Thread.sleep;__futex_abstimed_wait_common 30",
		task+";"+opMap+";com/shop/A.map 20",
		"org/apache/flink/streaming/runtime/tasks/SourceStreamTask$LegacySourceFunctionThread.run;org/apache/flink/streaming/api/operators/StreamSource.run;com/shop/Src.run 50",
		"java/lang/Thread.run;com/shop/Pool.run;com/shop/Pool.work 7",
		"java/lang/Thread.run;com/shop/Pool.run;java/util/concurrent/ThreadPoolExecutor.getTask;jdk/internal/misc/Unsafe.park 60",
		"__futex_abstimed_wait_common 40",
		"[unknown_Java];foo 2", "[unknown_Java] 1",
	)
	got := map[string]uint64{
		"total": s.Total, "idle": s.Idle, "task": s.Task, "source": s.SourceRoots, "active": s.TaskActive,
		"waiting": s.TaskWaiting, "unresolved": s.Unresolved,
	}
	want := map[string]uint64{
		"total": 310, "idle": 200, "task": 150, "source": 50, "active": 100, "waiting": 30, "unresolved": 1,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if s.ActiveWidth[flamegraph.Root] != s.Active() {
		t.Errorf("the root holds %d active samples of %d", s.ActiveWidth[flamegraph.Root], s.Active())
	}
	var sum uint64
	for _, n := range s.Categories {
		sum += n
	}
	if sum != s.Active() {
		t.Errorf("categories hold %d samples of %d", sum, s.Active())
	}
	if len(s.Helpers) != 1 || s.Graph.Name(s.Helpers[0].Anchor) != "com.shop.Pool.run" || s.Helpers[0].Samples != 7 {
		t.Errorf("helpers %+v", s.Helpers)
	}
}

// TestChains: each operator of a chain has its own samples, and a lambda is known by its method.
func TestChains(t *testing.T) {
	s := scan(t, mechanisms.FamilyCPU,
		source+";com/shop/Gen.next 5",
		source+";"+chain+";"+opMap+";com/shop/A.map 10",
		source+";"+chain+";"+opMap+";"+chain+";"+opMap+";com/shop/Job$$Lambda$14/0x0008.map;com/shop/Job.lambda$main$0;com/shop/B.of 20",
		source+";"+chain+";"+opMap+";com/shop/Flat.flatMap;"+chain+";"+opMap+";com/shop/C.map 40",
	)
	got := map[string]uint64{}
	for _, c := range s.Chains {
		anchor := "-"
		if c.Anchor != NoName {
			anchor = s.Graph.Name(c.Anchor)
		}
		if c.Active > 0 {
			got[anchor] += c.Running
		}
	}
	want := map[string]uint64{"com.shop.Gen.next": 5, "com.shop.A.map": 10, "com.shop.Job.lambda$main$0": 20, "com.shop.C.map": 40}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, c := range s.Chains {
		root := c
		for root.Parent >= 0 {
			root = s.Chains[root.Parent]
		}
		if !root.Source {
			t.Errorf("chain of %s does not start at a source", s.Graph.Name(c.Operator))
		}
	}
}

// TestRecursion: a rule that matches inside itself counts once.
func TestRecursion(t *testing.T) {
	kryo := "org/apache/flink/api/java/typeutils/runtime/kryo/KryoSerializer.copy"
	s := scan(t, mechanisms.FamilyCPU, task+";"+opMap+";"+kryo+";x/Y.z;"+kryo+" 10", task+";"+opMap+";"+kryo+" 3")
	if len(s.Sites) != 1 || s.Sites[0].Samples != 13 {
		t.Errorf("sites %+v", s.Sites)
	}
}

// TestOverriddenOutside: the rule that is overridden matches first and yields only what both match.
func TestOverriddenOutside(t *testing.T) {
	future := task + ";" + opMap + ";com/shop/A.map;java/util/concurrent/CompletableFuture.join;"
	s := scan(t, mechanisms.FamilyWall,
		future+"jdk/internal/misc/Unsafe.park 10", future+"com/shop/Call.run;jdk/internal/net/http/HttpClientImpl.send;jdk/internal/misc/Unsafe.park 20")
	got := map[string]uint64{}
	for _, site := range s.Sites {
		got[mechanisms.Default().Mechanisms[site.Rule].ID] = site.Samples
	}
	if diff := cmp.Diff(map[string]uint64{"A4": 10, "A2": 20}, got); diff != "" {
		t.Error(diff)
	}
}

func TestPrune(t *testing.T) {
	lines := []string{idle + " 1000", task + ";" + opMap + ";com/shop/A.map;com/shop/A.map;java/lang/Thread.sleep;__futex_abstimed_wait_common 500"}
	for i := range 300 {
		lines = append(lines, task+";"+opMap+";com/shop/B.map;com/shop/B.step"+strings.Repeat("x", i%100)+" 5")
	}
	s := scan(t, mechanisms.FamilyWall, lines...)
	tree := Prune(s, s.ActiveWidth, 2, 30)
	if len(tree) > 30 {
		t.Fatalf("%d lines", len(tree))
	}
	var names []string
	for _, l := range tree {
		names = append(names, strings.Repeat(" ", l.Depth)+s.Graph.Name(l.Frame))
	}
	want := []string{
		"org.apache.flink.runtime.taskmanager.Task.run", " org.apache.flink.streaming.api.operators.StreamMap.processElement",
		"  com.shop.B.map", "  com.shop.A.map", "   java.lang.Thread.sleep",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
}

func TestIsUser(t *testing.T) {
	scanner := NewScanner(mechanisms.Default())
	for name, want := range map[string]bool{
		"com.shop.Cart.add": true, "org.apache.flink.streaming.examples.wordcount.WordCount.map": true,
		"StreamExecCalc$*.processElement": false, "org.apache.flink.playgrounds.ops.Map.map": true, "M.map": true,
		"org.apache.flink.streaming.api.Foo.bar": false, "org.apache.beam.sdk.Foo.bar": false, "java.lang.Thread.sleep": false, "org.apache.flink.api.Foo.bar": false,
		"com.shop.shaded.com.fasterxml.jackson.X.y": false, "JavaThread::run": false, "libmSin": false, "libc.so.6": false,
		"[unknown]": false, "": false,
	} {
		if got := scanner.IsUser(name); got != want {
			t.Errorf("IsUser(%q) = %v", name, got)
		}
	}
}

// TestHelpers: what works outside the tasks is told by its thread and its first user frame.
func TestHelpers(t *testing.T) {
	fetcher := "java/lang/Thread.run;java/util/concurrent/ThreadPoolExecutor.runWorker;" +
		"org/apache/flink/connector/base/source/reader/fetcher/SplitFetcher.run;"
	s := scan(t, mechanisms.FamilyWall,
		"java/lang/Thread.run;com/acme/Loop.run;com/shop/Callback.accept 5", "java/lang/Thread.run;com/acme/Loop.run;java/lang/Thread.sleep 6",
		fetcher+"org/apache/kafka/clients/consumer/KafkaConsumer.poll 4", fetcher+"com/shop/Reader.fetch 3", "java/lang/Thread.run;java/util/X.y 9",
	)
	var got []string
	for _, h := range s.Helpers {
		anchor := "-"
		if h.Anchor != NoName {
			anchor = s.Graph.Name(h.Anchor)
		}
		got = append(got, fmt.Sprintf("%s %s %d %d", s.Graph.Name(h.Root), anchor, h.Samples, h.Waiting))
	}
	want := []string{
		"com.acme.Loop.run com.acme.Loop.run 11 6",
		"org.apache.flink.connector.base.source.reader.fetcher.SplitFetcher.run - 4 0",
		"org.apache.flink.connector.base.source.reader.fetcher.SplitFetcher.run com.shop.Reader.fetch 3 0",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestKernelAndPackages: the kernel is a category of its own unless it waits, and user code is known by its function.
func TestKernelAndPackages(t *testing.T) {
	s := scan(t, mechanisms.FamilyCPU,
		task+";"+opMap+";com/shop/A.map;tcp_sendmsg_[k] 5", task+";"+opMap+";com/shop/A.map;java/lang/Thread.sleep;hrtimer_[k] 7",
		task+";"+opMap+";com/shop/A.map;java/util/HashMap.get 3", task+";"+opMap+";com/shop/A.map;com/shop/util/B.of 2",
	)
	scanner := NewScanner(mechanisms.Default())
	got := map[string]uint64{}
	for i, n := range s.Categories {
		if n > 0 {
			got[scanner.Category(i)] += n
		}
	}
	for name, n := range s.User {
		got[s.Graph.Name(name)] = n
	}
	want := map[string]uint64{"kernel": 5, "user code": 12, "com.shop.A.map": 10, "com.shop.util.B.of": 2}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEnds: allocations and locks end in a class, which is no function of the user.
func TestEnds(t *testing.T) {
	for _, family := range []mechanisms.Family{mechanisms.FamilyAlloc, mechanisms.FamilyLock} {
		s := scan(t, family,
			task+";"+opMap+";com/shop/A.map;com/shop/Cache.get;java/util/HashMap.put;com/shop/Event 6",
			task+";"+opMap+";com/shop/Event 2", "java/lang/Thread.run;java/util/HashMap.put;byte[] 1")
		var got []string
		name := func(id flamegraph.NameID) string {
			if id == NoName {
				return "-"
			}
			return s.Graph.Name(id)
		}
		for _, e := range s.Ends {
			got = append(got, fmt.Sprintf("%s %s %s %d", name(e.Class), name(e.Caller), name(e.Anchor), e.Samples))
		}
		want := []string{
			"com.shop.Event com.shop.Cache.get com.shop.A.map 6",
			"com.shop.Event org.apache.flink.streaming.api.operators.StreamMap.processElement - 2", "byte[] java.util.HashMap.put - 1",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// TestAround: callers and callees of a frame, with recursion counted once.
func TestAround(t *testing.T) {
	s := scan(t, mechanisms.FamilyCPU,
		"a/A.a;a/B.b;a/C.c 3", "a/D.d;a/B.b;a/B.b;a/E.e 5", "a/A.a;a/B.b 2", "a/F.f 7", idle+" 9")
	b := s.NameOf("a.B.b")
	n := Around(s, []flamegraph.NameID{b}, 5)[0]
	text := func(list []Neighbour) (out []string) {
		for _, x := range list {
			out = append(out, fmt.Sprintf("%s %d", s.Graph.Name(x.Frame), x.Samples))
		}
		return out
	}
	if n.Samples != 10 {
		t.Errorf("%d samples, want 10", n.Samples)
	}
	if diff := cmp.Diff([]string{"a.A.a 5", "a.D.d 5"}, text(n.Callers)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"a.E.e 5", "a.C.c 3"}, text(n.Callees)); diff != "" {
		t.Error(diff)
	}
	if s.NameOf("a.None.x") != NoName {
		t.Error("a name that is not there was found")
	}
}

// chainsOf returns the active samples by operator and function.
func chainsOf(s *Scan) map[string]uint64 {
	got := map[string]uint64{}
	for _, c := range s.Chains {
		name := s.Graph.Name(c.Operator)
		if c.Anchor != NoName {
			name += " " + s.Graph.Name(c.Anchor)
		}
		if c.Active > 0 {
			got[name] += c.Active
		}
	}
	return got
}

// TestOperatorsByStructure: the first frame with such a name below the task, an output or the timers is an operator,
// whatever its package; a function with such a name is none, and machinery of Flink is none.
func TestOperatorsByStructure(t *testing.T) {
	const io, timers = "org/apache/flink/streaming/runtime/io/", "org/apache/flink/streaming/api/operators/InternalTimerServiceImpl."
	const keyed, watermark = "org/apache/flink/streaming/api/operators/KeyedProcessOperator.", "org/apache/flink/streaming/api/operators/AbstractStreamOperator.processWatermark"
	s := scan(t, mechanisms.FamilyCPU,
		task+";"+io+"AbstractStreamTaskNetworkInput.processElement;com/acme/Own.processElement;com/acme/Fn.processElement 1",
		task+";org/apache/paimon/flink/sink/WriterOperator.processElement;org/apache/paimon/io/Writer.write 2",
		task+";"+keyed+"processElement;com/acme/Keyed.processElement;"+chain+";"+opMap+";com/acme/A.map 4",
		task+";"+watermark+";"+timers+"advanceWatermark;"+keyed+"onEventTime;com/acme/Keyed.onTimer 8",
		task+";"+timers+"onProcessingTime;"+keyed+"onProcessingTime;com/acme/Keyed.onTimer 16",
		task+";"+watermark+" 32",
		"java/lang/Thread.run;com/acme/Pool.processElement;com/acme/Work.run 64",
		task+";"+keyed+"processElement;org/apache/hudi/sink/Bucket.processElement;org/apache/hudi/Client.write 128",
		task+";StreamExecCalc$7.processElement;com/acme/Udf.eval 256", task+";StreamExecCalc$8.processElement;StreamExecCalc$8.split$1 512",
		task+";org/apache/flink/table/runtime/operators/aggregate/GroupAggFunction.processElement;GroupAggsHandler$3.accumulate;org/apache/datasketches/Hll.accumulate 1024",
	)
	op := "org.apache.flink.streaming.api.operators."
	want := map[string]uint64{
		"com.acme.Own.processElement com.acme.Own.processElement":                                                                   1,
		"org.apache.paimon.flink.sink.WriterOperator.processElement":                                                                2,
		op + "StreamMap.processElement com.acme.A.map":                                                                              4,
		op + "KeyedProcessOperator.onEventTime com.acme.Keyed.onTimer":                                                              8,
		op + "KeyedProcessOperator.onProcessingTime com.acme.Keyed.onTimer":                                                         16,
		op + "AbstractStreamOperator.processWatermark":                                                                              32,
		op + "KeyedProcessOperator.processElement org.apache.hudi.sink.Bucket.processElement":                                       128,
		"StreamExecCalc$*.processElement com.acme.Udf.eval":                                                                         256,
		"StreamExecCalc$*.processElement":                                                                                           512,
		"org.apache.flink.table.runtime.operators.aggregate.GroupAggFunction.processElement org.apache.datasketches.Hll.accumulate": 1024,
	}
	if diff := cmp.Diff(want, chainsOf(s)); diff != "" {
		t.Error(diff)
	}
	for _, c := range s.Chains { // timers fire in the operator that the watermark came to
		if s.Graph.Name(c.Operator) == op+"KeyedProcessOperator.onEventTime" && c.Parent != -1 {
			t.Errorf("%+v", c)
		}
	}
}

// TestNothingIsIdleOnCPU: what rests in WALL works in a CPU profile, though no rule takes it.
func TestNothingIsIdleOnCPU(t *testing.T) {
	lines := []string{
		"java/lang/Thread.run;java/util/concurrent/ThreadPoolExecutor.getTask;jdk/internal/misc/Unsafe.park 60", idle + " 30",
		"org/apache/flink/connector/base/source/reader/fetcher/SplitFetcher.run;org/apache/flink/connector/base/source/reader/fetcher/FetchTask.run;sun/nio/ch/EPoll.wait 10",
	}
	cpu, wall := scan(t, mechanisms.FamilyCPU, lines...), scan(t, mechanisms.FamilyWall, lines...)
	taken := uint64(0)
	for _, site := range cpu.Sites {
		taken += site.Samples
	}
	if cpu.Active() != 100 || cpu.Idle != 0 || cpu.TaskActive != 30 || cpu.TaskResting != 30 || taken != 0 {
		t.Errorf("CPU: %d active, %d idle, %d of tasks, %d resting, %d taken by rules", cpu.Active(), cpu.Idle, cpu.TaskActive, cpu.TaskResting, taken)
	}
	if wall.Active() != 0 || wall.Idle != 100 || wall.TaskActive != 0 {
		t.Errorf("WALL: %d active, %d idle, %d of tasks", wall.Active(), wall.Idle, wall.TaskActive)
	}
	if diff := cmp.Diff(wall.IdleBy, cpu.IdleBy); diff != "" {
		t.Error(diff)
	}
}
