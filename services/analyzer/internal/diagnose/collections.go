package diagnose

import (
	"fmt"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// collections reports garbage collection by its time, for JVMs whose collector has no names in a profile.
func collections(v *View) []Problem {
	if v.ctx == nil {
		return nil
	}
	worst, at := 0.0, ""
	for _, tm := range v.ctx.TaskManagers {
		spent, passed := jvmDelta(v.ctx, tm.ID, "", func(j *jobcontext.JVMCounter) int64 { return j.GCMillis })
		if passed > 0 && float64(spent)/passed > worst {
			worst, at = float64(spent)/passed, tm.ID
		}
	}
	if v.shared(at) && len(v.limit.onPath()) == 0 {
		return nil // whose garbage it is cannot be told, and it is no cost of this job alone
	}
	rule := v.catalogue.By("collections")
	severity := rule.Severity(worst)
	if severity == events.SeverityNone {
		return nil
	}
	worst = min(worst, 1)
	f := finding(rule, "garbage collection")
	f.Severity, f.Confidence, f.OnPath, f.P, f.Share = severity, events.ConfidenceMedium, len(v.limit.onPath()) > 0, worst, worst
	switch {
	case v.limit.Limit == events.LimitUnknown && f.Severity == events.SeverityCritical:
		f.Severity = events.SeverityWarning
	case v.limit.Limit != events.LimitUnknown && !f.OnPath:
		f.Severity, f.P = events.SeverityInfo, 0
	}
	if f.OnPath {
		f.Bound = bound(worst, 1000)
	}
	f.Where = "the JVM of " + at
	f.Extent = wording.Percent(worst) + " of the time in garbage collection, by the JVM's own counters"
	f.Why = "While the collector stops the JVM, no task runs."
	f.Impact = fmt.Sprintf("Up to %s of the time is freed for the tasks.", wording.Percent(worst))
	if v.limit.Limit == events.LimitNone {
		f.Impact = "No gain in throughput; the CPU that the collector takes is freed."
	}
	f.Facts = []fact{{factMetric, events.Fact{
		Text: fmt.Sprintf("%s spent %s of the time in garbage collection.", at, wording.Percent(worst)), Value: worst, Unit: "share", JVM: at,
	}}}
	return []Problem{f}
}
