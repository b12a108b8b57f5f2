package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// summary is a verdict whose evidence has no numbers yet.
type summary struct {
	events.Verdict
	facts []fact
}

// summarize says what a reader needs first: what limits the job, and what explains it.
func summarize(v *View, findings []Problem) summary {
	s := summary{Verdict: events.Verdict{
		Limit: v.limit.Limit, Confidence: v.limit.Confidence, Victims: v.names(v.limit.Victims),
	}}
	switch v.limit.Limit {
	case events.LimitVertex:
		s.vertex(v, findings)
	case events.LimitNone:
		s.notLimited(v, findings)
	case events.LimitCPU:
		s.starved(v, findings)
	case events.LimitRestarting, events.LimitStarting:
		s.happened(v, findings)
	case events.LimitBackpressured, events.LimitBursts:
		s.heldBack(v, findings)
	default:
		s.unknown(v, findings)
	}
	return s
}

// mainFinding returns the problem that explains the verdict: the most important one of the limiting vertices, by frames
// if there is any.
func mainFinding(findings []Problem) *Problem {
	var best *Problem
	for i := range findings {
		p := &findings[i]
		if !p.OnPath || p.Rule.Systemic || p.timeless() {
			continue
		}
		if best == nil || (best.Samples == 0 && p.Samples > 0 && p.Severity.AtLeast(best.Severity)) {
			best = p
		}
	}
	return best
}

func (s *summary) vertex(v *View, findings []Problem) {
	at := v.limit.Vertex
	p := mainFinding(findings)
	if p != nil { // of several vertices that limit alike, the one that is explained best
		at = v.limitedBy(p)
	}
	load := &v.loads[at]
	s.VertexID, s.VertexName, s.Subtasks, s.Busy = load.ID, load.Name, len(load.Subtasks), max(0, load.Max(limits.Busy))
	s.BusySubtasks = v.hotSubtasks(at)
	s.facts = append(s.facts, v.vertexFacts[at])
	s.Headline = s.limitText(v, at)
	if tm := v.limit.unprofiled; tm != "" && at == v.limit.Vertex {
		s.Headline += fmt.Sprintf(". It runs on %s, which was not profiled, so where its time goes is not known.", tm)
		return
	}
	switch {
	case p == nil && v.limit.Own:
		s.Headline += ". A full queue of its own, as of asynchronous I/O, or skew behind it does that."
		return
	case p == nil:
		s.largestPart(v)
		return
	}
	s.explain(v, at, p)
}

// largestPart continues the headline where nothing of the vertex is worth a finding: with what holds most of its time
// all the same.
func (s *summary) largestPart(v *View) {
	p, ok := v.largest()
	if !ok {
		s.Headline += ". No sample of the profile surely belongs to it, so where its time goes is not known."
		return
	}
	s.Anchor, s.Frame, s.P, s.Samples = p.Anchor, p.Frame, p.P, p.Samples
	s.Confidence = lowest(s.Confidence, p.Confidence)
	s.facts = append(s.facts, v.frameFacts(&p)...)
	s.Headline += fmt.Sprintf(". No part of its time stands out; the largest, %s, is %s.", wording.Percent(p.P), p.named())
}

// largest returns what takes most of the time of what limits, or of all tasks when that is not known, worth a finding or
// not.
func (v *View) largest() (best Problem, ok bool) {
	for _, g := range v.groups {
		if g.rule.Role == mechanisms.RoleVictim || g.rule.Of == mechanisms.BasisCPU {
			continue
		}
		if p := v.weigh(g); p.P > 0 && (p.OnPath || v.limit.Limit == events.LimitUnknown) && p.Samples >= minSamples && p.P > best.P {
			best, ok = p, true
		}
	}
	if !ok {
		return best, false
	}
	one := []Problem{best}
	v.measure(one)
	return one[0], true
}

// explain continues the headline with the problem that takes the time of a vertex.
func (s *summary) explain(v *View, at int, p *Problem) {
	next := v.next(at, p.Bound)
	s.Anchor, s.Frame, s.P, s.Bound, s.Samples = p.Anchor, p.Frame, p.P, next.allowed(p.Bound), p.Samples
	if next.vertex >= 0 {
		s.NextLimit = v.loads[next.vertex].Name
		s.facts = append(s.facts, v.vertexFacts[next.vertex])
	}
	s.Fix = p.fix()
	s.Confidence = lowest(s.Confidence, p.Confidence)
	s.facts = append(s.facts, p.cited()...)
	switch {
	case len(p.Vertices) == 0:
		s.Headline += fmt.Sprintf(". %s: %s.", p.Rule.Title, p.Extent)
	case p.Headline != "":
		s.Headline += ". " + p.Headline
	case v.limit.OneOf:
		s.Headline += fmt.Sprintf(". %s of the time of %s is in %s.", wording.Percent(p.P), v.loads[at].Name, wording.Place(p.Anchor, p.Frame))
	case v.limit.Legacy != nil && v.limit.Legacy.Vertex == at:
		s.Headline += fmt.Sprintf(". %s of the time in which they run is in %s.", wording.Percent(p.P), p.named())
	default:
		s.Headline += fmt.Sprintf(", %s of that in %s.", wording.Percent(p.P), p.named())
	}
	if p.wider {
		s.Headline += " Its change spares more than that; how much cannot be told before."
		return
	}
	s.Gain = v.gainText(at, p.Bound)
}

// cited are the facts that a verdict cites of the problem that explains it.
func (p *Problem) cited() []fact {
	if len(p.proofs) > 0 {
		return p.proofs
	}
	return p.Facts[:1]
}

