package scan

import (
	"testing"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// TestTally: each condition of a description, alone and together.
func TestTally(t *testing.T) {
	const a = task + ";" + opMap + ";com/shop/A.map"
	const b = a + ";" + chain + ";" + opMap + ";com/shop/B.map"
	lines := []string{
		a + " 1", a + ";java/util/HashMap.get 2", a + ";java/util/HashMap.get;java/util/HashMap.get 4", a + ";java/lang/Thread.sleep;nanosleep 8",
		b + ";java/util/HashMap.get 16", b + ";" + chain + ";java/util/HashMap.get 32", idle + " 64",
		"java/lang/Thread.run;com/shop/Pool.run;java/util/HashMap.get 128",
		"org/apache/flink/streaming/runtime/tasks/SourceStreamTask$LegacySourceFunctionThread.run;org/apache/flink/streaming/api/operators/StreamSource.run;java/util/HashMap.get 256",
	}
	const get, mapA, mapB = "java.util.HashMap.get", "com.shop.A.map", "com.shop.B.map"
	counts := []struct {
		c    events.Count
		want uint64
	}{
		{events.Count{}, 447},
		{events.Count{Idle: events.IdleAny}, 511},
		{events.Count{Idle: events.IdleOnly}, 64},
		{events.Count{Match: []string{get}}, 438},
		{events.Count{Match: []string{get}, Root: events.RootTask}, 54},
		{events.Count{Match: []string{get}, Root: events.RootSource}, 256},
		{events.Count{Match: []string{get}, Root: events.RootTasks}, 310},
		{events.Count{Match: []string{get}, Root: events.RootOther}, 128},
		{events.Count{Match: []string{mapA + " > " + get}}, 54},
		{events.Count{Match: []string{mapA + " -> " + get}}, 6},
		{events.Count{Match: []string{get + " > " + get}}, 4},
		{events.Count{Match: []string{mapA}, Self: true}, 1},
		{events.Count{Match: []string{mapA + " $"}}, 1},
		{events.Count{Match: []string{"java.lang.Thread.sleep"}, Self: true}, 8},
		{events.Count{Match: []string{"java.lang.Thread.sleep $"}}, 0},
		{events.Count{State: events.StateWaiting}, 8},
		{events.Count{State: events.StateRunning}, 439},
		{events.Count{Match: []string{mapA + " > " + get}, Part: events.PartOperator}, 6},
		{events.Count{Match: []string{mapB + " > " + get}, Part: events.PartOperator}, 48},
		{events.Count{Match: []string{mapB + " > " + get}, Part: events.PartOwn}, 16},
		{events.Count{Match: []string{get}, Part: events.PartOperator, Above: []string{mapA}}, 48},
		{events.Count{Match: []string{get}, Part: events.PartOwn, Above: []string{mapA}}, 16},
		{events.Count{Match: []string{get}, Without: []string{mapB, "com.shop.Pool.*"}}, 262},
		{events.Count{Match: []string{get}, Root: events.RootTasks, Without: []string{"@operator"}}, 0},
		{events.Count{Match: []string{get}, Without: []string{"@operator"}}, 128},
		{events.Count{Match: []string{get}, With: []string{mapB, "com.shop.Pool.*"}}, 176},
		{events.Count{Match: []string{mapA}, Without: []string{mapA + " $"}}, 62},
		{events.Count{With: []string{mapA + " $"}}, 1},
		{events.Count{With: []string{mapB, "com.shop.Pool.*"}}, 176},
		{events.Count{Match: []string{"@operator > @operator"}}, 48},
		{events.Count{Match: []string{mapA, mapB}}, 63},
	}
	s := scan(t, mechanisms.FamilyWall, lines...)
	list := make([]*events.Count, len(counts))
	for i := range counts {
		list[i] = &counts[i].c
	}
	got, err := s.Tally(list)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range counts {
		if got[i] != c.want {
			t.Errorf("%+v: %d, want %d", c.c, got[i], c.want)
		}
	}
	for _, c := range []events.Count{{Category: "state"}, {Stack: []string{"a"}}, {Match: []string{"-> a"}}, {Idle: "I4"}} {
		if _, err := s.Tally([]*events.Count{&c}); err == nil {
			t.Errorf("%+v is counted", c)
		}
	}
}

// TestHolds_Idle: samples are idle by one path each, and those of a path are none of another one's.
func TestHolds_Idle(t *testing.T) {
	s := scan(t, mechanisms.FamilyWall, idle+" 64", "java/lang/Thread.run;java/util/concurrent/ThreadPoolExecutor.getTask;java/lang/Thread.sleep 32", task+";com/shop/A.map 8")
	var paths []string
	sums := map[string]uint64{}
	for i, n := range s.IdleBy {
		if n > 0 {
			paths = append(paths, mechanisms.Default().Idle[i].ID)
		}
	}
	for _, path := range append(paths, events.IdleOnly, "") {
		held, err := s.Holds([]*events.Count{{Idle: path}})
		if err != nil {
			t.Fatal(err)
		}
		for id, in := range held[0] {
			if in {
				sums[path] += s.Graph.Frame(flamegraph.FrameID(id)).Self
			}
		}
	}
	if len(paths) != 2 || sums[paths[0]]+sums[paths[1]] != 96 || sums[paths[0]] == 0 || sums[paths[1]] == 0 || sums[events.IdleOnly] != 96 || sums[""] != 8 {
		t.Errorf("%v", sums)
	}
}
