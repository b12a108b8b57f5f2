package diagnose

import (
	"fmt"
	"math"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/rules"
)

// starved is how long task threads were ready to run without a CPU. It is never called blocking.
type starved struct {
	known        bool
	running, got float64 // thread equivalents that were ready to run, cores that they got
	share        float64 // of running: without a CPU
	stdErr       float64 // of share
	samples      uint64
	fact         string
	vertex       int     // that would not limit with enough CPU; -1 is none
	need         float64 // busy share of that vertex with enough CPU
}

const (
	maxCollecting = 0.2 // share of the time: with more pauses than that, the collector is to blame and not the CPU
	minRunning    = 0.2 // thread equivalents: what hardly runs tells nothing
	smallMachine  = 4   // cores: with no more, task threads wait for each other and for the JVM's own
	starvedNeed   = 0.5 // a vertex that needs less of its time than this is not what limits
	normalShare   = 0.5 // of the runnable time: on a small machine, less than this without a CPU is the normal state
)

// measureStarvation compares what WALL sees running with the CPU time that task threads got: the part of the CPU profile
// that is theirs, of the CPU time that the JVM used while WALL ran. The JVM's own pauses are none of it: a thread that a
// collection stops looks as if it ran.
func (d *diagnosis) measureStarvation() {
	d.starved.vertex = -1
	s, onCPU := &d.starved, uint64(0)
	for _, w := range d.family(rules.FamilyWall) {
		if d.collecting(w.JVM) > maxCollecting {
			continue
		}
		for _, c := range d.family(rules.FamilyCPU) {
			if c.JVM == w.JVM && w.cores > 0 && w.perThread > 0 && c.Total > 0 {
				n := d.runnable(w)
				s.running += w.te(n) * (1 - d.collecting(w.JVM))
				s.got += share(c.TaskActive, c.Total) * w.cores
				s.samples += n
				onCPU += c.TaskActive
			}
		}
	}
	if s.running < minRunning || s.samples < 30 {
		return
	}
	s.known, s.share = true, max(0, 1-s.got/s.running)
	s.stdErr = s.got / s.running * math.Sqrt(1/float64(s.samples)+1/float64(max(1, onCPU)))
	s.fact = d.facts.add(factMetric, events.Fact{
		Text: fmt.Sprintf("Task threads were ready to run for %s and got %.2f cores: runnable but not on CPU for %s of that time.",
			te(s.running), s.got, percent(s.share)),
		Value: s.share, Unit: "share", Samples: samples(s.samples), StdErr: s.stdErr,
	})
	if 2*s.stdErr > s.share {
		s.share = 0 // nothing that chance would not give
	}
	d.blameStarvation()
}

// runnable returns the samples of task threads that were ready to run: those that neither wait nor lie below a frame
// that is known to block.
func (d *diagnosis) runnable(w *jvmScan) uint64 {
	n := w.TaskActive - w.TaskWaiting
	for _, at := range w.Sites {
		rule := &d.catalogue.Rules[at.Rule]
		if first := rule.Modes[0]; first == rules.FamilyWall || first == rules.FamilyLock {
			n -= min(n, at.Samples-at.Waiting)
		}
	}
	return n
}

// collecting returns the share of the time that a JVM spent in garbage collections, by its own counters.
func (d *diagnosis) collecting(jvm string) float64 {
	spent, passed := jvmDelta(d.ctx, jvm, "", func(j *jobcontext.JVMCounter) int64 { return j.GCMillis })
	if passed <= 0 {
		return 0
	}
	return min(0.95, float64(spent)/passed)
}

