package diagnose

import (
	"encoding/json"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
)

const (
	stall  = "dev.squirrly.sample.EvenStallingFunction.map"
	sine   = "dev.squirrly.sample.OddSineFunction.map"
	sleeps = "java.lang.Thread.sleep"
)

// sampleJob is the situation of the sample job: a stalling branch limits it, the other branch burns CPU.
func sampleJob() *job {
	two := func(busy, idle float64, records int64) []load {
		return []load{{busy, idle, records}, {busy, idle, records}}
	}
	return newJob(recordedTM).
		vertex("Source: numbers", nil, two(0.05, 0.01, 1000)...).
		vertex("random-integers", []string{"Source: numbers"}, two(0.07, 0.01, 1000)...).
		vertex("arbitrary-stall", []string{"random-integers"}, two(0.98, 0.02, 1000)...).
		vertex("sine", []string{"random-integers"}, two(0.50, 0.50, 1000)...).
		vertex("discard: Writer", []string{"arbitrary-stall", "sine"}, two(0.03, 0.97, 2000)...).
		thread("arbitrary-stall (1/2)#0", sleeps, stall, stall, "org.apache.flink.streaming.api.operators.StreamMap.processElement").
		thread("sine (2/2)#0", "java.lang.Math.sin", sine, "org.apache.flink.streaming.api.operators.StreamMap.processElement").
		thread("System Time Trigger for sine (2/2)#0", "java.lang.Object.wait").
		cores(1.1)
}

func TestSampleJob(t *testing.T) {
	for _, version := range flinkVersions {
		t.Run(version, func(t *testing.T) {
			r := diagnoseOK(t, Input{
				Context:  sampleJob().Context,
				Captures: []Capture{recorded(t, version, events.ModeITimer), recorded(t, version, events.ModeWall)},
			})
			v := r.Analysis.Verdict
			if v.Limit != events.LimitVertex || v.VertexName != "arbitrary-stall" || v.Anchor != stall || v.Frame != sleeps {
				t.Fatalf("verdict: %s of %s at %s → %s", v.Limit, v.VertexName, v.Anchor, v.Frame)
			}
			if want := []string{"Source: numbers", "random-integers"}; !slices.Equal(v.Victims, want) {
				t.Errorf("victims %v, want %v", v.Victims, want)
			}
			f := r.Analysis.Findings[0]
			if f.Rule != "A1" || f.Severity != events.SeverityCritical || f.Confidence != events.ConfidenceHigh || !f.OnPath {
				t.Errorf("first finding: %s %s %s", f.Rule, f.Severity, f.Confidence)
			}
			if perSubtask := f.TE / 2; math.Abs(perSubtask-1) > 0.06 {
				t.Errorf("%.2f thread equivalents per subtask, want about 1", perSubtask)
			}
			if f.P < 0.95 || math.Abs(v.Bound-2) > 0.1 || f.Bound < 20 || v.NextLimit != "sine" || v.BusySubtasks != 2 {
				t.Errorf("p %.3f, bound %.1f, next %q, %d busy subtasks", f.P, v.Bound, v.NextLimit, v.BusySubtasks)
			}
			for _, part := range []string{"arbitrary-stall (2 of 2 subtasks) limits the job: 98 % busy", "EvenStallingFunction.map → Thread.sleep", "At most 2.0× the throughput, then sine limits (100× without it)."} {
				if !strings.Contains(v.Text(), part) {
					t.Errorf("headline %q lacks %q", v.Headline, part)
				}
			}
			checkOthers(t, r)
			checkForm(t, r)
		})
	}
}

