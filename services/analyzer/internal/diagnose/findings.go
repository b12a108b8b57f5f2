package diagnose

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// describe words a problem of frames: where it is, how large it appears, why it matters, what a remedy is worth, and the
// facts that prove it.
func (v *View) describe(p *Problem) {
	p.Where = v.whereText(p)
	p.Extent = v.sizeText(p)
	p.Why = v.whyText(p)
	p.Impact = v.impactText(p)
	p.proofs = v.frameFacts(p)
	p.Facts = slices.Concat(p.proofs, p.Facts, p.overlaps, v.sideFacts(p))
	for _, vertex := range p.group.vertices {
		p.Facts = append(p.Facts, v.vertexFacts[vertex])
	}
}

// bound is the speed-up if a share p of the time went to zero, by n samples. Those that all agree still leave a rest of 3/n, with a
// confidence of 95 %, and nothing is claimed beyond a hundredfold.
func bound(p, n float64) float64 {
	rest := max(1-p, 3/(n+3), 0.01)
	return math.Round(100/rest) / 100
}

func (v *View) whereText(p *Problem) string {
	place := wording.Place(p.Anchor, p.Frame)
	switch {
	case p.Rule.Below == mechanisms.ScopeProcess:
		return place + ", in any thread of the process"
	case len(p.Vertices) == 1:
		return fmt.Sprintf("%s in vertex %s", place, p.Vertices[0])
	case len(p.Vertices) > 1:
		return fmt.Sprintf("%s in one of the vertices %s", place, wording.List(p.Vertices))
	case p.group.operator != "":
		return fmt.Sprintf("%s below %s", place, wording.Simple(p.group.operator))
	default:
		return place + " in a task thread"
	}
}

