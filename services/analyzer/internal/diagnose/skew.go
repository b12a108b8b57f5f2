package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/rules"
	"squirrly.dev/services/analyzer/internal/scan"
)

// skews reports the limiting vertices of which one subtask does the work: by the counters, or else by one TaskManager
// that is hot alone. Other vertices are skewed without harm to the throughput, which is an observation.
func (d *diagnosis) skews() []events.Finding {
	var found []events.Finding
	for v := range d.loads {
		isLimit := slices.Contains(d.limiting(), v)
		if f, ok := d.skewByCounters(v, isLimit); ok {
			found = append(found, f)
		} else if f, ok := d.skewByWall(v, isLimit); isLimit && ok {
			found = append(found, f)
		}
	}
	if d.judged.Limit == events.LimitUnknown {
		if f, ok := d.skewByWall(anyVertex, false); ok {
			found = append(found, f)
		}
	}
	return found
}

func (d *diagnosis) skewByCounters(vertex int, isLimit bool) (events.Finding, bool) {
	load := &d.loads[vertex]
	s, ok := limits.SkewOf(load)
	rule := d.catalogue.Rule("D20")
	if !ok || rule.Severity(s.Ratio) == events.SeverityNone {
		return events.Finding{}, false
	}
	by := "busy time"
	if s.Records {
		by = "records"
	}
	ratio := times(s.Ratio)
	if s.Ratio >= limits.MaxSkew {
		ratio = "far more than " + times(limits.MaxSkew/10)
	}
	size := fmt.Sprintf("%s the %s of the median subtask", ratio, by)
	fact := d.facts.add(factVertex, events.Fact{
		Text:  fmt.Sprintf("Subtask %d of %s has %s.", s.Subtask+1, load.Name, size),
		Value: s.Ratio, Unit: "count", Vertex: load.Name,
	})
	if !isLimit {
		d.say(fmt.Sprintf("The load of %s is skewed, but %s does not limit the job.", load.Name, load.Name), fact)
		return events.Finding{}, false
	}
	f := d.skewFinding(load.Name, load.Name, s.Ratio, s.Gain)
	f.Frame = cmp.Or(d.hottestIn(vertex), f.Frame)
	f.Confidence, f.Size = d.judged.Confidence, size
	f.Where = fmt.Sprintf("subtask %d of vertex %s", s.Subtask+1, load.Name)
	f.Evidence = []string{fact, d.vertexFact[vertex]}
	return f, true
}

// hottestIn returns the user function of a vertex with most samples, of WALL if there is any; it is empty if none surely
// belongs to the vertex.
func (d *diagnosis) hottestIn(vertex int) string {
	for _, family := range []rules.Family{rules.FamilyWall, rules.FamilyCPU} {
		sums, best := map[string]uint64{}, ""
		for at, c := range d.chains() {
			if at.scan.Family != family || c.Anchor == scan.NoName || !slices.Equal(d.places[at].vertices, []int{vertex}) {
				continue
			}
			name := at.scan.Graph.Name(c.Anchor)
			sums[name] += c.Active
			if best == "" || sums[name] > sums[best] {
				best = name
			}
		}
		if best != "" {
			return best
		}
	}
	return ""
}

// skewFinding is a finding of skew on the path.
func (d *diagnosis) skewFinding(vertex, anchor string, ratio, gain float64) events.Finding {
	rule := d.catalogue.Rule("D20")
	f := d.bare(rule, anchor, nil)
	f.Severity, f.OnPath = rule.Severity(ratio), true
	if vertex != "" {
		f.Vertices = []string{vertex}
	}
	f.P = 1 - 1/gain
	f.Bound = bound(f.P, 1000)
	f.Why = "The other subtasks have reserves that the job cannot use."
	f.Recommendation.Impact = fmt.Sprintf("At most %s the throughput if all subtasks were loaded alike%s.", times(gain), d.thenLimited(gain))
	return f
}

const (
	anyVertex = -1
	hotAlone  = 0.5 // thread equivalents of a subtask: a cooler TaskManager is not hot
	oneThread = 1.1 // thread equivalents: more are several subtasks
)

// heat is what a function takes of the threads of each TaskManager.
type heat struct {
	operator, anchor string
	te               map[string]float64 // of each subtask, by JVM
	samples          uint64
}

