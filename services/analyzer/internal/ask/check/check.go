package check

import (
	"fmt"
	"slices"

	"squirrly.dev/pkg/events"
)

// Check measures an answer by the evidence and merges what holds into a copy of the analysis.
func Check(in Input) Result {
	c := newChecker(in)
	explained := map[string]bool{}
	for i, f := range in.Answer.Findings {
		place := idOf(f.Ref)
		if c.index(f.Ref) < 0 {
			place = fmt.Sprintf("further finding %d", i+1)
		}
		switch at := c.index(f.Ref); {
		case f.Ref == "":
			c.further(place, f)
		case at < 0 || explained[f.Ref]:
			c.count(place, "A finding refers to "+idOf(f.Ref)+".", drop("the rules have no such finding, or it is explained already"))
		default:
			explained[f.Ref] = true
			c.enrich(place, f, &c.result.Analysis.Findings[at])
		}
	}
	for i, o := range in.Answer.Observations {
		c.observe(fmt.Sprintf("observation %d", i+1), o)
	}
	c.settle()
	return c.result
}

func (c *checker) index(ref string) int {
	return slices.IndexFunc(c.result.Analysis.Findings, func(f events.Finding) bool {
		return f.ID == ref && f.Origin != events.OriginLLM
	})
}

// settle brings the summary of the analysis in line with its findings.
func (c *checker) settle() {
	a := &c.result.Analysis
	for _, f := range a.Findings {
		if !a.Severity.AtLeast(f.Severity) {
			a.Severity = f.Severity
		}
	}
	a.Provenance.Claims = &events.Claims{}
	*a.Provenance.Claims = c.result.Claims
	if score, ok := c.result.Grounding(); ok {
		a.Provenance.Grounding = &score
	}
}
