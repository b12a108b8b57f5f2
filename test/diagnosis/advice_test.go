package diagnosis_test

import (
	"strings"
	"testing"

	"squirrly.dev/pkg/events"
	"squirrly.dev/test/diagnosis"
)

// limited is the analysis of a vertex that limits, with one finding of half its time.
func limited(records float64, r events.Recommendation) events.Analysis {
	a := events.Analysis{
		JobName: "orders", Verdict: events.Verdict{Limit: events.LimitVertex, VertexName: "sum", Busy: 1},
		Usage:    &events.Usage{Records: records, Spread: 0.02, Busy: 1},
		Vertices: []events.VertexLoad{{Name: "source", Parallelism: 1, RecordsOut: records}, {Name: "sum", Parallelism: 1, Busy: 1, RecordsIn: records}},
		Captures: []events.CaptureStats{{Mode: events.ModeITimer, Samples: 3000, Status: "stored"}},
		Findings: []events.Finding{{
			Rule: "B2", Title: "Records copied", Severity: events.SeverityCritical, P: 0.5, StdErr: 0.05, Bound: 2, OnPath: true,
			Mode: events.ModeITimer, Anchor: "Sum.add", Vertices: []string{"sum"}, Recommendation: r,
		}},
	}
	return a
}

func TestAdvised(t *testing.T) {
	c := diagnosis.Case{Name: "copies"}
	setting := func(key, value string) events.Recommendation {
		return events.Recommendation{Effort: "config", Config: []events.ConfigChange{{Key: key, Value: value}}}
	}
	for _, value := range []string{"true", "5000", "0.6", "2 s", "100 ms", "512m", "256 mb", "TWO_PHASE", "rocksdb", "-XX:+AlwaysPreTouch"} {
		if got := diagnosis.Advised(&c, "2.3.0", limited(1, setting("a.key", value))); len(got.Misses) > 0 || len(got.Settings) != 1 {
			t.Errorf("%s: %+v", value, got)
		}
	}
	for _, value := range []string{"", "200 ms or more", "longer than it is now", "LZ4, or NONE"} {
		if got := diagnosis.Advised(&c, "2.3.0", limited(1, setting("a.key", value))); len(got.Misses) != 1 {
			t.Errorf("%q can be set: %+v", value, got)
		}
	}
	code := setting("a.key", "true")
	code.Effort = "code"
	if got := diagnosis.Advised(&c, "2.3.0", limited(1, code)); len(got.Settings) > 0 || !got.Right() {
		t.Errorf("a change of code: %+v", got)
	}
	if got := diagnosis.Advised(&c, "2.3.0", events.Analysis{}); got.Right() {
		t.Errorf("nothing was found: %+v", got)
	}
}

// Advice that changes nothing, harms, or gives more than it said is a miss.
func TestAdvice_Take(t *testing.T) {
	c := diagnosis.Case{Name: "copies"}
	r := events.Recommendation{Effort: "config", Config: []events.ConfigChange{{Key: "pipeline.object-reuse", Value: "true"}}}
	for name, x := range map[string]struct {
		after float64
		speed events.Speed
		miss  string
	}{
		"helped":         {1800, events.SpeedFaster, ""},
		"as before":      {1010, events.SpeedSame, "the advice made it same"},
		"slower":         {500, events.SpeedSlower, "the advice made it slower"},
		"more than said": {3000, events.SpeedFaster, "3.00× measured, at most 2.50× predicted"},
	} {
		before := diagnosis.Captured{Analysis: limited(1000, r)}
		got := diagnosis.Advised(&c, "2.3.0", before.Analysis)
		got.Take(before, diagnosis.Captured{Analysis: limited(x.after, r)})
		if got.Speed != x.speed || got.Right() != (x.miss == "") || !strings.Contains(strings.Join(got.Misses, ";"), x.miss) {
			t.Errorf("%s: %s, %q", name, got.Speed, got.Misses)
		}
		if table := diagnosis.AdviceTable([]diagnosis.Advice{got}); !strings.Contains(table, "`pipeline.object-reuse: true` | 2.00×") {
			t.Errorf("%s: %s", name, table)
		}
	}
}

// What the scripts of Flink would turn into options of the JVM, the cluster gets as such; nothing of the case changes.
func TestFlink_With(t *testing.T) {
	was := diagnosis.Flink{TaskHeap: "256m", Slots: 1, JVM: []string{"-XX:+UseG1GC"}, Config: map[string]string{"a": "1"}}
	got := was.With(map[string]string{
		"a": "2", "taskmanager.memory.task.heap.size": "512 mb", "env.java.opts.taskmanager": "-XX:+AlwaysPreTouch -Xint",
		"taskmanager.numberOfTaskSlots": "3",
	})
	if got.Config["a"] != "2" || got.TaskHeap != "512m" || got.Slots != 3 || strings.Join(got.JVM, " ") != "-XX:+UseG1GC -XX:+AlwaysPreTouch -Xint" {
		t.Errorf("%+v", got)
	}
	if was.Config["a"] != "1" || len(was.JVM) != 1 || len(was.Config) != 1 {
		t.Errorf("the case has changed: %+v", was)
	}
}
