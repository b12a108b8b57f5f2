package operators

import (
	"slices"
	"strings"

	"squirrly.dev/services/analyzer/internal/limits"
)

// byShape finds the vertices on whose chain of operators a unit can be laid.
func (a *Attribution) byShape(u *unit) {
	for i := range a.plan.Vertices {
		v := &a.plan.Vertices[i]
		if _, here := v.on[u.jvm]; !here && len(v.on) > 0 {
			continue
		}
		if at, ok := v.align(&u.trace); ok {
			u.candidates = append(u.candidates, candidate{i, at})
		}
	}
	if len(u.candidates) == 0 { // an operator that nobody knows: the input alone tells
		above := trace{legacy: u.trace.legacy, source: u.trace.source, network: u.trace.network, two: u.trace.two}
		for i := range a.plan.Vertices {
			v := &a.plan.Vertices[i]
			if _, here := v.on[u.jvm]; here && v.admits(&above) {
				u.candidates = append(u.candidates, candidate{vertex: i, aligned: aligned{fit: fitsHardly}})
			}
		}
	}
	u.keep(func(c *candidate) bool { return c.fit > fitsHardly })
	if u.trace.keyed {
		u.keep(func(c *candidate) bool { return a.plan.Vertices[c.vertex].keyed || a.plan.Vertices[c.vertex].wild })
	}
}

// keep drops the candidates that a test refuses, unless it refuses all of them.
func (u *unit) keep(test func(*candidate) bool) {
	var kept []candidate
	for i := range u.candidates {
		if test(&u.candidates[i]) {
			kept = append(kept, u.candidates[i])
		}
	}
	if len(kept) > 0 {
		u.candidates = kept
	}
}

// byHints narrows by what thread dumps show, or else by words that functions and operators share.
func (a *Attribution) byHints(u *unit) {
	for _, anchor := range u.anchors {
		if seen := a.plan.hints.seen(anchor); anchor != "" && u.meets(seen) {
			u.keep(func(c *candidate) bool { return slices.Contains(seen, c.vertex) })
			u.dumped = true
		}
	}
	if seen := a.plan.hints.byReads[u.trace.reads]; u.trace.row() == RowReading && u.meets(seen) {
		u.keep(func(c *candidate) bool { return slices.Contains(seen, c.vertex) })
	}
	if len(u.anchors) > 0 && u.anchors[0] != "" {
		a.byWords(u)
	}
}

func (u *unit) meets(vertices []int) bool {
	return slices.ContainsFunc(u.candidates, func(c candidate) bool { return slices.Contains(vertices, c.vertex) })
}

// byWords compares the class of the innermost function with the names of the operators that it may be in. It decides
// only when one of them alone has a word of it, and never against a dump.
func (a *Attribution) byWords(u *unit) {
	class := classOf(u.anchors[0])
	own := words(class[strings.LastIndexByte(class, '.')+1:])
	var found []candidate
	for _, c := range u.candidates {
		v := &a.plan.Vertices[c.vertex]
		var nodes []int
		for _, n := range c.nodes {
			if wordsMeet(own, words(v.Nodes[n].Base)) {
				nodes = append(nodes, n)
			}
		}
		if len(nodes) > 0 {
			found = append(found, candidate{c.vertex, aligned{nodes, c.fit}})
		}
	}
	if len(found) == 1 && (!u.dumped || len(u.candidates) == 1) {
		u.candidates = found
	}
}

// Parts of a unit that a vertex may have at most before it counts as one of its places, and jobs in sum.
const (
	littleOfUnit = 0.1
	littleOfPool = 0.1
	leastTE      = 0.02 // below this, counters and samples are too coarse to compare
)

// byBusy drops the candidates that had next to no time for a unit.
func (a *Attribution) byBusy() {
	for i := range a.units {
		u := &a.units[i]
		if u.te < leastTE || len(u.candidates) < 2 {
			continue
		}
		u.keep(func(c *candidate) bool {
			busy := a.plan.Vertices[c.vertex].on[u.jvm].busy
			return busy == limits.Unknown || busy >= littleOfUnit*u.te
		})
	}
}
