package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// between are the rules whose samples are the price of two tasks where one would do.
var between = []string{"B11", "D3"}

// observeUnchained names edges at the limiting vertex that need no exchange and still cross tasks (rule D24), when the
// records between tasks take much of its time.
func (d *diagnosis) observeUnchained() {
	rule := d.catalogue.Rule("D24")
	for _, v := range d.limiting() {
		p := d.priceBetween(v)
		if p < rule.Warning {
			continue
		}
		for to := range d.ctx.Vertices {
			for _, in := range d.ctx.Vertices[to].Inputs {
				from := slices.IndexFunc(d.ctx.Vertices, func(u jobcontext.Vertex) bool { return u.ID == in.Vertex })
				if from >= 0 && (from == v || to == v) && d.oneToOne(from, to, in.Ship) {
					d.sayUnchained(v, from, to, p)
				}
			}
		}
	}
}

func (d *diagnosis) oneToOne(from, to int, ship string) bool {
	return ship == "FORWARD" && d.ctx.Vertices[from].Parallelism == d.ctx.Vertices[to].Parallelism
}

// priceBetween returns the part of a vertex's time that goes into records between tasks.
func (d *diagnosis) priceBetween(vertex int) float64 {
	p := 0.0
	for _, g := range d.groups {
		if slices.Contains(between, g.rule.ID) && slices.Equal(g.vertices, []int{vertex}) {
			w := d.weigh(g)
			p += w.p
		}
	}
	return min(1, p)
}

func (d *diagnosis) sayUnchained(limit, from, to int, p float64) {
	a, b := d.loads[from].Name, d.loads[to].Name
	fact := d.facts.add(factVertex, events.Fact{
		Text:  fmt.Sprintf("Records between tasks take %s of the time of %s.", percent(p), d.loads[limit].Name),
		Value: p, Unit: "share", Vertex: d.loads[limit].Name,
	})
	d.say(fmt.Sprintf("%s and %s exchange their records one to one and could be chained (rule D24).", a, b), fact)
}
