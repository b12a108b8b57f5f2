package check

import (
	"maps"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/answer"
)

// Thresholds of further findings, as shares of the time.
const (
	leastShare   = 0.01 // below it there is no finding
	warningShare = 0.10 // from it on a finding on the path of the limiting vertex is a warning
	maxFurther   = 5
)

// further adds a finding of the LLM alone, when the facts that it cites carry one.
func (c *checker) further(place string, said answer.Finding) {
	s := c.scope(place, said.Evidence)
	c.lists(said, s)
	carrier, why := c.carrier(s, said)
	if why == "" && c.has(carrier.Frame) {
		return // the rules say it already
	}
	if why != "" {
		c.count(place, "A further finding was proposed.", drop(why))
		return
	}
	c.impact(said.Recommendation, c.weight(carrier), place)
	s.finding = &events.Finding{Frame: carrier.Frame, Share: c.weight(carrier), OnPath: c.onPath(carrier)}
	s.own = []string{carrier.Frame}
	if w := c.weight(carrier); s.finding.OnPath && w < 1 {
		s.finding.Bound = 1 / (1 - w)
	}
	t := c.say(said, s)
	if len(t.cause) == 0 || len(t.change) == 0 || c.number() >= maxFurther {
		c.count(place, "A further finding was proposed for "+carrier.ID+".", drop("its cause or its change does not hold"))
		return
	}
	c.result.Analysis.Findings = append(c.result.Analysis.Findings, c.build(said, carrier, t, s))
}

// number counts the findings of the LLM.
func (c *checker) number() int {
	n := 0
	for _, f := range c.result.Analysis.Findings {
		if f.Origin == events.OriginLLM {
			n++
		}
	}
	return n
}

// weight returns the share of time of a fact, 0 to 1: of the limiting vertex for one that belongs to it, else of the
// profile. It is 0 for a fact that measures none.
func (c *checker) weight(f events.Fact) float64 {
	switch {
	case f.Unit == wording.UnitShare:
		return f.Value
	case f.Unit == wording.UnitTE && c.onPath(f) && c.in.Analysis.Verdict.Subtasks > 0:
		return min(1, f.Value/float64(c.in.Analysis.Verdict.Subtasks))
	}
	return 0
}

// onPath reports whether a fact is about the vertex that limits the job.
func (c *checker) onPath(f events.Fact) bool {
	v := c.in.Analysis.Verdict
	return v.Limit == events.LimitVertex && f.Vertex != "" && (f.Vertex == v.VertexID || f.Vertex == v.VertexName)
}

// carrier returns the cited fact with the largest share of time that can be a problem, or why there is none.
func (c *checker) carrier(s *scope, said answer.Finding) (events.Fact, string) {
	var best events.Fact
	why := "it cites no fact that measures a share of time"
	for _, id := range slices.Sorted(maps.Keys(s.cited)) {
		f := c.facts[id]
		switch {
		case f.Frame == "" || c.weight(f) == 0:
		case c.idle(f.Frame):
			why = "the cited frame waits for work"
		case holdsAll(f.Frame):
			why = "the cited frame holds the whole task"
		case c.weight(f) < leastShare:
			why = "the cited share is too small"
		case c.weight(f) > c.weight(best):
			best = f
		}
	}
	if best.ID == "" {
		return best, why
	}
	for _, frame := range said.Frames {
		if c.idle(frame) || !c.lexicon.knows(frame) {
			return best, "it names a frame that is idle or not in the data"
		}
	}
	return best, ""
}

// has reports whether a finding is about the frame already.
func (c *checker) has(frame string) bool {
	return slices.ContainsFunc(c.result.Analysis.Findings, func(f events.Finding) bool {
		for _, own := range slices.Concat(f.Path, []string{f.Frame, f.Anchor}) {
			if own != "" && (own == frame || wording.ClassMethod(own) == wording.ClassMethod(frame)) {
				return true
			}
		}
		return false
	})
}
