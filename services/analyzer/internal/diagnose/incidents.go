package diagnose

import (
	"cmp"
	"fmt"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// incidents reports what kept the job from running while it was profiled. Then nothing else is worth a finding: what the
// profile shows is the start of the tasks, again and again.
func incidents(v *View) []Problem {
	i := v.limit.Incident
	if i == nil {
		return nil
	}
	happened := fact{factMetric, incidentFact(i)}
	rule := v.catalogue.By("restarts")
	if i.Happening != limits.Restarted || rule == nil {
		return []Problem{remark("", happened)}
	}
	f := finding(rule, cmp.Or(i.Exception, "failure of the job"))
	f.Severity, f.Confidence = events.SeverityWarning, v.limit.Confidence
	if i.Loop() {
		f.Severity = events.SeverityCritical
	}
	f.Where = cmp.Or(i.Task, "the whole job")
	f.Extent = i.Count()
	f.Why = "A job that fails reads its state and its input again from the last checkpoint; until it runs, no profile says what it costs."
	f.Impact = "The job runs; how fast, a profile of the running job shows."
	f.Facts = []fact{happened}
	if i.Failure != "" {
		f.Facts = append(f.Facts, fact{factMetric, events.Fact{
			Text: fmt.Sprintf("The last failure that Flink reports in that time is %s.", i.Failure), Value: 1, Unit: "count",
		}})
	}
	return []Problem{f}
}

// incidentFact states what happened.
func incidentFact(i *limits.Incident) events.Fact {
	return events.Fact{Text: i.Text(), Value: float64(i.Restarts), Unit: "count"}
}
