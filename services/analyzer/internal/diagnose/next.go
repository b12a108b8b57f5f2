package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// What is too little to limit next: its share of the time, and its records a second, say nothing of what it can do.
const (
	trickleBusy    = 0.05
	trickleRecords = 1
)

// nextLimit is what ends a speed-up before its bound.
type nextLimit struct {
	vertex int     // -1 is none
	at     float64 // speed-up at which it is saturated
}

// next returns the vertex whose reserve ends first when another one gets faster by up to a bound. Only vertices count
// that get more to do then: those that the same sources feed.
func (v *View) next(fixed int, bound float64) nextLimit {
	next := nextLimit{vertex: -1}
	if fixed < 0 {
		return next
	}
	for i := range v.fedWith(fixed) {
		load := &v.loads[i]
		busy := load.Max(limits.Busy)
		if i == fixed || busy < trickleBusy || load.Sum(limits.In)+load.Sum(limits.Out) < trickleRecords {
			continue
		}
		if at := max(1, 1/busy); at < bound && (next.vertex < 0 || at < next.at || at == next.at && i < next.vertex) {
			next = nextLimit{i, at}
		}
	}
	return next
}

// fedWith returns the vertices that get records from the sources of a vertex, and those sources.
func (v *View) fedWith(vertex int) map[int]bool {
	path := map[int]bool{}
	var up func(int)
	up = func(i int) {
		if !path[i] {
			path[i] = true
			for _, in := range v.loads[i].Inputs {
				up(in)
			}
		}
	}
	up(vertex)
	for grown := true; grown; {
		grown = false
		for i := range v.loads {
			if !path[i] && slices.ContainsFunc(v.loads[i].Inputs, func(in int) bool { return path[in] }) {
				path[i], grown = true, true
			}
		}
	}
	return path
}

// allowed is the bound that the next limit leaves.
func (n nextLimit) allowed(bound float64) float64 {
	if n.vertex < 0 {
		return bound
	}
	return n.at
}

// boundText says how much faster a job gets at most when one vertex does: as much as the next limit allows, and beside
// it what would be possible without that.
func (v *View) boundText(fixed int, bound float64) (most, then string) {
	next := v.next(fixed, bound)
	if next.vertex < 0 {
		return wording.Times(bound), ""
	}
	name := v.loads[next.vertex].Name
	if wording.Times(next.at) == wording.Times(1) {
		return wording.Times(next.at), fmt.Sprintf(", since %s is as busy and limits at once (%s if that were not so)", name, wording.Times(bound))
	}
	return wording.Times(next.at), fmt.Sprintf(", then %s limits (%s without it)", name, wording.Times(bound))
}

// gainText is [View.boundText] as a sentence.
func (v *View) gainText(fixed int, bound float64) string {
	most, then := v.boundText(fixed, bound)
	return "At most " + most + " the throughput" + then + "."
}

// limitedBy returns the limiting vertex that gets faster by mending a problem, or -1: of several that limit alike, one that
// has the problem.
func (v *View) limitedBy(p *Problem) int {
	if v.limit.starved.vertex >= 0 {
		return v.limit.starved.vertex
	}
	at := v.limit.Vertex
	for _, vertex := range v.limit.vertices() {
		if slices.Contains(p.Vertices, v.loads[vertex].Name) && !slices.Contains(p.Vertices, v.loads[at].Name) {
			at = vertex
		}
	}
	return at
}

// attainable is how much faster the job gets at most by mending a problem: what the verdict says of the one that explains
// it. 0 is that nobody knows, or that the job gets no faster.
func (v *View) attainable(p *Problem) float64 {
	if !p.OnPath || p.Bound == 0 || p.Rule.Of == mechanisms.BasisCPU {
		return 0
	}
	return v.next(v.limitedBy(p), p.Bound).allowed(p.Bound)
}