func (v *View) sizeText(p *Problem) string {
	var parts []string
	if cores := v.coresOf(p.group); cores > 0 && !p.OnPath && v.limit.Limit != events.LimitUnknown {
		parts = append(parts, fmt.Sprintf("%.2f cores", cores)) // what costs
	} else if p.TE > 0 {
		unit := wording.TE(p.TE)
		if p.group.tally(mechanisms.FamilyWall).te == 0 {
			unit = fmt.Sprintf("%.2f cores", p.TE)
		}
		parts = append(parts, unit)
	}
	switch {
	case p.Rule.Of == mechanisms.BasisCPU:
		parts = append(parts, wording.Percent(p.Share)+" of the CPU")
	case p.group.untimed():
	case p.OnPath:
		parts = append(parts, p.partText(v.limitName(p)))
	case v.limit.Limit == events.LimitUnknown:
		parts = append(parts, wording.Percent(p.P)+" of the active time of all tasks")
	}
	parts = append(parts, p.samplesText())
	for _, text := range []string{p.overlapText(), p.besideText()} {
		if text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(append(parts, p.sideText()...), ", ")
}

// partText is the part of a vertex's time, with its error where samples were counted.
func (p *Problem) partText(vertex string) string {
	if p.counts.frame != nil && p.counts.frame.Unit != "" {
		return fmt.Sprintf("%s of the time of %s", wording.Percent(p.P), vertex)
	}
	return fmt.Sprintf("%s (± %s) of the time of %s", wording.Percent(p.P), wording.Percent(2*p.StdErr), vertex)
}

// limitName is the limiting vertex that a group on the path belongs to.
func (v *View) limitName(p *Problem) string {
	for _, vertex := range v.limit.onPath() {
		if slices.Contains(p.group.vertices, vertex) {
			return v.loads[vertex].Name
		}
	}
	return "the limiting vertex"
}

func (v *View) whyText(p *Problem) string {
	switch {
	case !p.timed:
		return fmt.Sprintf("It is what %s shows most of; that counts events and no time, so what it costs cannot be told from it.", p.Mode)
	case p.group.untimed():
		return "Garbage collection takes CPU from every task of the process for what it allocates."
	case v.limit.Limit == events.LimitUnknown:
		return "Whether it limits the job cannot be told without the job's metrics; it takes a share of the tasks' active time."
	case v.limit.Limit == events.LimitBackpressured:
		return "Something downstream of the source limits the job, and no vertex is busy enough to say that it is this; it is a matter of cost."
	case v.limit.unprofiled != "" && slices.Contains(p.group.vertices, v.limit.Vertex):
		return fmt.Sprintf("It is what the other subtasks do; the one that limits the job runs on %s, which was not profiled.", v.limit.unprofiled)
	case v.limit.Limit == events.LimitNone, v.limit.Limit == events.LimitBursts:
		return "The job is not limited, so throughput does not gain from it; it is a matter of cost."
	case p.Rule.Of == mechanisms.BasisCPU:
		return "It takes CPU from every task of the process, the limiting ones included."
	case p.OnPath && v.limit.Limit == events.LimitCPU:
		return fmt.Sprintf("The job lacks CPU, and %s lacks it most: what is saved here is throughput.", v.limitName(p))
	case !p.OnPath && v.cpuIsMissing():
		return "The job lacks CPU, and what this takes of it is missing in the vertex that limits."
	case !p.OnPath && p.placeless():
		return "In which vertex it is cannot be told, so neither can what throughput gains from it; it is a matter of cost in any case."
	case !p.OnPath:
		return "It is not in the vertex that limits the job, so throughput does not gain from it; it is a matter of cost."
	default:
		return fmt.Sprintf("%s limits the throughput of the whole job, and this is where its time goes.", v.limitName(p))
	}
}

func (v *View) impactText(p *Problem) string {
	switch {
	case p.group.untimed():
		return untimedImpact(p)
	case p.OnPath && p.wider:
		return "Its change spares more than this time, since other work gets cheaper with it; how much cannot be told before."
	case p.OnPath && p.Rule.Of == mechanisms.BasisVertex && len(p.group.vertices) == 1 && len(v.limit.Rivals) > 0:
		return fmt.Sprintf("At most %s for this vertex if its time went to zero, but %s as much, so the job gains only when both are fixed.",
			wording.Times(p.Bound), v.rivalsLimit(p.group.vertices[0]))
	case v.cpuIsMissing() && p.Rule.Of == mechanisms.BasisVertex && (!p.OnPath || v.limit.Limit == events.LimitCPU):
		return v.gainWithoutCPU(p)
	case p.OnPath && p.Rule.Of == mechanisms.BasisVertex:
		most, then := v.boundText(v.limit.Vertex, p.Bound)
		return fmt.Sprintf("At most %s the throughput if its time went to zero%s.", most, then)
	case p.OnPath:
		return fmt.Sprintf("At most %s of the CPU time is freed for the tasks.", wording.Percent(min(1, p.Share+p.beside.Value)))
	case v.limit.Limit == events.LimitUnknown:
		return fmt.Sprintf("At most %s of the tasks' active time is freed.", wording.Percent(p.P))
	}
	gain := "No gain in throughput"
	if v.limit.Limit == events.LimitBackpressured || v.limit.Limit == events.LimitVertex && p.placeless() {
		gain = "What throughput gains cannot be told"
	}
	if cores := v.coresOf(p.group); cores > 0 {
		return fmt.Sprintf("%s; up to %.2f cores are freed.", gain, cores)
	}
	return gain + "."
}

// placeless reports that nobody knows whether a problem of a task belongs to the vertex that limits.
func (p *Problem) placeless() bool {
	return p.open || p.group != nil && len(p.group.vertices) == 0 && p.Rule.Below != mechanisms.ScopeProcess
}

func (v *View) rivalsLimit(vertex int) string {
	var others []int
	for _, other := range v.limit.vertices() {
		if other != vertex {
			others = append(others, other)
		}
	}
	if len(others) == 1 {
		return v.loads[others[0]].Name + " limits"
	}
	return wording.List(v.names(others)) + " limit"
}

// frameFacts say what a problem takes of the time, and count what its texts name.
func (v *View) frameFacts(p *Problem) []fact {
	var facts []fact
	if f, ok := v.timeFact(p); ok {
		facts = append(facts, f)
	}
	facts = append(facts, v.countFact(p, wording.Place(p.Anchor, p.Frame), p.counts.frame))
	if p.counts.all != nil {
		name := fmt.Sprintf("%s (rule %s), in %d places,", p.Rule.Title, p.Rule.ID, p.counts.places)
		if !p.group.flinks {
			name = fmt.Sprintf("%s (rule %s) below %s, in %d places,", p.Rule.Title, p.Rule.ID, wording.Simple(p.Anchor), p.counts.places)
		}
		facts = append(facts, v.countFact(p, name, p.counts.all))
	}
	return facts
}

func (v *View) countFact(p *Problem, name string, c *events.Count) fact {
	part := shareOf(c)
	f := events.Fact{
		Text:  fmt.Sprintf("%s has %s active %s (%s).", name, wording.Count(c.Samples), p.counts.noun, wording.Percent(part)),
		Value: part, Unit: "share", Frame: p.Frame, Mode: p.Mode, Count: c,
	}
	if c.Unit == "" {
		f.Samples, f.StdErr = c.Samples, standardError(part, float64(c.Of.Samples))
	}
	if len(p.Vertices) == 1 {
		f.Vertex = p.Vertices[0]
	}
	return fact{factFrame, f}
}

// timeFact says what a problem takes of the time: no sample of it is taken by two rules.
func (v *View) timeFact(p *Problem) (fact, bool) {
	if p.TE <= 0 || p.group.untimed() {
		return fact{}, false
	}
	unit := wording.TE(p.TE)
	if p.group.tally(mechanisms.FamilyWall).te == 0 {
		unit = fmt.Sprintf("%.2f cores", p.TE)
	}
	f := events.Fact{
		Text:  fmt.Sprintf("%s takes %s", wording.Place(p.Anchor, p.Frame), unit),
		Value: p.TE, Unit: "te", Frame: p.Frame, Mode: p.Mode,
	}
	family := p.group.carries()
	f.Count = p.timeOf(family, false)
	if f.Count != nil {
		f.Mode = f.Count.Mode
	}
	if p.counts.all != nil || p.times[family].more {
		f.Text = fmt.Sprintf("%s (rule %s) takes %s", p.Rule.Title, p.Rule.ID, unit)
	}
	if vertex := v.boundedIn(p); vertex != "" {
		f.Text += fmt.Sprintf(" (bounded by what %s was busy for)", vertex)
	}
	if p.OnPath && p.Rule.Of == mechanisms.BasisVertex && p.P > 0 {
		f.Text += fmt.Sprintf(", %s of the time of %s", wording.Percent(p.P), v.limitName(p))
		f.Value, f.Unit, f.StdErr = p.P, "share", p.StdErr
		if f.Count != nil {
			f.Count.Busy = p.whole
		}
	}
	f.Text += "."
	if len(p.Vertices) == 1 {
		f.Vertex = p.Vertices[0]
	}
	return fact{factFrame, f}, true
}

// countedShare is the share of the profile that lies in what the finding names; without frames it is that of its metric.
func (p *Problem) countedShare() float64 {
	if p.group == nil || p.counts.frame == nil {
		return p.Share
	}
	return shareOf(p.counts.frame)
}
