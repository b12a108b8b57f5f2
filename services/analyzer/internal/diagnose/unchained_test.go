package diagnose

import (
	"slices"
	"testing"

	"squirrly.dev/pkg/events"
)

// TestUnchained: the price of records between tasks is named where operators could be one task.
func TestUnchained(t *testing.T) {
	const emit = "TASK;MAP;com/shop/Fan.flatMap;org/apache/flink/streaming/runtime/io/RecordWriterOutput.collect;" +
		"org/apache/flink/runtime/io/network/api/writer/RecordWriter.emit;org/apache/flink/runtime/io/network/partition/BufferWritingResultPartition.emitRecord "
	for name, test := range map[string]struct {
		ship  string
		emits int
		want  bool
	}{
		"one to one": {"FORWARD", 200, true},
		"by key":     {"HASH", 200, false},
		"cheap":      {"FORWARD", 30, false},
	} {
		t.Run(name, func(t *testing.T) {
			j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0.1, 100}).
				vertex("fan", []string{"Source: in"}, load{0.98, 0.02, 100}).
				vertex("sink", []string{"fan"}, load{0.2, 0.8, 100}).
				thread("fan (1/1)#0", "com.shop.Fan.flatMap", "org.apache.flink.streaming.api.operators.StreamMap.processElement")
			j.Vertices[1].Inputs[0].Ship, j.Vertices[2].Inputs[0].Ship = "REBALANCE", test.ship
			g := graph(t, emit+itoa(test.emits), "TASK;MAP;com/shop/Fan.flatMap "+itoa(310-test.emits), "TASK;IDLE 280", "TASK;SOURCE 10")
			r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, g)}})
			if got := slices.Contains(fired(r), "D24"); got != test.want {
				t.Errorf("fired %v", fired(r))
			}
			checkForm(t, r)
		})
	}
}

// TestUnnamed: frames without a name make the findings less certain, and the report says what to do.
func TestUnnamed(t *testing.T) {
	for _, test := range []struct {
		unnamed string
		want    bool
	}{{"[unknown_Java] 60", true}, {"[unknown_Java] 20", false}} {
		r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, "TASK;MAP;com/shop/Hot.map 300", test.unnamed))}})
		if got := slices.Contains(fired(r), "E7"); got != test.want {
			t.Errorf("%s: fired %v", test.unnamed, fired(r))
		}
		checkForm(t, r)
	}
}

// TestAge: what is normal at the start of a job is a finding only later, and no warning when nobody knows the age.
func TestAge(t *testing.T) {
	for name, test := range map[string]struct {
		known   bool
		seconds int64
		want    events.Severity
	}{
		"young":   {true, 60, events.SeverityNone},
		"old":     {true, 600, events.SeverityWarning},
		"unknown": {false, 0, events.SeverityInfo},
	} {
		t.Run(name, func(t *testing.T) {
			j := limited()
			if test.known {
				j.Job.StartTime, j.Job.Now = 1e12, 1e12+test.seconds*1000
			}
			g := graph(t, "thread_native_entry;CompileBroker::compiler_thread_loop;C2Compiler::compile_method 100", "TASK;MAP;com/shop/Hot.map 200")
			f := ruleOf(diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, g)}}).Analysis, "E2")
			switch {
			case f == nil && test.want != events.SeverityNone:
				t.Error("no finding")
			case f != nil && f.Severity != test.want:
				t.Errorf("severity %s, want %s", f.Severity, test.want)
			}
		})
	}
}
