// Package compare sets the analysis of a run beside that of a baseline run: what became of each finding, and whether
// what was recommended helped.
//
// Throughput decides first, then the thread time and the CPU time for each record; shares of a profile alone never do,
// since removing one cost makes the shares of all others grow. Two runs of the same job differ by chance and by the
// machine, so a change counts only beyond margins that are wider than that. The package is pure: which run is the
// baseline and where it is stored do not belong here.
package compare

import (
	"math"
	"slices"

	"squirrly.dev/pkg/events"
)

// maxChanges bounds the list of changes.
const maxChanges = 50

// Compare says what changed from one analysis to the next. Both may come from anywhere: a store, files, other versions.
func Compare(before, after events.Analysis) events.Comparison {
	c := comparison{before: &before, after: &after}
	c.ground()
	c.rate()
	result := events.Comparison{
		BaselineRun: before.Run, BaselineAt: before.CreatedAt, Caveats: c.caveats, Measures: c.measures(),
	}
	result.Changes = c.changes()
	result.Effect = c.effect(result.Measures, result.Changes)
	result.Summary = c.summary(&result)
	result.Changes = result.Changes[:min(len(result.Changes), maxChanges)]
	finite(&result)
	return result
}

// finite removes what came of figures that no run has: analyses may come from files, and JSON has no infinity.
func finite(r *events.Comparison) {
	fix := func(values ...*float64) {
		for _, x := range values {
			if math.IsNaN(*x) || math.IsInf(*x, 0) {
				*x = 0
			}
		}
	}
	for i := range r.Measures {
		fix(&r.Measures[i].Before, &r.Measures[i].After)
	}
	for i := range r.Changes {
		x := &r.Changes[i]
		fix(&x.Before, &x.After, &x.CostBefore, &x.CostAfter, &x.Z)
	}
}

// comparison is the work on two analyses.
type comparison struct {
	before, after *events.Analysis
	apart         string // why nothing can be judged; empty when it can
	caveats       []string
	cold          bool

	rates    bool    // the throughput of both is known
	ratio    float64 // of the throughputs, after over before
	margin   float64 // beyond which the ratio counts
	reshaped bool    // the sources are not the same, so that their records are not

	recordsBefore, recordsAfter float64 // per second, of the sources in common
}

// changes are the findings of the run in their order, then those of the baseline run that are gone.
func (c *comparison) changes() []events.Comparable {
	var all []events.Comparable
	left := make([]*events.Finding, len(c.before.Findings))
	for i := range left {
		left[i] = &c.before.Findings[i]
	}
	pairs := c.pairs(left)
	for i := range c.after.Findings {
		all = append(all, c.judge(pairs[i], &c.after.Findings[i]))
	}
	for _, f := range left {
		if !slices.Contains(pairs, f) {
			all = append(all, c.judge(f, nil))
		}
	}
	return all
}

// pairs finds the finding of the baseline run that each finding continues; nil is none.
func (c *comparison) pairs(left []*events.Finding) []*events.Finding {
	pairs := make([]*events.Finding, len(c.after.Findings))
	for _, same := range []func(a, b *events.Finding) bool{
		func(a, b *events.Finding) bool {
			return a.Fingerprint == b.Fingerprint && overlap(a.Vertices, b.Vertices)
		},
		func(a, b *events.Finding) bool { return keyOf(a) == keyOf(b) && overlap(a.Vertices, b.Vertices) },
		func(a, b *events.Finding) bool { return a.Fingerprint == b.Fingerprint },
	} {
		for i := range pairs {
			for _, f := range left {
				if pairs[i] == nil && !slices.Contains(pairs, f) && same(&c.after.Findings[i], f) {
					pairs[i] = f
				}
			}
		}
	}
	return pairs
}
