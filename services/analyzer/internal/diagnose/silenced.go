package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// toldSilenced is the part of a vertex's time from which on a cause is named that another finding stands for.
const toldSilenced = 0.10

// silenced are the causes whose samples a finding takes, where they would be findings without it: one line each.
func (v *View) silenced(findings []Problem) []events.Silenced {
	var out []events.Silenced
	for i := range findings {
		p := &findings[i]
		if p.group == nil || p.P == 0 {
			continue
		}
		for _, id := range p.Rule.Overrides {
			other := v.catalogue.Mechanism(id)
			size := p.P * v.overlap(p, other)
			if size < max(toldSilenced, other.Warning) {
				continue
			}
			s := events.Silenced{Rule: id, Title: other.Title, By: findingID(i), Share: size}
			of := "the time of the tasks"
			if len(p.Vertices) == 1 {
				s.Vertex, of = p.Vertices[0], "the time of "+p.Vertices[0]
			}
			s.Text = fmt.Sprintf("%s (rule %s) is in %s of %s; %s stands for it.", other.Title, id, wording.Percent(size), of, s.By)
			out = append(out, s)
		}
	}
	return out
}
