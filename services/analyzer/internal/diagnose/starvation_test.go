package diagnose

import (
	"math"
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// starvedJob has a source and two subtasks of a vertex, which are busy for a share of their time and get a number of
// cores together.
func starvedJob(t *testing.T, busy, cores, machine float64, collecting int64) Input {
	t.Helper()
	source := load{0.1, 0, 100}
	if busy < 0.8 {
		source.idle = 0.9 // nothing holds it back
	}
	j := newJob("tm-1").vertex("Source: in", nil, source).
		vertex("work", []string{"Source: in"}, load{busy, 1 - busy, 100}, load{busy, 1 - busy, 100}).cores(cores)
	j.TaskManagers[0].CPUCores = machine
	for w := range j.Windows {
		j.Windows[w].Samples[1].TaskManagers[0].GCMillis = collecting
	}
	works := int(busy * 320)
	wall := graph(t, "TASK;IDLE "+itoa(464-works), "TASK;SOURCE 16", "TASK;MAP;com/shop/Work.map "+itoa(works))
	cpu := graph(t, "TASK;SOURCE 20", "TASK;MAP;com/shop/Work.map 370")
	return Input{Context: j.Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, cpu), capture("tm-1", events.ModeWall, wall),
	}}
}

func ruleOf(a events.Analysis, id string) *events.Finding {
	i := slices.IndexFunc(a.Findings, func(f events.Finding) bool { return f.Rule == id })
	if i < 0 {
		return nil
	}
	return &a.Findings[i]
}

// TestStarvedJob: two tasks are ready to run nearly all the time and get half a core. The code is not to blame.
func TestStarvedJob(t *testing.T) {
	r := diagnoseOK(t, starvedJob(t, 0.97, 0.5, 16, 0))
	a := r.Analysis
	if a.Verdict.Limit != events.LimitCPU || a.Verdict.VertexName != "work" || a.Verdict.Anchor != "" || a.Verdict.Bound < 3.5 ||
		!strings.HasPrefix(a.Verdict.Headline, "CPU starvation limits the job") || strings.Contains(a.Verdict.Headline, "With enough CPU") {
		t.Errorf("verdict %s: %s", a.Verdict.Limit, a.Verdict.Headline)
	}
	f := a.Findings[0]
	if f.Rule != "S1" || f.Severity != events.SeverityCritical || !f.OnPath || math.Abs(f.Share-0.75) > 0.03 {
		t.Errorf("first finding %s %s, share %.2f", f.Rule, f.Severity, f.Share)
	}
	if len(a.Findings) < 2 || !a.Findings[1].OnPath || a.Findings[1].Anchor != "com.shop.Work.map" ||
		!strings.Contains(a.Findings[1].Recommendation.Impact, "as long as CPU is missing") {
		t.Errorf("CPU that is saved in the hot path is throughput: %+v", a.Findings[1:])
	}
	for _, f := range a.Findings {
		if strings.Contains(f.Recommendation.Impact, "No gain") {
			t.Errorf("%s: %s", f.Rule, f.Recommendation.Impact)
		}
	}
	if !hasFact(a, "runnable but not on CPU for 75 %") {
		t.Error("no fact says that threads were runnable but not on CPU")
	}
	checkForm(t, r)
	if f := ruleOf(diagnoseOK(t, starvedJob(t, 0.97, 0.5, 2, 0)).Analysis, "S1"); f == nil || f.Severity != events.SeverityCritical {
		t.Errorf("on a small machine it costs as much: %+v", f)
	}
}

// TestStarvedWithFixedInput: only a source that is neither held back nor always busy sends no more when the CPU is there.
func TestStarvedWithFixedInput(t *testing.T) {
	in := starvedJob(t, 0.97, 0.5, 16, 0)
	for w := range in.Context.Windows {
		samples := in.Context.Windows[w].Samples
		first, last := &samples[0], &samples[len(samples)-1]
		for i := range last.Subtasks {
			if c := &last.Subtasks[i]; c.Vertex == in.Context.Vertices[0].ID {
				from := &first.Subtasks[i]
				c.BusyMillis, c.IdleMillis, c.BackPressuredMillis = from.BusyMillis+seconds*300, from.IdleMillis+seconds*700, from.BackPressuredMillis
			}
		}
	}
	v := diagnoseOK(t, in).Analysis.Verdict
	if v.Limit != events.LimitCPU || !strings.Contains(v.Headline, "With enough CPU it would be about 24 % busy") {
		t.Errorf("verdict %s: %s", v.Limit, v.Headline)
	}
}

