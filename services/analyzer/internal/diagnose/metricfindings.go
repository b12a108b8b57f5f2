package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/rules"
	"squirrly.dev/services/analyzer/internal/verdict"
)

// withMetricFindings adds what no frame shows: skew, starvation, and garbage collection without symbols.
func (d *diagnosis) withMetricFindings(found []events.Finding) []events.Finding {
	var more []events.Finding
	if f, ok := d.skew(); ok {
		more = append(more, f)
	}
	if f, ok := d.starvation(); ok {
		more = append(more, f)
	}
	hasGC := slices.ContainsFunc(found, func(f events.Finding) bool { return f.Rule == "E1" })
	if f, ok := d.collections(); ok && !hasGC {
		more = append(more, f)
	}
	for _, f := range more {
		at := slices.IndexFunc(found, func(other events.Finding) bool {
			return f.OnPath == other.OnPath && f.Severity.AtLeast(other.Severity) && f.P > other.P || f.OnPath && !other.OnPath
		})
		if at < 0 {
			at = len(found)
		}
		found = slices.Insert(found, at, f)
	}
	return found
}

// bare is a finding of a rule without frames.
func (d *diagnosis) bare(rule *rules.Rule, anchor string, vertices []string) events.Finding {
	version := ""
	if d.ctx != nil {
		version = d.ctx.FlinkVersion
	}
	return events.Finding{
		Fingerprint: fingerprint.Of(rule.ID, anchor, "", string(rule.Modes[0])), Rule: rule.ID, Category: rule.Category,
		Title: rule.Title, Anchor: anchor, Frame: anchor, Vertices: vertices, Cause: rule.Cause,
		Recommendation: rule.Recommendation(version), Origin: events.OriginRules,
	}
}

// skew reports a limiting vertex of which one subtask does the work.
func (d *diagnosis) skew() (events.Finding, bool) {
	if d.judged.Vertex < 0 {
		return events.Finding{}, false
	}
	load := &d.loads[d.judged.Vertex]
	s, ok := verdict.SkewOf(load)
	rule := d.catalogue.Rule("D20")
	severity := rule.Severity(s.Ratio)
	if !ok || severity == events.SeverityNone {
		return events.Finding{}, false
	}
	by := "busy time"
	if s.Records {
		by = "records"
	}
	f := d.bare(rule, load.Name, []string{load.Name})
	f.Severity, f.Confidence, f.OnPath = severity, d.judged.Confidence, true
	f.P = 1 - 1/s.Gain
	f.Bound = bound(f.P, 1000)
	f.Where = fmt.Sprintf("subtask %d of vertex %s", s.Subtask+1, load.Name)
	ratio := times(s.Ratio)
	if s.Ratio >= verdict.MaxSkew {
		ratio = "far more than " + times(verdict.MaxSkew/10)
	}
	f.Size = fmt.Sprintf("%s the %s of the median subtask", ratio, by)
	f.Why = "The other subtasks have reserves that the job cannot use."
	f.Recommendation.Impact = fmt.Sprintf("At most %s the throughput if all subtasks were loaded alike%s.", times(s.Gain), d.thenLimited(s.Gain))
	fact := d.facts.add(factVertex, events.Fact{
		Text:  fmt.Sprintf("Subtask %d of %s has %s.", s.Subtask+1, load.Name, f.Size),
		Value: s.Ratio, Unit: "count", Vertex: load.Name,
	})
	f.Evidence = []string{fact, d.vertexFact[d.judged.Vertex]}
	return f, true
}