// checkOthers: whatever else is found is the sine, a matter of cost; that the buffer flusher sleeps is no finding.
func checkOthers(t *testing.T, r Result) {
	t.Helper()
	for _, f := range r.Analysis.Findings[1:] {
		if f.Rule == "S1" {
			continue
		}
		if f.Anchor != sine || f.Severity != events.SeverityInfo || f.OnPath || !slices.Equal(f.Vertices, []string{"sine"}) {
			t.Errorf("unexpected finding %s %s at %s in %v", f.Rule, f.Severity, f.Anchor, f.Vertices)
		}
	}
	text, err := json.Marshal([]any{r.Analysis.Findings, r.Analysis.Observations, r.Analysis.Costs})
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "OutputFlusher") {
		t.Error("the buffer flusher is named")
	}
}

// checkForm checks what every result must hold.
func checkForm(t *testing.T, r Result) {
	t.Helper()
	a := r.Analysis
	ids := map[string]bool{}
	for _, f := range a.Evidence {
		if ids[f.ID] || f.Text == "" || f.Unit == "" {
			t.Errorf("fact %+v", f)
		}
		ids[f.ID] = true
	}
	cited := slices.Clone(a.Verdict.Evidence)
	for _, f := range a.Findings {
		cited = append(cited, f.Evidence...)
		if f.P < 0 || f.P > 1 || f.Share < 0 || f.Share > 1 || len(f.Evidence) == 0 || f.Fingerprint == "" || f.Recommendation.Impact == "" {
			t.Errorf("finding %+v", f)
		}
	}
	for _, o := range a.Observations {
		cited = append(cited, o.Evidence...)
	}
	for _, id := range cited {
		if !ids[id] {
			t.Errorf("fact %s is cited and not there", id)
		}
	}
	if _, err := json.Marshal(r); err != nil {
		t.Error(err)
	}
	for _, p := range r.Profiles {
		if len(p.Tree) > maxLines {
			t.Errorf("%d lines in the tree of %s", len(p.Tree), p.Mode)
		}
		for _, l := range p.Tree {
			if !ids[l.ID] || l.Self > l.Share {
				t.Errorf("line %+v", l)
			}
		}
	}
	if a.Provenance.RulesVersion == "" || a.Schema != events.AnalysisSchema {
		t.Error("provenance or schema is missing")
	}
}

func TestDeterministic(t *testing.T) {
	in := Input{Context: sampleJob().Context}
	for _, mode := range modeOrder {
		one, other := recorded(t, "2.3.0", mode), recorded(t, "1.20.5", mode)
		other.JVM = "taskmanager-2:6122"
		in.Captures = append(in.Captures, one, other)
	}
	first := diagnoseOK(t, in)
	slices.Reverse(in.Captures)
	again := diagnoseOK(t, in)
	if diff := cmp.Diff(first.Explain(), again.Explain()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(first.Ground().Operators(), again.Ground().Operators(), cmpopts.IgnoreUnexported(Operator{})); diff != "" {
		t.Error(diff)
	}
	first.Explain, again.Explain = nil, nil // functions are never equal
	first.Ground, again.Ground = nil, nil
	if diff := cmp.Diff(first, again); diff != "" {
		t.Error(diff)
	}
}

func TestPagesAlone(t *testing.T) {
	r := diagnoseOK(t, Input{Captures: []Capture{recorded(t, "1.20.5", events.ModeWall)}})
	a := r.Analysis
	if a.Verdict.Limit != events.LimitUnknown || a.Verdict.Anchor != stall || len(a.Missing) == 0 {
		t.Errorf("verdict %+v, missing %v", a.Verdict, a.Missing)
	}
	f := a.Findings[0]
	if f.Rule != "A1" || f.Severity != events.SeverityWarning || f.OnPath || math.Abs(f.TE-2) > 0.1 || math.Abs(f.P-0.65) > 0.06 {
		t.Errorf("first finding: %s %s, TE %.2f, p %.2f", f.Rule, f.Severity, f.TE, f.P)
	}
	checkForm(t, r)

	unknown := recorded(t, "1.20.5", events.ModeWall)
	unknown.Seconds = 0
	r = diagnoseOK(t, Input{Captures: []Capture{unknown}})
	if f := r.Analysis.Findings[0]; f.TE != 0 || f.Rule != "A1" || math.Abs(f.P-0.65) > 0.06 {
		t.Errorf("without a duration: %s, TE %.2f, p %.2f", f.Rule, f.TE, f.P)
	}
	if !slices.ContainsFunc(r.Analysis.Missing, func(m string) bool { return strings.Contains(m, "duration") }) {
		t.Errorf("missing: %v", r.Analysis.Missing)
	}
}

func TestNotLimited(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0.9, 100}).vertex("work", []string{"Source: in"}, load{0.30, 0.70, 100})
	wall := graph(t, "TASK;IDLE 270", "TASK;MAP;com/shop/Work.map 48", "FLUSHER 160")
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}})
	a := r.Analysis
	if a.Verdict.Limit != events.LimitNone || !strings.HasPrefix(a.Verdict.Headline, "Not limited. Busiest vertex work, 30 % busy") {
		t.Errorf("verdict %s: %s", a.Verdict.Limit, a.Verdict.Headline)
	}
	if len(a.Findings) != 1 || a.Findings[0].Rule != "U1" || a.Severity != events.SeverityInfo || a.Findings[0].Bound != 0 {
		t.Errorf("findings %+v", a.Findings)
	}
	checkForm(t, r)
}

