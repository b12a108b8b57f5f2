package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// skews reports the limiting vertices of which one subtask does the work: by the counters, or else by one TaskManager
// that is hot alone. Other vertices are skewed without harm to the throughput, which is an observation.
func skews(v *View) []Problem {
	var found []Problem
	for vertex := range v.loads {
		isLimit := slices.Contains(v.limit.vertices(), vertex)
		if _, ok := v.skewOfSource(vertex); isLimit && ok {
			continue // the source is to blame
		}
		if p, ok := v.skewByCounters(vertex, isLimit); ok {
			found = append(found, p)
		} else if p, ok := v.skewByWall(vertex, isLimit); isLimit && ok {
			found = append(found, p)
		}
	}
	if v.limit.Limit == events.LimitUnknown {
		if p, ok := v.skewByWall(anyVertex, false); ok {
			found = append(found, p)
		}
	}
	for i := range found {
		found[i].Headline = fmt.Sprintf("The load is skewed: %s has %s.", found[i].Where, found[i].Extent)
	}
	return found
}

func (v *View) skewByCounters(vertex int, isLimit bool) (Problem, bool) {
	load := &v.loads[vertex]
	s, ok := limits.SkewOf(load)
	rule := v.catalogue.By("skew")
	if !ok || rule.Severity(s.Ratio) == events.SeverityNone {
		return Problem{}, false
	}
	by := "busy time"
	if s.Records {
		by = "records"
	}
	size := fmt.Sprintf("%s the %s of the median subtask", ratioText(s.Ratio), by)
	skewed := fact{factVertex, events.Fact{
		Text:  fmt.Sprintf("Subtask %d of %s has %s.", s.Subtask+1, load.Name, size),
		Value: s.Ratio, Unit: "count", Vertex: load.Name,
	}}
	if !isLimit {
		return remark(fmt.Sprintf("The load of %s is skewed, but %s does not limit the job.", load.Name, load.Name), skewed), true
	}
	f := v.skewFinding(rule, load.Name, load.Name, s.Ratio, s.Gain)
	f.Frame = cmp.Or(v.hottestIn(vertex), f.Frame)
	f.Confidence, f.Extent = v.limit.Confidence, size
	f.Where = fmt.Sprintf("subtask %d of vertex %s", s.Subtask+1, load.Name)
	f.Facts = []fact{skewed, v.vertexFacts[vertex]}
	return f, true
}

// ratioText writes how much more one has than another; beyond some ratio the number says nothing any more.
func ratioText(ratio float64) string {
	if ratio >= limits.MaxSkew {
		return "far more than " + wording.Times(limits.MaxSkew/10)
	}
	return wording.Times(ratio)
}

// hottestIn returns the user function of a vertex with most samples, of WALL if there is any; it is empty if none surely
// belongs to the vertex.
func (v *View) hottestIn(vertex int) string {
	for _, family := range []mechanisms.Family{mechanisms.FamilyWall, mechanisms.FamilyCPU} {
		sums, best := map[string]uint64{}, ""
		for at, c := range v.chains() {
			if at.scan.Family != family || c.Anchor == scan.NoName || !v.surely(at, vertex) {
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
func (v *View) skewFinding(rule *mechanisms.Mechanism, vertex, anchor string, ratio, gain float64) Problem {
	f := finding(rule, anchor)
	f.Severity, f.OnPath = rule.Severity(ratio), true
	if vertex != "" {
		f.Vertices = []string{vertex}
	}
	f.P = 1 - 1/gain
	f.Bound = bound(f.P, 1000)
	f.Why = "The other subtasks have reserves that the job cannot use."
	most, then := v.boundText(v.limit.Vertex, gain)
	f.Impact = fmt.Sprintf("At most %s the throughput if all subtasks were loaded alike%s.", most, then)
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
func (v *View) skewByWall(vertex int, isLimit bool) (Problem, bool) {
	rule := v.catalogue.By("skew")
	for _, h := range v.heats(vertex) {
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
		f := v.skewFinding(rule, v.vertexName(vertex), h.anchor, ratio, largest*float64(len(values))/sum)
		f.Confidence, f.Mode, f.TE, f.Samples = lower(bySamples(h.samples), 1), events.ModeWall, largest, samples(h.samples)
		f.Where = fmt.Sprintf("%s on TaskManager %s", wording.Simple(h.anchor), hot)
		f.Extent = fmt.Sprintf("%s on this TaskManager, %.2f on the median one", wording.TE(largest), median)
		if !isLimit {
			f.OnPath, f.Bound, f.Severity = false, 0, events.SeverityWarning
			if largest > oneThread {
				f.Severity = events.SeverityInfo // it may just run more subtasks there
			}
		}
		f.Facts = []fact{{factFrame, events.Fact{
			Text:  fmt.Sprintf("%s takes %s of each subtask on %s and %.2f on the median TaskManager.", wording.Simple(h.anchor), wording.TE(largest), hot, median),
			Value: ratio, Unit: "count", Frame: h.anchor, JVM: hot, Mode: events.ModeWall, Count: v.heatCount(h, hot),
		}}}
		return f, true
	}
	return Problem{}, false
}

// heatCount describes the samples of which a part makes a function hot on one TaskManager.
func (v *View) heatCount(h *heat, jvm string) *events.Count {
	c := events.Count{Root: events.RootTasks, Match: []string{literal(h.anchor)}, Without: v.catalogue.Frames.Stages[mechanisms.StageHeld]}
	for _, s := range v.family(mechanisms.FamilyWall) {
		if s.JVM == jvm {
			sums, _ := tallyAll(&modeScans{mode: s.Mode, scans: []*jvmScan{s}}, []events.Count{c})
			count := ratedIn(s, c, sums[0], false)
			if count != nil {
				count.AtMost = true
			}
			return count
		}
	}
	return nil
}

func (v *View) vertexName(vertex int) string {
	if vertex == anyVertex {
		return ""
	}
	return v.loads[vertex].Name
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
func (v *View) heats(vertex int) []*heat {
	var all []*heat
	for at, c := range v.chains() {
		if c.Anchor == scan.NoName || at.scan.te(1) == 0 || at.scan.Family != mechanisms.FamilyWall {
			continue
		}
		subtasks := 1.0
		if vertex != anyVertex {
			if !v.surely(at, vertex) {
				continue
			}
			subtasks = float64(max(1, v.subtasksOf(vertex, at.scan.JVM)))
		}
		operator, anchor := at.scan.Graph.Name(c.Operator), at.scan.Graph.Name(c.Anchor)
		i := slices.IndexFunc(all, func(h *heat) bool { return h.operator == operator && h.anchor == anchor })
		if i < 0 {
			i = len(all)
			all = append(all, &heat{operator: operator, anchor: anchor, te: v.coldJVMs(vertex)})
		}
		all[i].te[at.scan.JVM] += at.scan.te(c.Active-c.Held) / subtasks
		all[i].samples += c.Active - c.Held
	}
	slices.SortStableFunc(all, func(a, b *heat) int { return cmp.Compare(b.samples, a.samples) })
	return all
}

// coldJVMs is the heat of the TaskManagers with a WALL capture that surely run a vertex, before anything is counted.
func (v *View) coldJVMs(vertex int) map[string]float64 {
	te := map[string]float64{}
	for _, s := range v.family(mechanisms.FamilyWall) {
		if vertex != anyVertex && s.te(1) > 0 && v.subtasksOf(vertex, s.JVM) > 0 {
			te[s.JVM] = 0
		}
	}
	return te
}