// skewByWall finds a function that keeps one TaskManager hot alone, by thread equivalents: ITIMER cannot tell threads
// apart. Only TaskManagers that run the function are compared.
func (d *diagnosis) skewByWall(vertex int, isLimit bool) (events.Finding, bool) {
	rule := d.catalogue.Rule("D20")
	for _, h := range d.heats(vertex) {
		jvms, values := h.sorted()
		if len(values) < 2 || values[len(values)-1] < hotAlone || h.samples < 100 {
			continue
		}
		largest, median, sum := values[len(values)-1], values[(len(values)-1)/2], 0.0
		for _, x := range values {
			sum += x
		}
		ratio := min(limits.MaxSkew, largest/max(median, largest/limits.MaxSkew))
		if rule.Severity(ratio) == events.SeverityNone {
			continue
		}
		hot := jvms[len(jvms)-1]
		f := d.skewFinding(d.vertexName(vertex), h.anchor, ratio, largest*float64(len(values))/sum)
		f.Confidence, f.Mode, f.TE, f.Samples = lower(bySamples(h.samples), 1), events.ModeWall, largest, samples(h.samples)
		f.Where = fmt.Sprintf("%s on TaskManager %s", simple(h.anchor), hot)
		f.Size = fmt.Sprintf("%s on this TaskManager, %.2f on the median one", te(largest), median)
		if !isLimit {
			f.OnPath, f.Bound, f.Severity = false, 0, events.SeverityWarning
			if largest > oneThread {
				f.Severity = events.SeverityInfo // it may just run more subtasks there
			}
		}
		f.Evidence = []string{d.facts.add(factFrame, events.Fact{
			Text:  fmt.Sprintf("%s takes %s of each subtask on %s and %.2f on the median TaskManager.", simple(h.anchor), te(largest), hot, median),
			Value: ratio, Unit: "count", Frame: h.anchor, JVM: hot, Mode: events.ModeWall, Samples: samples(h.samples),
		})}
		return f, true
	}
	return events.Finding{}, false
}

func (d *diagnosis) vertexName(vertex int) string {
	if vertex == anyVertex {
		return ""
	}
	return d.loads[vertex].Name
}

// sorted returns the JVMs and their heat, coolest first.
func (h *heat) sorted() (jvms []string, values []float64) {
	for jvm := range h.te {
		jvms = append(jvms, jvm)
	}
	slices.SortFunc(jvms, func(a, b string) int { return cmp.Or(cmp.Compare(h.te[a], h.te[b]), cmp.Compare(a, b)) })
	for _, jvm := range jvms {
		values = append(values, h.te[jvm])
	}
	return jvms, values
}

// heats returns the user functions of a vertex, most samples first.
func (d *diagnosis) heats(vertex int) []*heat {
	var all []*heat
	for at, c := range d.chains() {
		if c.Anchor == scan.NoName || at.scan.te(1) == 0 || at.scan.Family != rules.FamilyWall {
			continue
		}
		subtasks := 1.0
		if vertex != anyVertex {
			if !slices.Equal(d.places[at].vertices, []int{vertex}) {
				continue
			}
			subtasks = float64(max(1, d.subtasksOf(vertex, at.scan.JVM)))
		}
		operator, anchor := at.scan.Graph.Name(c.Operator), at.scan.Graph.Name(c.Anchor)
		i := slices.IndexFunc(all, func(h *heat) bool { return h.operator == operator && h.anchor == anchor })
		if i < 0 {
			i = len(all)
			all = append(all, &heat{operator: operator, anchor: anchor, te: d.coldJVMs(vertex)})
		}
		all[i].te[at.scan.JVM] += at.scan.te(c.Active) / subtasks
		all[i].samples += c.Active
	}
	slices.SortStableFunc(all, func(a, b *heat) int { return cmp.Compare(b.samples, a.samples) })
	return all
}

// coldJVMs is the heat of the TaskManagers with a WALL capture that surely run a vertex, before anything is counted.
func (d *diagnosis) coldJVMs(vertex int) map[string]float64 {
	te := map[string]float64{}
	for _, s := range d.family(rules.FamilyWall) {
		if vertex != anyVertex && s.te(1) > 0 && d.subtasksOf(vertex, s.JVM) > 0 {
			te[s.JVM] = 0
		}
	}
	return te
}

// subtasksOf returns how many subtasks of a vertex run on a TaskManager.
func (d *diagnosis) subtasksOf(vertex int, jvm string) int {
	n := 0
	for _, s := range d.loads[vertex].Subtasks {
		if s.Running && s.TaskManager == jvm {
			n++
		}
	}
	return n
}