func TestIdleJob(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.001, 0.999, 10}).vertex("work", []string{"Source: in"}, load{0.002, 0.998, 10})
	wall := graph(t, "TASK;IDLE 318", "TASK;MAP;com/shop/Work.map 2", "FLUSHER 160", "pthread_cond_wait 400",
		"java/lang/Thread.run;java/util/concurrent/ThreadPoolExecutor.getTask;jdk/internal/misc/Unsafe.park 900")
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}})
	if a := r.Analysis; a.Verdict.Limit != events.LimitNone || len(a.Findings) != 0 || a.Severity != events.SeverityNone {
		t.Errorf("verdict %s, findings %+v", a.Verdict.Limit, a.Findings)
	}
	if p := r.Profiles[0]; p.Active != 2 {
		t.Errorf("%d active samples, want 2", p.Active)
	}
	checkForm(t, r)
}

func TestBlockedSink(t *testing.T) {
	// A parse that uses CPU waits for a sink that blocks on something no rule knows. It is a victim, whatever it burns.
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("parse", []string{"Source: in"}, load{0.3, 0, 100}).
		vertex("store: Writer", []string{"parse"}, load{0.99, 0.01, 100}).cores(0.4)
	wall := graph(t, "TASK;SOURCE;BUFFERS 140", "TASK;SOURCE 20", "TASK;MAP;com/shop/Parse.map;BUFFERS 110", "TASK;MAP;com/shop/Parse.map 50",
		"TASK;org/apache/flink/streaming/runtime/operators/sink/SinkWriterOperator.processElement;com/shop/Store.write;"+
			"com/acme/Client.send;jdk/internal/misc/Unsafe.park 158", "TASK;IDLE 2")
	cpu := graph(t, "TASK;SOURCE 80", "TASK;MAP;com/shop/Parse.map 240")
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, cpu), capture("tm-1", events.ModeWall, wall),
	}})
	a := r.Analysis
	if a.Verdict.VertexName != "store: Writer" || a.Verdict.Anchor != "com.shop.Store.write" || a.Findings[0].Rule != "U2" {
		t.Fatalf("verdict %s at %s, findings %+v", a.Verdict.VertexName, a.Verdict.Anchor, a.Findings)
	}
	if !slices.Equal(a.Verdict.Victims, []string{"Source: in", "parse"}) {
		t.Errorf("victims %v", a.Verdict.Victims)
	}
	for _, f := range a.Findings {
		if f.Rule == "D1" || f.Rule == "A4" || (f.Anchor == "com.shop.Parse.map" && f.Severity != events.SeverityInfo) {
			t.Errorf("a victim is blamed: %s %s at %s", f.Rule, f.Severity, f.Anchor)
		}
	}
	for _, rule := range []string{"D1", "D2"} {
		if !slices.ContainsFunc(a.Observations, func(o events.Observation) bool { return strings.Contains(o.Text, "rule "+rule) }) {
			t.Errorf("no observation by %s", rule)
		}
	}
	checkForm(t, r)
}