// TestStarvedAndSlow: a vertex that needs its time even with enough CPU limits all the same.
func TestStarvedAndSlow(t *testing.T) {
	a := diagnoseOK(t, starvedJob(t, 0.97, 1.2, 16, 0)).Analysis
	if a.Verdict.Limit != events.LimitVertex || a.Verdict.Anchor != "com.shop.Work.map" {
		t.Errorf("verdict %s: %s", a.Verdict.Limit, a.Verdict.Headline)
	}
	if f := ruleOf(a, "S1"); f == nil || !f.OnPath || math.Abs(f.Share-0.41) > 0.03 {
		t.Errorf("starvation %+v", f)
	}
	a = diagnoseOK(t, starvedJob(t, 0.97, 1.2, 2, 0)).Analysis
	remark := func(o events.Observation) bool { return strings.Contains(o.Text, "as is normal on a small machine") }
	if ruleOf(a, "S1") != nil || !slices.ContainsFunc(a.Observations, remark) {
		t.Errorf("on a small machine: %+v, %+v", ruleOf(a, "S1"), a.Observations)
	}
}

// TestStarvedBesideASleeper: of two branches that limit alike, the one that sleeps would limit with enough CPU, too.
func TestStarvedBesideASleeper(t *testing.T) {
	job := func(asleep string) Input {
		j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).
			vertex("work", []string{"Source: in"}, load{0.98, 0.02, 100}).
			vertex("other", []string{"Source: in"}, load{0.97, 0.03, 100}).cores(0.3)
		j.TaskManagers[0].CPUCores = 16
		j.Threads = []jobcontext.Thread{
			{TaskManager: "tm-1", Name: "work (1/1)#0", Frames: []string{"com.shop.Work.map"}},
			{TaskManager: "tm-1", Name: "other (1/1)#0", Frames: []string{"com.shop.Other.map"}},
		}
		return Input{Context: j.Context, Captures: []Capture{
			capture("tm-1", events.ModeITimer, graph(t, "TASK;SOURCE 20", "TASK;MAP;com/shop/Work.map 200", "TASK;MAP;com/shop/Other.map 20")),
			capture("tm-1", events.ModeWall, graph(t, "TASK;IDLE 152", "TASK;SOURCE 16", "TASK;MAP;com/shop/Work.map 156", "TASK;MAP;com/shop/Other.map"+asleep+" 156")),
		}}
	}
	if v := diagnoseOK(t, job(";java/lang/Thread.sleep")).Analysis.Verdict; v.Limit != events.LimitVertex || v.VertexName != "other" {
		t.Errorf("beside a sleeper: verdict %s: %s", v.Limit, v.Headline)
	}
	if v := diagnoseOK(t, job("")).Analysis.Verdict; v.Limit != events.LimitCPU {
		t.Errorf("beside another one that runs: verdict %s: %s", v.Limit, v.Headline)
	}
}

// TestCollectionIsNoStarvation: threads that a collection stops look as if they ran.
func TestCollectionIsNoStarvation(t *testing.T) {
	a := diagnoseOK(t, starvedJob(t, 0.97, 1.2, 16, 0.40*seconds*1000)).Analysis
	if f := ruleOf(a, "S1"); f != nil {
		t.Errorf("a collection is called starvation: %s", f.Size)
	}
}

// TestStarvedAndHealthy: a job that keeps up is not limited, and starvation is said.
func TestStarvedAndHealthy(t *testing.T) {
	a := diagnoseOK(t, starvedJob(t, 0.55, 0.3, 16, 0)).Analysis
	if a.Verdict.Limit != events.LimitNone || a.Severity != events.SeverityInfo || a.Findings[0].Rule != "S1" || !strings.Contains(a.Verdict.Headline, "get no CPU for 7") {
		t.Errorf("verdict %s, severity %s: %s", a.Verdict.Limit, a.Severity, a.Verdict.Headline)
	}
}

