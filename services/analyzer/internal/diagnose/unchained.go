package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// unchained names edges at the limiting vertex that need no exchange and still cross tasks, when the records between
// tasks take much of its time.
func unchained(v *View) []Problem {
	rule := v.catalogue.By("chaining")
	var out []Problem
	for _, limit := range v.limit.vertices() {
		p := v.priceBetween(limit)
		if p < rule.Warning {
			continue
		}
		for to := range v.ctx.Vertices {
			for _, in := range v.ctx.Vertices[to].Inputs {
				from := slices.IndexFunc(v.ctx.Vertices, func(u jobcontext.Vertex) bool { return u.ID == in.Vertex })
				if from >= 0 && (from == limit || to == limit) && v.oneToOne(from, to, in.Ship) {
					between := fact{factVertex, events.Fact{
						Text:  fmt.Sprintf("Records between tasks take %s of the time of %s.", wording.Percent(p), v.loads[limit].Name),
						Value: p, Unit: "share", Vertex: v.loads[limit].Name,
					}}
					out = append(out, remark(fmt.Sprintf("%s and %s exchange their records one to one and could be chained (rule %s).",
						v.loads[from].Name, v.loads[to].Name, rule.ID), between))
				}
			}
		}
	}
	return out
}

func (v *View) oneToOne(from, to int, ship string) bool {
	return ship == "FORWARD" && v.ctx.Vertices[from].Parallelism == v.ctx.Vertices[to].Parallelism
}

// priceBetween returns the part of a vertex's time that goes into records between tasks.
func (v *View) priceBetween(vertex int) float64 {
	p := 0.0
	for _, g := range v.groups {
		if (g.rule.Exchange || g.between) && slices.Equal(g.vertices, []int{vertex}) {
			w := v.weigh(g)
			p += w.P
		}
	}
	return min(1, p)
}