// starvation reports task threads that were ready to run and got no CPU: what WALL sees running minus what ran.
func (d *diagnosis) starvation() (events.Finding, bool) {
	running, got, n := 0.0, 0.0, uint64(0)
	for _, w := range d.family(rules.FamilyWall) {
		for _, c := range d.family(rules.FamilyCPU) {
			if c.JVM == w.JVM && c.cores > 0 && w.perThread > 0 {
				running += w.te(w.TaskActive - w.TaskWaiting)
				got += c.onCPU(c.TaskActive)
				n += w.TaskActive - w.TaskWaiting
			}
		}
	}
	if running < 0.5 || n < 30 {
		return events.Finding{}, false
	}
	starved := max(0, 1-got/running)
	fact := d.facts.add(factMetric, events.Fact{
		Text: fmt.Sprintf("Task threads were ready to run for %.2f thread equivalents and got %.2f cores: %s of that time without a CPU.",
			running, got, percent(starved)),
		Value: starved, Unit: "share", Samples: samples(n),
	})
	rule := d.catalogue.Rule("S1")
	severity := rule.Severity(starved)
	if severity == events.SeverityNone {
		return events.Finding{}, false
	}
	f := d.bare(rule, "task threads", nil)
	f.Severity, f.Confidence, f.Mode, f.Samples = severity, bySamples(n), events.ModeWall, samples(n)
	f.TE, f.Share, f.P = running-got, starved, d.starvedShare(starved)
	f.OnPath = f.P >= rule.Warning
	if !f.OnPath {
		f.Severity, f.P = events.SeverityInfo, 0
	}
	if d.judged.Limit == events.LimitUnknown {
		f.P = starved
	}
	if f.OnPath {
		f.Bound = bound(f.P, n)
	}
	f.Where = "all task threads of the profiled TaskManagers"
	f.Size = fmt.Sprintf("%.2f of %.2f thread equivalents that were ready to run got no CPU (%s)", running-got, running, percent(starved))
	f.Why = "Time without a CPU looks like slow code, and no change of the code gives it back."
	f.Recommendation.Impact = fmt.Sprintf("Up to %s of the time in which tasks are ready to run comes back.", percent(starved))
	f.Evidence = []string{fact}
	return f, true
}

// starvedShare is the share of the limiting vertex's time that starvation takes: only what runs can starve.
func (d *diagnosis) starvedShare(starved float64) float64 {
	if d.judged.Vertex < 0 {
		return 0
	}
	runs := 0.0
	for at, c := range d.chains() {
		if slices.Contains(d.places[at].vertices, d.judged.Vertex) {
			runs += at.scan.te(c.Active - c.Waits)
		}
	}
	total := d.vertexTotal(d.judged.Vertex)
	if total == 0 {
		return 0
	}
	return min(1, runs/total) * starved
}

// collections reports garbage collection by its time, for JVMs whose collector has no names in a profile.
func (d *diagnosis) collections() (events.Finding, bool) {
	if d.ctx == nil {
		return events.Finding{}, false
	}
	worst, at := 0.0, ""
	for _, tm := range d.ctx.TaskManagers {
		spent, passed := jvmDelta(d.ctx, tm.ID, "", func(j *jobcontext.JVMCounter) int64 { return j.GCMillis })
		if passed > 0 && float64(spent)/passed > worst {
			worst, at = float64(spent)/passed, tm.ID
		}
	}
	rule := d.catalogue.Rule("E1")
	severity := rule.Severity(worst)
	if severity == events.SeverityNone {
		return events.Finding{}, false
	}
	worst = min(worst, 1)
	fact := d.facts.add(factMetric, events.Fact{
		Text: fmt.Sprintf("%s spent %s of the time in garbage collection.", at, percent(worst)), Value: worst, Unit: "share", JVM: at,
	})
	f := d.bare(rule, "garbage collection", nil)
	f.Severity, f.Confidence, f.OnPath, f.P, f.Share = severity, events.ConfidenceMedium, d.judged.Vertex >= 0, worst, worst
	if d.judged.Limit == events.LimitNone {
		f.Severity, f.P = events.SeverityInfo, 0
	} else if d.judged.Limit == events.LimitUnknown && f.Severity == events.SeverityCritical {
		f.Severity = events.SeverityWarning
	}
	if f.OnPath {
		f.Bound = bound(worst, 1000)
	}
	f.Where = "the JVM of " + at
	f.Size = percent(worst) + " of the time in garbage collection, by the JVM's own counters"
	f.Why = "While the collector stops the JVM, no task runs."
	f.Recommendation.Impact = fmt.Sprintf("Up to %s of the time comes free for the tasks.", percent(worst))
	f.Evidence = []string{fact}
	return f, true
}