// TestBlockingIsNoStarvation: what a rule knows to block is not ready to run, whatever frame it ends in.
func TestBlockingIsNoStarvation(t *testing.T) {
	in := starvedJob(t, 0.97, 0.1, 16, 0)
	in.Captures[1].Graph = graph(t, "TASK;IDLE 154", "TASK;SOURCE 16",
		"TASK;MAP;com/shop/Work.map;jdk/internal/net/http/HttpClientImpl.send;some_native_wait 310")
	a := diagnoseOK(t, in).Analysis
	if a.Verdict.Limit != events.LimitVertex || a.Findings[0].Rule != "A2" || ruleOf(a, "S1") != nil {
		t.Errorf("verdict %s: %s", a.Verdict.Limit, a.Verdict.Headline)
	}
}

// TestChanceIsNoStarvation: few samples differ by chance.
func TestChanceIsNoStarvation(t *testing.T) {
	in := starvedJob(t, 0.2, 0.45, 16, 0)
	in.Captures[0].Graph = graph(t, "TASK;SOURCE 1", "TASK;MAP;com/shop/Work.map 9", "java/lang/Thread.run;com/acme/X.y 3")
	a := diagnoseOK(t, in).Analysis
	if ruleOf(a, "S1") != nil || strings.Contains(a.Verdict.Headline, "no CPU") || !hasFact(a, "runnable but not on CPU for") {
		t.Errorf("%s: %+v", a.Verdict.Headline, ruleOf(a, "S1"))
	}
}

// TestHotAlone: the counters are blind, and one of three TaskManagers is hot alone.
func TestHotAlone(t *testing.T) {
	three := []load{{0.97, 0.03, 100}, {0.97, 0.03, 100}, {0.97, 0.03, 100}}
	j := newJob("tm-1", "tm-2", "tm-3").vertex("Source: in", nil, load{0.1, 0, 9}, load{0.1, 0, 9}, load{0.1, 0, 9}).
		vertex("count", []string{"Source: in"}, three...)
	wall := func(n int) Capture {
		return capture("tm-"+itoa(n), events.ModeWall, graph(t, "TASK;IDLE "+itoa([]int{0, 150, 290, 280}[n]), "TASK;SOURCE 16",
			"TASK;MAP;com/shop/Count.map "+itoa([]int{0, 154, 14, 24}[n])))
	}
	captures := []Capture{wall(3), wall(2), wall(1)}
	for name, ctx := range map[string]*jobcontext.Context{"job": j.Context, "pages alone": nil} {
		r := diagnoseOK(t, Input{Context: ctx, Captures: captures})
		f := ruleOf(r.Analysis, "D20")
		if f == nil || f.Where != "Count.map on TaskManager tm-1" || f.OnPath != (ctx != nil) || math.Abs(f.TE-0.96) > 0.02 {
			t.Errorf("%s: %+v", name, f)
		}
		checkForm(t, r)
	}
	if f := ruleOf(diagnoseOK(t, Input{Captures: []Capture{captures[0], captures[1]}}).Analysis, "D20"); f != nil {
		t.Errorf("two cool TaskManagers are skewed: %s", f.Size)
	}
}

// TestSkewOffThePath: a skewed vertex that does not limit is an observation.
func TestSkewOffThePath(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 100}).
		vertex("work", []string{"Source: in"}, load{0.98, 0.02, 100}, load{0.97, 0.03, 100}).
		vertex("sink", []string{"work"}, load{0.60, 0.40, 100}, load{0.05, 0.95, 5})
	a := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, graph(t, "TASK;MAP;com/shop/Work.map 310"))}}).Analysis
	if ruleOf(a, "D20") != nil {
		t.Error("a vertex that does not limit is a finding")
	}
	if !slices.ContainsFunc(a.Observations, func(o events.Observation) bool { return strings.HasPrefix(o.Text, "The load of sink is skewed") }) {
		t.Errorf("observations %+v", a.Observations)
	}
}
