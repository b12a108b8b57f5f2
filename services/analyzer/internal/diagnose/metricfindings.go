package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/rules"
)

// withMetricFindings adds what no frame shows: skew, starvation, and garbage collection without symbols.
func (d *diagnosis) withMetricFindings(found []events.Finding) []events.Finding {
	var more []events.Finding
	more = append(more, d.skews()...)
	if f, ok := d.starvation(); ok {
		more = append(more, f)
	}
	hasGC := slices.ContainsFunc(found, func(f events.Finding) bool { return f.Rule == "E1" })
	if f, ok := d.collections(); ok && !hasGC {
		more = append(more, f)
	}
	for _, f := range more {
		at := slices.IndexFunc(found, func(other events.Finding) bool { return before(&f, &other) })
		switch {
		case f.Rule == "S1" && d.judged.Vertex < 0:
			at = 0 // no vertex is to blame, and what looks like slow code may be this
		case at < 0:
			at = len(found)
		}
		found = slices.Insert(found, at, f)
	}
	return found
}

// before reports that a finding comes before another one: on the path, more severe, better explained, larger.
func before(f, other *events.Finding) bool {
	switch {
	case f.OnPath != other.OnPath:
		return f.OnPath
	case f.Severity != other.Severity:
		return f.Severity.AtLeast(other.Severity)
	case f.Rule == "D20" && (other.Rule == "U1" || other.Rule == "U2"):
		return true // that one subtask has the work says more than that its code is hot
	}
	return f.P > other.P
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
	if d.judged.Limit == events.LimitNone || d.judged.Limit == events.LimitCPU {
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
