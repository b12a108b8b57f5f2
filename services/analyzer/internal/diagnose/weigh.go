package diagnose

import (
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// weigh sizes a group up against the vertex that limits the job.
func (v *View) weigh(g *group) Problem {
	family := g.family()
	var active uint64
	for _, s := range v.family(family) {
		active += s.Active()
	}
	p := Problem{
		Rule: g.rule, Anchor: g.anchor, Frame: g.frame, Path: g.path, Vertices: v.names(g.vertices), Mode: v.modeOf(family),
		Samples: samples(g.samples()), TE: g.te(), Share: share(g.samples(), active), Severity: events.SeverityNone,
		group: g, timed: !g.untimed(),
	}
	if g.leaf != "" {
		p.Frame = g.leaf
	}
	limiting := v.limit.onPath()
	at := slices.IndexFunc(limiting, func(vertex int) bool { return slices.Contains(g.vertices, vertex) })
	p.open = at >= 0 && g.mayBeElsewhere(limiting) && g.rule.Of != mechanisms.BasisCPU // the CPU is that of all vertices
	switch {
	case g.rule.Of == mechanisms.BasisCPU:
		p.OnPath = len(limiting) > 0
		p.Size, p.P = p.Share, p.Share
		p.StdErr = v.errorOf(family, p.P, float64(active))
		if p.beside = v.besideOf(g); p.beside.Text != "" {
			p.P = min(1, p.P+p.beside.Value)
			p.Size, p.StdErr = p.P, v.errorOf(family, p.P, float64(active))
		}
	case p.open: // it is as large as it would be in the limiting vertex, but its time is not booked as that
		p.Size, p.sizeErr = v.partOf(g, limiting[at])
	case at >= 0:
		p.OnPath = true
		p.P, p.StdErr = v.partOf(g, limiting[at])
		p.whole = v.timeOf(limiting[at])
		p.Size = p.P
	case v.limit.Limit == events.LimitUnknown:
		p.Size = v.partOfTasks(g)
		p.P = p.Size
		p.StdErr = v.errorOf(family, p.P, float64(v.taskActive(family)))
	default: // a matter of cost, and only what burns CPU costs
		p.Size, p.sizeErr = v.partOfCPU(g)
	}
	p.sizeErr = max(p.sizeErr, p.StdErr)
	v.withGarbage(&p)
	p.Confidence = v.confidence(&p)
	p.Severity = v.severity(&p)
	if p.OnPath {
		p.Bound = bound(p.P, v.worth(family, g.samples()))
	}
	return p
}

// mayBeElsewhere reports that a group may be in a vertex that is not among some.
func (g *group) mayBeElsewhere(than []int) bool {
	return slices.ContainsFunc(g.vertices, func(vertex int) bool { return !slices.Contains(than, vertex) })
}

// partOf is the share of a vertex's time that a group takes. Without thread equivalents it is the share of the samples
// that surely are the vertex's.
func (v *View) partOf(g *group, vertex int) (p, stdErr float64) {
	if g.te() > 0 {
		total := v.timeOf(vertex)
		if total == 0 {
			return 0, 0
		}
		p = min(1, g.te()/total)
		if perThread := v.samplesPerThread(); perThread > 0 {
			return p, v.errorOf(mechanisms.FamilyWall, p, total*perThread)
		}
		return p, v.errorOf(g.family(), p, float64(g.samples())/p) // of the samples that make p
	}
	var all uint64
	for at, c := range v.chains() {
		if at.scan.Family == g.family() && slices.Contains(v.places[at].vertices, vertex) {
			all += c.Active
		}
	}
	p = min(1, share(g.samples(), all))
	return p, v.errorOf(g.family(), p, float64(all))
}

// timeOf returns the thread equivalents of a vertex's work; of a legacy source those in which its threads run.
func (v *View) timeOf(vertex int) float64 {
	if l := v.limit.Legacy; l != nil && l.Vertex == vertex && l.Running > 0 {
		return l.Running
	}
	return v.vertexTotal(vertex)
}

// restsInSource reports a group of what the threads of a legacy source wait for in the source itself. They have nothing to
// send meanwhile; that takes no CPU, and no time of the subtask that sends.
func (v *View) restsInSource(g *group) bool {
	l, wall := v.limit.Legacy, g.tally(mechanisms.FamilyWall)
	return l != nil && slices.Contains(g.vertices, l.Vertex) && strings.HasSuffix(g.operator, ".StreamSource.run") &&
		wall.waiting*2 > wall.samples
}

// partOfTasks is the size of a group when no vertex limits the job, or none is known to: its share of the active time
// of all tasks, by WALL if there is one.
func (v *View) partOfTasks(g *group) float64 {
	wall := 0.0
	for _, s := range v.family(mechanisms.FamilyWall) {
		wall += s.te(s.TaskActive)
	}
	if wall > 0 && g.te() > 0 {
		return min(1, g.te()/wall)
	}
	return min(1, share(g.samples(), v.taskActive(g.family())))
}

// garbage is what the allocations of a group cost the collector, as a share of the CPU: its part of the allocation
// samples of what the collector takes. Without an ALLOC capture it is 0.
func (v *View) garbage(g *group) float64 {
	var all uint64
	for _, s := range v.family(mechanisms.FamilyAlloc) {
		all += s.Active()
	}
	collector, _ := v.collectorShare()
	return share(g.tally(mechanisms.FamilyAlloc).samples, all) * collector
}

// withGarbage adds to the size of a group what it costs the collector. A group that takes no time of its own has a
// share of the allocations or of the entries to a lock, which is no p; only its garbage makes it more than a remark.
func (v *View) withGarbage(p *Problem) {
	p.garbage = v.garbage(p.group)
	if !p.group.untimed() {
		p.Size = min(1, p.Size+p.garbage)
		return
	}
	p.P, p.StdErr = 0, 0
	if p.garbage >= p.Rule.Warning {
		p.Size, p.timed = p.garbage, true
	}
}

// severity follows from the thresholds of the rule and the lower end of what was measured, and from what is known: nothing above info when the finding does
// not limit the job, nothing above a warning when the limit is unknown or the samples are few.
func (v *View) severity(p *Problem) events.Severity {
	severity := p.Rule.Severity(p.Size - 2*p.sizeErr)
	if !severity.AtLeast(events.SeverityInfo) {
		if p.Size <= 2*p.sizeErr || !p.Rule.Severity(p.Size).AtLeast(events.SeverityInfo) {
			return events.SeverityNone // nothing that chance would not give
		}
		severity = events.SeverityInfo
	}
	highest := events.SeverityCritical
	if p.Confidence == events.ConfidenceLow || v.limit.Limit == events.LimitUnknown || p.open {
		highest = events.SeverityWarning
	}
	if v.limit.Limit != events.LimitUnknown && !p.OnPath && !p.open || !p.timed || v.ageless(p.Rule) {
		highest = events.SeverityInfo
	}
	if v.limit.Limit == events.LimitCPU && p.Rule.Unexplained() {
		highest = events.SeverityInfo // code that is merely hot is no fault of a job that gets no CPU
	}
	if severity.AtLeast(highest) {
		return highest
	}
	return severity
}

// confidence starts from the samples and goes down with each doubt.
func (v *View) confidence(p *Problem) events.Confidence {
	wall := p.group.tally(mechanisms.FamilyWall).samples
	family := p.group.family()
	doubts := &v.checked.doubts
	if m := v.modeScansOf(family); m != nil && m.unit() != "" {
		return events.ConfidenceLow // only samples make anything certain
	}
	if doubts.disagree && p.Rule.Modes[0] == mechanisms.FamilyCPU {
		return events.ConfidenceLow
	}
	steps := 0
	for _, doubt := range []bool{
		doubts.rootsOff && p.Rule.Of != mechanisms.BasisCPU, doubts.unresolved,
		p.open, p.group.shared, p.beside.Text != "",
		doubts.undersampled && family == mechanisms.FamilyCPU && wall < 30,
		doubts.cold && family == mechanisms.FamilyCPU,
		v.unseenShare(p.group.vertices) >= mostlyUnseen,
	} {
		if doubt {
			steps++
		}
	}
	return lower(bySamples(max(p.group.samples(), wall)), steps)
}

// starting reports that the job is too young for a rule: what it matches is the start of the job.
func (r *reading) starting(rule *mechanisms.Mechanism) bool {
	age, ok := r.age()
	return ok && age < rule.After
}

// ageless reports that a rule asks for the age of the job, which nobody knows.
func (r *reading) ageless(rule *mechanisms.Mechanism) bool {
	_, ok := r.age()
	return !ok && rule.After > 0
}
