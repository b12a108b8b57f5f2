package diagnose

import (
	"math"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// TestTwoCapturesOfOneJVM: captures of one JVM one after the other are one long capture, with the same thread
// equivalents and more samples.
func TestTwoCapturesOfOneJVM(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 100}).cores(0.9)
	wall := graph(t, "TASK;IDLE 2", "TASK;SOURCE 160", "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep 158")
	cpu := graph(t, "TASK;SOURCE 300", "TASK;MAP;com/shop/Work.map 400")
	once := []Capture{capture("tm-1", events.ModeITimer, cpu), capture("tm-1", events.ModeWall, wall)}
	for name, ctx := range map[string]*jobcontext.Context{"job": j.Context, "pages alone": nil} {
		one := diagnoseOK(t, Input{Context: ctx, Captures: once})
		two := diagnoseOK(t, Input{Context: ctx, Captures: append(slices.Clone(once), once...)})
		a, b := one.Analysis.Findings[0], two.Analysis.Findings[0]
		if a.Rule != "A1" || b.Rule != "A1" || math.Abs(a.TE-b.TE) > 0.001 || math.Abs(a.P-b.P) > 0.001 || b.Samples != 2*a.Samples {
			t.Errorf("%s: TE %.2f and %.2f, p %.2f and %.2f, %d and %d samples", name, a.TE, b.TE, a.P, b.P, a.Samples, b.Samples)
		}
		if len(two.Analysis.Captures) != 4 || two.Profiles[0].JVMs != 1 || two.Profiles[0].Seconds != seconds {
			t.Errorf("%s: %d captures, profile %+v", name, len(two.Analysis.Captures), two.Profiles[0].JVMs)
		}
		checkForm(t, two)
	}
}

// TestOneJVMWithCPUOnly: where one JVM was profiled in ITIMER and another in CPU, both count.
func TestOneJVMWithCPUOnly(t *testing.T) {
	j := newJob("tm-1", "tm-2").vertex("Source: in", nil, load{0.1, 0, 9}, load{0.1, 0, 9}).
		vertex("work", []string{"Source: in"}, load{0.99, 0.01, 9}, load{0.99, 0.01, 9}).cores(0.5)
	g := graph(t, "TASK;MAP;com/shop/Work.map 400")
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, g), capture("tm-2", events.ModeCPU, g),
	}}).Analysis
	if f := a.Findings[0]; math.Abs(f.TE-1) > 0.01 || f.Samples != 400 || f.Mode != events.ModeITimer {
		t.Errorf("%.2f cores, %d samples", f.TE, f.Samples)
	}
}

// TestLegacySource: a second root of a subtask is work and no second subtask.
func TestLegacySource(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{0.30, 0.70, 100})
	for w := range j.Windows {
		for s := range j.Windows[w].Samples {
			j.Windows[w].Samples[s].Subtasks[0].BusyMillis = -1
		}
	}
	legacy := "org/apache/flink/streaming/runtime/tasks/SourceStreamTask$LegacySourceFunctionThread.run;" +
		"org/apache/flink/streaming/api/operators/StreamSource.run;com/shop/In.run;com/shop/In.read"
	wall := graph(t, legacy+" 160", "TASK;IDLE 160", "TASK;IDLE 112", "TASK;MAP;com/shop/Work.map 48")
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}}).Analysis
	i := slices.IndexFunc(a.Findings, func(f events.Finding) bool { return f.Anchor == "com.shop.In.run" })
	if i < 0 || math.Abs(a.Findings[i].TE-1) > 0.01 {
		t.Fatalf("findings %+v", a.Findings)
	}
	if !hasFact(a, "Legacy sources of tm-1 run in threads of their own") || !hasFact(a, "2 task threads of tm-1 gave 320 samples in 8 s, 100 %") {
		t.Errorf("facts %+v", a.Evidence)
	}
}

func hasFact(a events.Analysis, part string) bool {
	return slices.ContainsFunc(a.Evidence, func(f events.Fact) bool { return strings.Contains(f.Text, part) })
}

// TestPace: a job whose throughput still rises is cold, whatever its compiler does.
func TestPace(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 1000}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 1000})
	rising := []int64{0, 5000, 12000, 21000}
	j.Windows = []jobcontext.Window{{Mode: "ITIMER", Seconds: seconds}}
	for i, records := range rising {
		at := int64(i) * 5000
		j.Windows[0].Samples = append(j.Windows[0].Samples, jobcontext.Sample{AtMillis: at, Subtasks: []jobcontext.Counters{
			{Vertex: "id-Source: in", BusyMillis: at / 10, BackPressuredMillis: at * 9 / 10, WriteRecords: records},
			{Vertex: "id-work", BusyMillis: at, IdleMillis: 1, ReadRecords: records},
		}})
	}
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, graph(t, "TASK;MAP;com/shop/Work.map 800"))}}).Analysis
	if !hasFact(a, "The throughput of the job was not steady: its vertices read 1,400 records/s") || !a.Usage.Cold || a.Findings[0].Confidence != events.ConfidenceMedium {
		t.Errorf("cold %v, confidence %s, facts %+v", a.Usage.Cold, a.Findings[0].Confidence, a.Evidence)
	}
}
