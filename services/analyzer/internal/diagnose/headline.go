package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// verdict sums up what a reader needs first.
func (d *diagnosis) verdict(findings []events.Finding, chosen []weight) events.Verdict {
	v := events.Verdict{Limit: d.judged.Limit, Confidence: d.judged.Confidence, Victims: d.names(d.judged.Victims)}
	switch d.judged.Limit {
	case events.LimitVertex:
		d.vertexVerdict(&v, findings)
	case events.LimitNone:
		d.freeVerdict(&v, findings)
	case events.LimitCPU:
		d.starvedVerdict(&v, findings)
	default:
		d.unknownVerdict(&v, findings, chosen)
	}
	return v
}

// main returns the finding that explains the verdict: the most important one of the limiting vertices, by frames if
// there is any.
func (d *diagnosis) main(findings []events.Finding) *events.Finding {
	var best *events.Finding
	for i := range findings {
		f := &findings[i]
		if !f.OnPath || f.Rule == "S1" || timeless(f) {
			continue
		}
		if best == nil || (best.Samples == 0 && f.Samples > 0 && f.Severity.AtLeast(best.Severity)) {
			best = f
		}
	}
	return best
}

func (d *diagnosis) vertexVerdict(v *events.Verdict, findings []events.Finding) {
	at := d.judged.Vertex
	f := d.main(findings)
	if f != nil { // of several vertices that limit alike, the one that is explained best
		for _, vertex := range d.limiting() {
			if slices.Contains(f.Vertices, d.loads[vertex].Name) && !slices.Contains(f.Vertices, d.loads[at].Name) {
				at = vertex
			}
		}
	}
	load := &d.loads[at]
	v.VertexID, v.VertexName, v.Subtasks, v.Busy = load.ID, load.Name, len(load.Subtasks), max(0, load.Max(limits.Busy))
	for _, s := range load.Subtasks {
		if s.Busy >= limits.Saturated {
			v.BusySubtasks++
		}
	}
	v.Evidence = append(v.Evidence, d.vertexFact[at])
	if next := d.next(at); next >= 0 {
		v.NextLimit = d.loads[next].Name
		v.Evidence = append(v.Evidence, d.vertexFact[next])
	}
	v.Headline = d.limitText(at, v)
	if f == nil {
		v.Headline += ". No known pattern explains where its time goes."
		return
	}
	v.Anchor, v.Frame, v.P, v.Bound, v.Samples = f.Anchor, f.Frame, f.P, f.Bound, f.Samples
	v.Fix = f.Recommendation.Change
	v.Confidence = lowest(v.Confidence, f.Confidence)
	v.Evidence = append(v.Evidence, f.Evidence[0])
	switch {
	case len(f.Vertices) == 0:
		v.Headline += fmt.Sprintf(". %s: %s.", f.Title, f.Size)
	case f.Rule == "D20":
		v.Headline += fmt.Sprintf(". The load is skewed: %s has %s.", f.Where, f.Size)
	default:
		v.Headline += fmt.Sprintf(", %s of that in %s.", percent(f.P), where(f.Anchor, f.Frame))
	}
	v.Headline += fmt.Sprintf(" Upper bound: %s%s.", times(f.Bound), d.thenLimitedAfter(at, f.Bound))
}

func (d *diagnosis) limitText(at int, v *events.Verdict) string {
	busy := "of unknown load"
	if d.loads[at].Max(limits.Busy) != limits.Unknown {
		busy = percent(v.Busy) + " busy"
	}
	subtasks := fmt.Sprintf("%d of %s", max(1, v.BusySubtasks), plural(v.Subtasks, "subtask"))
	switch {
	case d.judged.Own:
		return fmt.Sprintf("%s limits the job: it is held back though nothing behind it is busy; %s itself", v.VertexName, busy)
	case d.judged.Near:
		return fmt.Sprintf("%s (%s) is close to limiting the job, but nothing waits for it yet: %s", v.VertexName, subtasks, busy)
	default:
		return fmt.Sprintf("%s (%s) limits the job: %s", v.VertexName, subtasks, busy)
	}
}

// next returns the vertex that would limit after one was fixed, or -1.
func (d *diagnosis) next(fixed int) int {
	next := -1
	for i := range d.loads {
		busy := d.loads[i].Max(limits.Busy)
		if i != fixed && busy > 0 && (next < 0 || busy > d.loads[next].Max(limits.Busy)) {
			next = i
		}
	}
	return next
}

// thenLimited continues a sentence on a speed-up with what limits next.
func (d *diagnosis) thenLimited(bound float64) string {
	return d.thenLimitedAfter(d.judged.Vertex, bound)
}

func (d *diagnosis) thenLimitedAfter(fixed int, bound float64) string {
	next := d.next(fixed)
	if next < 0 {
		return ""
	}
	until := 1 / d.loads[next].Max(limits.Busy)
	if until < bound {
		return fmt.Sprintf(", but %s limits already at about %s", d.loads[next].Name, times(until))
	}
	return ", then limited by " + d.loads[next].Name
}

func (d *diagnosis) freeVerdict(v *events.Verdict, findings []events.Finding) {
	v.Headline = "Not limited. No vertex is busy, and there is no back pressure."
	if busiest := d.judged.Next; busiest >= 0 {
		v.Busy = d.loads[busiest].Max(limits.Busy)
		v.Headline = fmt.Sprintf("Not limited. Busiest vertex %s, %s busy, no back pressure to speak of.", d.loads[busiest].Name, percent(v.Busy))
		v.Evidence = []string{d.vertexFact[busiest]}
	}
	for _, f := range findings {
		if f.Rule != "S1" {
			v.Headline += fmt.Sprintf(" One matter of cost: %s.", f.Where)
			break
		}
	}
	if d.starved.share >= d.catalogue.Rule("S1").Warning {
		v.Headline += fmt.Sprintf(" Its task threads get no CPU for %s of the time in which they are ready to run.", percent(d.starved.share))
		v.Evidence = append(v.Evidence, d.starved.fact)
	}
}

func (d *diagnosis) unknownVerdict(v *events.Verdict, findings []events.Finding, chosen []weight) {
	v.Confidence = events.ConfidenceLow
	v.Headline = "What limits the job cannot be told without its metrics."
	if len(findings) == 0 {
		v.Headline += " The task threads show no known problem."
		return
	}
	f := &findings[0]
	v.Anchor, v.Frame, v.P, v.Samples, v.Fix = f.Anchor, f.Frame, f.P, f.Samples, f.Recommendation.Change
	v.Evidence = f.Evidence[:1]
	if len(chosen) > 0 && chosen[0].anchor == f.Anchor {
		v.Headline += fmt.Sprintf(" The largest finding is %s: %s.", where(f.Anchor, f.Frame), f.Size)
		return
	}
	v.Headline += fmt.Sprintf(" The largest finding is %s: %s.", f.Title, f.Size)
}