// named is what takes the time: one place, or a pattern in several of which none stands for all.
func (p *Problem) named() string {
	if p.Rule.Whole {
		return fmt.Sprintf("%q (most in %s)", p.Rule.Title, wording.Place(p.Anchor, p.Frame))
	}
	if p.counts.all == nil {
		return wording.Place(p.Anchor, p.Frame)
	}
	return fmt.Sprintf("%q (%d places, most in %s)", p.Rule.Title, p.counts.places, wording.Place(p.Anchor, p.Frame))
}

func (s *summary) notLimited(v *View, findings []Problem) {
	s.Headline = "Not limited. No vertex is busy, and " + v.pressureText() + "."
	if busiest := v.limit.Next; busiest >= 0 {
		s.Busy = v.loads[busiest].Max(limits.Busy)
		s.Headline = fmt.Sprintf("Not limited. Busiest vertex %s, %s busy; %s.", v.loads[busiest].Name, wording.Percent(s.Busy), v.pressureText())
		s.facts = []fact{v.vertexFacts[busiest]}
	}
	s.Headline += costText(findings)
	if starved := &v.limit.starved; starved.share >= v.catalogue.By("starvation").Warning {
		s.Headline += fmt.Sprintf(" %s get no CPU for %s of the time in which they are ready to run.",
			starved.threads("Its task threads"), wording.Percent(starved.share))
		s.facts = append(s.facts, starved.fact)
	}
}

// costText names the largest of the findings of a job that no vertex is known to limit.
func costText(findings []Problem) string {
	n, largest := 0, ""
	for i := range findings {
		p := &findings[i]
		if p.Rule.Systemic || !p.costs() {
			continue
		}
		if n++; n > 1 {
			continue
		}
		largest = p.Where
		if p.group == nil {
			largest = fmt.Sprintf("%s (%s)", p.Rule.Title, p.Where)
		}
	}
	switch n {
	case 0:
		return ""
	case 1:
		return fmt.Sprintf(" One matter of cost: %s.", largest)
	}
	return fmt.Sprintf(" %d matters of cost, the largest: %s.", n, largest)
}

// costs reports that a problem takes time or CPU, and is no matter of checkpoints or of event time.
func (p *Problem) costs() bool { return p.group != nil || p.P > 0 || p.Share > 0 || p.Cores > 0 }

// starved blames the CPU, and no code: it names the vertex that lacks it most, and what that costs.
func (s *summary) starved(v *View, findings []Problem) {
	starved := &v.limit.starved
	load := &v.loads[starved.vertex]
	s.VertexID, s.VertexName, s.Subtasks = load.ID, load.Name, len(load.Subtasks)
	s.Busy, s.Samples, s.P = load.Max(limits.Busy), samples(starved.samples), starved.share
	s.facts = []fact{starved.fact, v.vertexFacts[starved.vertex]}
	s.Headline = fmt.Sprintf("CPU starvation limits the job: %s had work for %.2f cores and got %.2f. "+
		"It limits at %s: %s busy, %s of that without a CPU.", starved.threads("its task threads"), starved.running, starved.got, load.Name, wording.Percent(s.Busy),
		wording.Percent(v.starvedShare()))
	if v.inputIsFixed(starved.vertex) {
		s.Headline += fmt.Sprintf(" With enough CPU it would be about %s busy.", wording.Percent(starved.need))
	}
	for i := range findings {
		if p := &findings[i]; p.Rule.Systemic {
			next := v.next(starved.vertex, p.Bound)
			s.Fix, s.Bound = p.fix(), next.allowed(p.Bound)
			s.Gain = v.gainText(starved.vertex, p.Bound)
			if next.vertex >= 0 {
				s.NextLimit = v.loads[next.vertex].Name
				s.facts = append(s.facts, v.vertexFacts[next.vertex])
			}
			s.Confidence = lowest(s.Confidence, p.Confidence)
		}
	}
}

func (s *summary) unknown(v *View, findings []Problem) {
	s.Confidence = events.ConfidenceLow
	s.Headline = "What limits the job cannot be told without its metrics."
	if v.ctx != nil && v.limit.Why != "" {
		s.Headline = v.limit.Why
	}
	s.largest(v, findings)
}

// largest continues a verdict that blames no vertex with the largest finding.
func (s *summary) largest(v *View, findings []Problem) {
	if len(findings) == 0 && !v.seesTasks() {
		s.Headline += " No thread of a Flink task was recognized."
		return
	}
	if len(findings) == 0 {
		s.Headline += " The task threads show no known problem."
		if p, ok := v.largest(); ok {
			s.facts = append(s.facts, v.frameFacts(&p)...)
			s.Headline += fmt.Sprintf(" The largest part of their active time, %s, is %s.", wording.Percent(p.P), p.named())
		}
		return
	}
	p := &findings[0]
	s.Anchor, s.Frame, s.P, s.Samples, s.Fix = p.Anchor, p.Frame, p.P, p.Samples, p.fix()
	s.facts = append(s.facts, p.cited()...)
	name := p.Rule.Title
	if p.group != nil {
		name = wording.Place(p.Anchor, p.Frame)
	}
	s.Headline += fmt.Sprintf(" The largest finding is %s: %s.", name, p.Extent)
}

// seesTasks reports that some capture has samples in a task.
func (r *reading) seesTasks() bool {
	for _, m := range r.modes {
		for _, s := range m.scans {
			if s.Task+s.SourceRoots > 0 {
				return true
			}
		}
	}
	return false
}