// blameStarvation takes the blame from a vertex that is busy only because its threads get no CPU: with enough of it,
// it would be busy for less than half of its time.
func (d *diagnosis) blameStarvation() {
	s := &d.starved
	if d.judged.Limit != events.LimitVertex || d.judged.Own || s.share < d.catalogue.Rule("S1").Warning {
		return
	}
	load := &d.loads[d.judged.Vertex]
	busy := load.Max(limits.Busy)
	if busy == limits.Unknown {
		return
	}
	need := busy * (1 - d.starvedShare(s.share))
	if need >= starvedNeed {
		return
	}
	s.vertex, s.need = d.judged.Vertex, need
	d.judged.Limit, d.judged.Vertex, d.judged.Rivals, d.judged.Next = events.LimitCPU, -1, nil, -1
}

// starvedShare is the share of the limiting vertex's time that starvation takes: only what runs can starve.
func (d *diagnosis) starvedShare(starved float64) float64 {
	vertex := d.judged.Vertex
	if d.starved.vertex >= 0 {
		vertex = d.starved.vertex
	}
	if vertex < 0 {
		return 0
	}
	runs := 0.0
	for at, c := range d.chains() {
		if slices.Contains(d.places[at].vertices, vertex) {
			runs += at.scan.te(c.Active - c.Waits)
		}
	}
	total := d.vertexTotal(vertex)
	if total == 0 {
		return 0
	}
	return min(1, runs/total) * starved
}

// starvation reports what was measured when it is worth it. On a small machine some of it is the normal state, and a
// remark.
func (d *diagnosis) starvation() (events.Finding, bool) {
	s := &d.starved
	rule := d.catalogue.Rule("S1")
	severity := rule.Severity(s.share)
	if !s.known || severity == events.SeverityNone {
		return events.Finding{}, false
	}
	if d.small() && d.judged.Limit != events.LimitCPU && s.share < normalShare {
		d.say(fmt.Sprintf("Task threads were ready to run but not on CPU for %s of that time, as is normal on a small machine.",
			percent(s.share)), s.fact)
		return events.Finding{}, false
	}
	f := d.bare(rule, "task threads", nil)
	f.Severity, f.Confidence, f.Mode, f.Samples = severity, bySamples(s.samples), events.ModeWall, samples(s.samples)
	f.TE, f.Share, f.P = s.running-s.got, s.share, d.starvedShare(s.share)
	f.StdErr = s.stdErr
	f.OnPath = f.P >= rule.Warning
	if f.OnPath {
		f.Bound = bound(f.P, s.samples)
	} else {
		f.P = 0
	}
	if !f.OnPath || d.small() {
		f.Severity = events.SeverityInfo
	}
	f.Where = "all task threads of the profiled TaskManagers"
	f.Size = fmt.Sprintf("%.2f of %s that were ready to run got no CPU (%s)", s.running-s.got, te(s.running), percent(s.share))
	f.Why = "Time without a CPU looks like slow code, and no change of the code gives it back."
	f.Recommendation.Impact = fmt.Sprintf("Up to %s of the time in which tasks are ready to run comes back.", percent(s.share))
	f.Evidence = []string{s.fact}
	return f, true
}

// small reports that no TaskManager is known to have more than a few cores.
func (d *diagnosis) small() bool {
	return !slices.ContainsFunc(d.ctx.TaskManagers, func(tm jobcontext.TaskManager) bool { return tm.CPUCores > smallMachine })
}

// starvedVerdict blames the CPU, and no code.
func (d *diagnosis) starvedVerdict(v *events.Verdict, findings []events.Finding) {
	s, load := &d.starved, &d.loads[d.starved.vertex]
	v.Busy, v.Samples, v.P = load.Max(limits.Busy), samples(s.samples), s.share
	v.Evidence = []string{s.fact, d.vertexFact[s.vertex]}
	v.Headline = fmt.Sprintf("CPU starvation limits the job: its task threads were ready to run for %s and got %.2f cores. "+
		"With enough CPU, %s would be about %s busy, not %s.", te(s.running), s.got, load.Name, percent(s.need), percent(v.Busy))
	for _, f := range findings {
		if f.Rule == "S1" {
			v.Fix, v.Bound = f.Recommendation.Change, f.Bound
			v.Confidence = lowest(v.Confidence, f.Confidence)
		}
	}
}