func TestTwoTaskManagersAndSkew(t *testing.T) {
	j := newJob("tm-1", "tm-2").vertex("Source: in", nil, load{0.1, 0, 500}, load{0.1, 0, 500}).
		vertex("count", []string{"Source: in"}, load{0.98, 0.02, 900}, load{0.10, 0.90, 100})
	hot := graph(t, "TASK;IDLE 148", "TASK;SOURCE 16", "TASK;MAP;com/shop/Count.map 156")
	cold := graph(t, "TASK;IDLE 288", "TASK;SOURCE 16", "TASK;MAP;com/shop/Count.map 16")
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{
		capture("tm-2", events.ModeWall, cold), capture("tm-1", events.ModeWall, hot),
	}})
	a := r.Analysis
	if a.Verdict.VertexName != "count" || a.Verdict.BusySubtasks != 1 || a.Verdict.Subtasks != 2 {
		t.Errorf("verdict: %s", a.Verdict.Headline)
	}
	i := slices.IndexFunc(a.Findings, func(f events.Finding) bool { return f.Rule == "D20" })
	if i != 0 || !a.Findings[i].OnPath || a.Findings[i].Severity != events.SeverityCritical {
		t.Fatalf("no skew at first in %+v", a.Findings)
	}
	if f := a.Findings[i]; f.Anchor != "count" || f.Frame != "com.shop.Count.map" {
		t.Errorf("the skew is at %s, %s", f.Anchor, f.Frame)
	}
	u := slices.IndexFunc(a.Findings, func(f events.Finding) bool { return f.Rule == "U1" })
	if u < 0 || math.Abs(a.Findings[u].TE-1.075) > 0.02 {
		t.Fatalf("no hot code in %+v", a.Findings)
	}
	if r.Profiles[0].JVMs != 2 || r.Profiles[0].Samples != 640 {
		t.Errorf("profile of %d JVMs, %d samples", r.Profiles[0].JVMs, r.Profiles[0].Samples)
	}
	checkForm(t, r)
}

func TestRivals(t *testing.T) {
	j := sampleJob()
	for w := range j.Windows {
		last := &j.Windows[w].Samples[1]
		for i := range last.Subtasks {
			if c := &last.Subtasks[i]; c.Vertex == "id-sine" {
				c.BusyMillis, c.IdleMillis = 5000+985*seconds, 100+15*seconds
			}
		}
	}
	a := diagnoseOK(t, Input{
		Context:  j.Context,
		Captures: []Capture{recorded(t, "1.20.5", events.ModeITimer), recorded(t, "1.20.5", events.ModeWall)},
	}).Analysis
	if a.Verdict.VertexName != "arbitrary-stall" || !strings.Contains(a.Verdict.Gain, "At most 1.0× the throughput, since sine is as busy and limits at once") {
		t.Errorf("headline: %s", a.Verdict.Headline)
	}
	if len(a.Findings) < 2 || a.Findings[1].Anchor != sine || !a.Findings[1].OnPath {
		t.Errorf("the rival is not on the path: %+v", a.Findings)
	}
}

