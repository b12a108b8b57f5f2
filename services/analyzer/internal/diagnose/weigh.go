package diagnose

import (
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/rules"
)

// weight is how much a group matters.
type weight struct {
	*group
	onPath     bool
	size       float64 // what the thresholds of the rule are compared with
	p          float64
	stdErr     float64
	share      float64  // of the profile that carries it, without idle
	garbage    float64  // share of the CPU that the collector takes for it
	timed      bool     // its size is one of time
	elsewhere  []weight // the same cause where no vertex can be named
	severity   events.Severity
	confidence events.Confidence
}

// limiting returns the vertices that limit the job: the culprit first.
func (d *diagnosis) limiting() []int {
	if d.judged.Vertex < 0 {
		return nil
	}
	return append([]int{d.judged.Vertex}, d.judged.Rivals...)
}

// vertexTotal returns the thread equivalents of a vertex's work: its busy time by the counters, and at least what the
// profile shows of it.
func (d *diagnosis) vertexTotal(vertex int) float64 {
	busy := d.busyTE(vertex)
	if busy == limits.Unknown {
		busy = 0
		for _, s := range d.loads[vertex].Subtasks {
			if s.Running {
				busy++
			}
		}
	}
	return max(busy, d.vertexTE[vertex])
}

// weigh sizes a group up against the vertex that limits the job.
func (d *diagnosis) weigh(g *group) weight {
	w := weight{group: g, severity: events.SeverityNone, timed: !g.untimed()}
	family := g.family()
	var active uint64
	for _, s := range d.family(family) {
		active += s.Active()
	}
	w.share = share(g.samples(), active)
	limiting := d.limiting()
	at := slices.IndexFunc(limiting, func(v int) bool { return slices.Contains(g.vertices, v) })
	switch {
	case g.rule.Of == rules.BasisCPU:
		w.onPath = len(limiting) > 0
		w.size, w.p = w.share, w.share
		w.stdErr = standardError(w.p, float64(active))
	case at >= 0:
		w.onPath = true
		total := d.vertexTotal(limiting[at])
		if total > 0 {
			w.p = min(1, g.te()/total)
			w.stdErr = standardError(w.p, total*d.samplesPerThread())
		}
		if g.te() == 0 {
			w.p, w.stdErr = d.shareOfVertex(g, limiting[at])
		}
		w.size = w.p
	default:
		w.size = d.shareOfTasks(g)
		if d.judged.Limit == events.LimitUnknown {
			w.p = w.size
			w.stdErr = standardError(w.p, float64(d.taskActive(family)))
		}
	}
	d.withGarbage(&w)
	w.confidence = d.confidence(&w)
	w.severity = d.severity(&w)
	return w
}

// shareOfVertex is the p of a group without thread equivalents: its share of the samples that surely are the vertex's.
func (d *diagnosis) shareOfVertex(g *group, vertex int) (p, stdErr float64) {
	var all uint64
	for at, c := range d.chains() {
		if at.scan.Family == g.family() && slices.Contains(d.places[at].vertices, vertex) {
			all += c.Active
		}
	}
	p = min(1, share(g.samples(), all))
	return p, standardError(p, float64(all))
}

// shareOfTasks is the size of a group when no vertex limits the job, or none is known to: its share of the active time
// of all tasks, by WALL if there is one.
func (d *diagnosis) shareOfTasks(g *group) float64 {
	wall := 0.0
	for _, s := range d.family(rules.FamilyWall) {
		wall += s.te(s.TaskActive)
	}
	if wall > 0 && g.te() > 0 {
		return min(1, g.te()/wall)
	}
	return min(1, share(g.samples(), d.taskActive(g.family())))
}

func (d *diagnosis) taskActive(f rules.Family) uint64 {
	var sum uint64
	for _, s := range d.family(f) {
		sum += s.TaskActive
	}
	return sum
}

// samplesPerThread returns how many samples of WALL one thread got, in the mean over the JVMs.
func (d *diagnosis) samplesPerThread() float64 {
	sum, n := 0.0, 0.0
	for _, s := range d.family(rules.FamilyWall) {
		if s.perThread > 0 {
			sum += s.perThread
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// severity follows from the thresholds of the rule, and from what is known: nothing above info when the finding does
// not limit the job, nothing above a warning when the limit is unknown or the samples are few.
func (d *diagnosis) severity(w *weight) events.Severity {
	severity := w.rule.Severity(w.size)
	if !severity.AtLeast(events.SeverityInfo) {
		return events.SeverityNone
	}
	highest := events.SeverityCritical
	if w.confidence == events.ConfidenceLow || d.judged.Limit == events.LimitUnknown {
		highest = events.SeverityWarning
	}
	if d.judged.Limit != events.LimitUnknown && (d.judged.Limit == events.LimitNone || !w.onPath) || !w.timed || d.ageless(w.rule) {
		highest = events.SeverityInfo
	}
	if severity.AtLeast(highest) {
		return highest
	}
	return severity
}

// confidence starts from the samples and goes down with each doubt.
func (d *diagnosis) confidence(w *weight) events.Confidence {
	n := max(w.samples(), w.tally(rules.FamilyWall).samples)
	c := bySamples(n)
	steps := 0
	for _, doubt := range []bool{
		d.trust.rootsOff && w.rule.Of != rules.BasisCPU, d.trust.unresolved,
		w.onPath && len(w.vertices) > 1,
		d.trust.undersampled && w.family() == rules.FamilyCPU && w.tally(rules.FamilyWall).samples < 30,
		d.trust.cold && w.family() == rules.FamilyCPU,
	} {
		if doubt {
			steps++
		}
	}
	if d.trust.disagree && w.rule.Modes[0] == rules.FamilyCPU {
		return events.ConfidenceLow
	}
	return lower(c, steps)
}
