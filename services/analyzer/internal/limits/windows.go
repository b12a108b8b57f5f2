package limits

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/jobcontext"
)

// Windows returns the loads between each two readings that follow each other, in the order of time: how much a job differs
// from itself while it is profiled.
func Windows(c *jobcontext.Context) [][]Load {
	var all [][]Load
	for _, w := range Between(c) {
		one := *c
		one.Windows = []jobcontext.Window{w}
		all = append(all, Loads(&one))
	}
	return all
}

// Between returns the counters of each two readings that follow each other, in the order of time. Readings closer than four
// seconds are taken together, since Flink renews its counters less often.
func Between(c *jobcontext.Context) []jobcontext.Window {
	var samples []jobcontext.Sample
	for _, w := range c.Windows {
		samples = append(samples, w.Samples...)
	}
	slices.SortStableFunc(samples, func(a, b jobcontext.Sample) int { return cmp.Compare(a.AtMillis, b.AtMillis) })
	var edges []jobcontext.Sample
	for _, s := range samples {
		if len(s.Subtasks) > 0 && (len(edges) == 0 || s.AtMillis-edges[len(edges)-1].AtMillis >= windowMillis) {
			edges = append(edges, s)
		}
	}
	var all []jobcontext.Window
	for i := 1; i < len(edges); i++ {
		all = append(all, jobcontext.Window{Samples: edges[i-1 : i+1]})
	}
	return all
}