func TestLostAndEmptyCaptures(t *testing.T) {
	if _, err := Diagnose(Input{Captures: []Capture{{JVM: "tm-1", Mode: events.ModeWall}}}); !errors.Is(err, ErrNoCaptures) {
		t.Errorf("error %v", err)
	}
	var empty flamegraph.Graph
	r := diagnoseOK(t, Input{Captures: []Capture{
		{JVM: "tm-1", Mode: events.ModeLock, Graph: &empty}, {JVM: "tm-2", Mode: events.ModeLock},
	}})
	if a := r.Analysis; !a.Degraded || len(a.Captures) != 2 || len(a.Findings) != 0 {
		t.Errorf("degraded %v, captures %+v", a.Degraded, a.Captures)
	}
	checkForm(t, r)
}

// TestSessionCluster: with other jobs in the JVM, thread equivalents come from the clock.
func TestSessionCluster(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 100})
	j.TaskManagers[0].OtherJobs = 1
	wall := graph(t, "TASK;IDLE 160", "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep 158", "TASK;MAP;com/other/Job.map 160", "TASK;SOURCE 2")
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}}).Analysis
	if f := a.Findings[0]; f.Rule != "A1" || math.Abs(f.TE-0.99) > 0.03 {
		t.Errorf("%s with %.2f thread equivalents", f.Rule, f.TE)
	}
	if !slices.ContainsFunc(a.Missing, func(m string) bool { return strings.Contains(m, "other jobs") }) {
		t.Errorf("missing: %v", a.Missing)
	}
}

// TestBothCPUModes: a CPU page beside an ITIMER page is shown, and not counted twice.
func TestBothCPUModes(t *testing.T) {
	g := graph(t, "TASK;MAP;com/shop/Work.map 400")
	in := Input{Context: newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 9}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 9}).cores(0.5).Context}
	in.Captures = []Capture{capture("tm-1", events.ModeITimer, g), capture("tm-1", events.ModeCPU, g)}
	r := diagnoseOK(t, in)
	if f := r.Analysis.Findings[0]; math.Abs(f.TE-0.5) > 0.01 || f.Mode != events.ModeITimer || len(r.Profiles) != 2 {
		t.Errorf("%s: %.2f cores, %d profiles", f.Mode, f.TE, len(r.Profiles))
	}
}

// TestUndersampled: fewer ITIMER samples than the CPU time promises cost confidence, and are said.
func TestUndersampled(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 100}).cores(2)
	cpu := graph(t, "TASK;MAP;com/shop/Work.map 300")
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}}).Analysis
	if !slices.Contains(a.Captures[0].Notes, "undersampled") || a.Findings[0].Confidence != events.ConfidenceMedium {
		t.Errorf("notes %v, confidence %s", a.Captures[0].Notes, a.Findings[0].Confidence)
	}
}

// TestRootsOff: task threads that were sampled too rarely cost confidence.
func TestRootsOff(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 100})
	wall := graph(t, "TASK;IDLE 80", "TASK;SOURCE 40", "TASK;MAP;com/shop/Work.map;java/lang/Thread.sleep 120")
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, wall)}}).Analysis
	if f := a.Findings[0]; f.Rule != "A1" || f.Confidence != events.ConfidenceMedium || math.Abs(f.TE-1) > 0.01 {
		t.Errorf("%s, confidence %s, TE %.2f", f.Rule, f.Confidence, f.TE)
	}
}

// TestWallInsteadOfCPU: a CPU page that is none is labelled so.
func TestWallInsteadOfCPU(t *testing.T) {
	g := graph(t, "TASK;MAP;com/shop/Work.map 300")
	g.Title = "Wall clock profile"
	a := diagnoseOK(t, Input{Captures: []Capture{
		{JVM: "tm-1", Mode: events.ModeCPU, Seconds: seconds, Graph: g},
		{JVM: "tm-1", Mode: events.ModeITimer, Requested: events.ModeCPU, Seconds: seconds, Graph: g},
	}}).Analysis
	notes := strings.Join(append(a.Captures[0].Notes, a.Captures[1].Notes...), "; ")
	if !strings.Contains(notes, "no perf events") || !strings.Contains(notes, "CPU was asked for") {
		t.Errorf("notes: %s", notes)
	}
}
