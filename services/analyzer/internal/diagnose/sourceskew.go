package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// sourceSkews reports the vertices that limit and are skewed because of what their source sends.
func sourceSkews(v *View) []Problem {
	var found []Problem
	for _, vertex := range v.limit.vertices() {
		if p, ok := v.skewOfSource(vertex); ok {
			found = append(found, p)
		}
	}
	return found
}

// skewOfSource finds the reason for a skewed vertex in the source: one of its subtasks sends nearly everything, and the vertex is
// the source itself or gets its records one to one from there.
func (v *View) skewOfSource(vertex int) (Problem, bool) {
	source, ok := v.oneToOneFrom(vertex)
	if !ok {
		return Problem{}, false
	}
	load, s := &v.loads[source], limits.SentSkewOf(&v.loads[source])
	rule := v.catalogue.By("source-skew")
	if rule.Severity(s.Ratio) == events.SeverityNone || !v.worksAlone(vertex, s.Subtask) {
		return Problem{}, false
	}
	sent, all := limits.Sent(load, s.Subtask)
	f := v.skewFinding(rule, v.loads[vertex].Name, load.Name, s.Ratio, s.Gain)
	f.Confidence = v.limit.Confidence
	f.Where = fmt.Sprintf("subtask %d of vertex %s", s.Subtask+1, load.Name)
	f.Extent = fmt.Sprintf("%s of the %s records that the source sends, %s those of the median subtask", wording.Count(sent), wording.Count(all), ratioText(s.Ratio))
	f.Headline = fmt.Sprintf("The source is skewed: %s sends %s.", f.Where, f.Extent)
	f.Why = "The other subtasks of the source have reserves that the job cannot use, whatever the parallelism behind it."
	f.Facts = []fact{{factVertex, events.Fact{
		Text:  fmt.Sprintf("Subtask %d of %s sends %s of its %s records in the windows.", s.Subtask+1, load.Name, wording.Count(sent), wording.Count(all)),
		Value: float64(sent), Unit: "count", Vertex: load.Name,
	}}, v.vertexFacts[source]}
	return f, true
}

// oneToOneFrom is the source whose subtasks each feed one subtask of a vertex; a source is its own.
func (v *View) oneToOneFrom(vertex int) (source int, ok bool) {
	for range v.loads {
		if v.loads[vertex].Source() {
			return vertex, true
		}
		inputs := v.ctx.Vertices[vertex].Inputs
		if len(inputs) != 1 {
			return 0, false
		}
		from := slices.IndexFunc(v.ctx.Vertices, func(u jobcontext.Vertex) bool { return u.ID == inputs[0].Vertex })
		if from < 0 || !v.oneToOne(from, vertex, inputs[0].Ship) {
			return 0, false
		}
		vertex = from
	}
	return 0, false
}

// muchLess is how busy the median subtask may be beside the one that does the work.
const muchLess = 2

// worksAlone reports that the subtask of a vertex is much busier than the others, as far as that is known. What a source sends may
// differ for another reason: records that are dropped in its chain.
func (v *View) worksAlone(vertex, subtask int) bool {
	if legacy := v.limit.Legacy; legacy != nil && legacy.Vertex == vertex {
		return true // its busy time is that of all its threads, by what each sends
	}
	s, ok := limits.BusySkewOf(&v.loads[vertex])
	return ok && s.Subtask == subtask && s.Ratio >= muchLess
}
