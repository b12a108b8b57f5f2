package evidence

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/rules"
)

const (
	task = "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/streaming/runtime/tasks/StreamTask.invoke"
	idle = task + ";org/apache/flink/streaming/runtime/tasks/mailbox/MailboxProcessor.processMailsWhenDefaultActionUnavailable;" +
		"org/apache/flink/streaming/runtime/tasks/mailbox/TaskMailboxImpl.take;jdk/internal/misc/Unsafe.park"
	source = task + ";org/apache/flink/streaming/api/operators/SourceOperator.emitNext"
	opMap  = "org/apache/flink/streaming/api/operators/StreamMap.processElement"
	chain  = "org/apache/flink/streaming/runtime/tasks/ChainingOutput.collect"
)

func scan(t *testing.T, family rules.Family, lines ...string) *Scan {
	t.Helper()
	g, err := flamegraph.Parse(strings.NewReader(strings.Join(lines, "\n")+"\n"), flamegraph.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return NewScanner(rules.Default()).Scan(flamegraph.Merge(g), family)
}

func TestCounts(t *testing.T) {
	s := scan(t, rules.FamilyWall,
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
	helpers := map[string]uint64{}
	for name, n := range s.Helpers {
		helpers[s.Graph.Name(name)] = n
	}
	if diff := cmp.Diff(map[string]uint64{"com.shop.Pool.run": 7}, helpers); diff != "" {
		t.Error(diff)
	}
}

// TestChains: each operator of a chain has its own samples, and a lambda is known by its method.
func TestChains(t *testing.T) {
	s := scan(t, rules.FamilyCPU,
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
	s := scan(t, rules.FamilyCPU, task+";"+opMap+";"+kryo+";x/Y.z;"+kryo+" 10", task+";"+opMap+";"+kryo+" 3")
	if len(s.Sites) != 1 || s.Sites[0].Samples != 13 {
		t.Errorf("sites %+v", s.Sites)
	}
}

// TestOverriddenOutside: the rule that is overridden matches first and yields only what both match.
func TestOverriddenOutside(t *testing.T) {
	future := task + ";" + opMap + ";com/shop/A.map;java/util/concurrent/CompletableFuture.join;"
	s := scan(t, rules.FamilyWall,
		future+"jdk/internal/misc/Unsafe.park 10", future+"com/shop/Call.run;jdk/internal/net/http/HttpClientImpl.send;jdk/internal/misc/Unsafe.park 20")
	got := map[string]uint64{}
	for _, site := range s.Sites {
		got[rules.Default().Rules[site.Rule].ID] = site.Samples
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
	s := scan(t, rules.FamilyWall, lines...)
	tree := Prune(s, 0.001, 30)
	if len(tree.Lines) > 30 || tree.Threshold <= 0.001 {
		t.Fatalf("%d lines, threshold %f", len(tree.Lines), tree.Threshold)
	}
	var names []string
	for _, l := range tree.Lines {
		names = append(names, strings.Repeat(" ", l.Depth)+s.Graph.Name(l.Frame))
	}
	want := []string{
		"org.apache.flink.runtime.taskmanager.Task.run", " org.apache.flink.streaming.api.operators.StreamMap.processElement",
		"  com.shop.B.map", "  com.shop.A.map", "   java.lang.Thread.sleep",
	}
	if diff := cmp.Diff(want, names); diff != "" {
		t.Error(diff)
	}
	top := TopSelf(s, 5)
	if s.Graph.Name(top[0].Frame) != "java.lang.Thread.sleep" || top[0].Samples != 500 {
		t.Errorf("top self %s with %d samples", s.Graph.Name(top[0].Frame), top[0].Samples)
	}
}

func TestIsUser(t *testing.T) {
	scanner := NewScanner(rules.Default())
	for name, want := range map[string]bool{
		"com.shop.Cart.add": true, "org.apache.flink.streaming.examples.wordcount.WordCount.map": true,
		"StreamExecCalc$*.processElement": true, "java.lang.Thread.sleep": false, "org.apache.flink.api.Foo.bar": false,
		"com.shop.shaded.com.fasterxml.jackson.X.y": false, "JavaThread::run": false, "libmSin": false, "libc.so.6": false,
		"[unknown]": false, "": false,
	} {
		if got := scanner.IsUser(name); got != want {
			t.Errorf("IsUser(%q) = %v", name, got)
		}
	}
}
