package diagnose

import (
	"fmt"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

const normalShare = 0.5 // of the runnable time: on a small machine, less than this without a CPU is the normal state

// starvation reports what was measured when it is worth it. On a small machine some of it is the normal state, and a
// remark.
func starvation(v *View) []Problem {
	s := &v.limit.starved
	rule := v.catalogue.By("starvation")
	severity := rule.Severity(s.share)
	if !s.known || severity == events.SeverityNone {
		return nil
	}
	if v.fewCores() && v.limit.Limit != events.LimitCPU && s.share < normalShare {
		return []Problem{remark(fmt.Sprintf("%s were ready to run but not on CPU for %s of that time, as is normal on a small machine.",
			s.threads("Task threads"), wording.Percent(s.share)), s.fact)}
	}
	f := finding(rule, "task threads")
	f.Confidence, f.Mode, f.Samples = bySamples(s.samples), events.ModeWall, samples(s.samples)
	f.TE, f.Share, f.P = s.running-s.got, s.share, v.starvedShare()
	f.StdErr = s.stdErr
	f.Where = strings.TrimSuffix(s.threads("all task threads of the profiled TaskManagers"), ",")
	f.Extent = fmt.Sprintf("%.2f of %s that were ready to run got no CPU (%s)", s.running-s.got, wording.TE(s.running), wording.Percent(s.share))
	f.Why = "Time without a CPU looks like slow code, and no change of the code gives it back."
	f.Facts = []fact{s.fact}
	// By what it costs the vertex that limits: its severity is that of its bound.
	f.Severity = rule.Severity(f.P - 2*s.stdErr)
	f.OnPath = f.Severity != events.SeverityNone
	if !f.OnPath {
		f.P, f.Severity = 0, events.SeverityInfo
		f.Impact = fmt.Sprintf("Up to %s of the time in which tasks are ready to run comes back.", wording.Percent(s.share))
		return []Problem{f}
	}
	vertex := max(v.limit.Vertex, s.vertex)
	f.Vertices = v.names([]int{vertex})
	f.Bound = bound(f.P, float64(s.samples))
	f.Extent += fmt.Sprintf(", %s of the time of %s", wording.Percent(f.P), v.loads[vertex].Name)
	most, then := v.boundText(vertex, f.Bound)
	f.Impact = fmt.Sprintf("At most %s the throughput with enough CPU%s.", most, then)
	f.Facts = append(f.Facts, v.vertexFacts[vertex])
	return []Problem{f}
}
