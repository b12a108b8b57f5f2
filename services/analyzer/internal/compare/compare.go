// Package compare sets the analysis of a run beside that of a baseline run: faster, slower, the same, or not to be told,
// and what became of each finding.
//
// What a job gets through is measured at its limit, and counts where it can do no more; else the time for each record does.
// Shares of a profile alone never do, since removing one cost makes the shares of all others grow. Two runs of the same job
// differ by chance, by the machine and by their load, so that a change counts only beyond margins that are wider than that;
// the readings of both runs say how wide. The package is pure: which run is the baseline and where it is stored do not belong
// here.
package compare

import (
	"math"
	"slices"
	"time"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
)

// maxChanges bounds the list of changes.
const maxChanges = 50

// Compare says what changed from one analysis to the next. Both may come from anywhere: a store, files, other versions.
// Analyses of two jobs are not compared, see [OtherJob] and [Insist].
func Compare(before, after events.Analysis) events.Comparison {
	return compare(before, after, OtherJob(&before, &after))
}

// Insist is [Compare] for somebody who knows that two analyses are of one job, whatever its name and its vertices.
func Insist(before, after events.Analysis) events.Comparison { return compare(before, after, "") }

func compare(before, after events.Analysis, apart string) events.Comparison {
	c := comparison{before: &before, after: &after, pairs: match(before.Vertices, after.Vertices), apart: apart}
	c.ground()
	c.pivot()
	result := events.Comparison{BaselineRun: before.Run, BaselineAt: captured(&before), Measures: c.measures()}
	result.Changes = c.changes()
	result.Speed = c.speed(result.Changes)
	result.Effect, result.Fixed = result.Speed.Effect(), fixed(result.Speed, result.Changes)
	for i := range result.Changes {
		if x := &result.Changes[i]; x.Advice != "" || x.Effect != "" {
			x.Effect = c.effectOf(x.Change, result.Speed)
		}
	}
	result.Caveats = c.caveats
	result.Summary = c.summary(&result)
	result.Changes = result.Changes[:min(len(result.Changes), maxChanges)]
	finite(&result)
	return result
}

// captured is when a run took place. Analyses of older versions tell only when they were made.
func captured(a *events.Analysis) time.Time {
	if !a.CapturedAt.IsZero() {
		return a.CapturedAt
	}
	return a.CreatedAt
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
	pairs         []int  // by vertex of the run: the one of the baseline run that it continues, or -1
	apart         string // why nothing can be judged; empty when it can
	caveats       []string
	cold          bool

	where      string    // the vertex of the pivot; empty: the sources
	comparable bool      // records mean the same in both runs
	bySources  bool      // the records are those of the sources, by their own counters
	records    [2]figure // per second, at the pivot
	busy       [2]figure // thread equivalents, at the pivot
	rates      bool      // the throughput of both is known
	ratio      float64   // of the throughputs, after over before
	margin     float64   // of the logarithm of the ratio, beyond which it counts
}

// changes are the findings of the run in their order, then those of the baseline run that are gone.
func (c *comparison) changes() []events.Comparable {
	var all []events.Comparable
	left := make([]*events.Finding, len(c.before.Findings))
	for i := range left {
		left[i] = &c.before.Findings[i]
	}
	pairs := c.continued(left)
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

// continued finds the finding of the baseline run that each finding continues; nil is none. Fingerprints of two versions
// are not compared.
func (c *comparison) continued(left []*events.Finding) []*events.Finding {
	found := make([]*events.Finding, len(c.after.Findings))
	sameVersion := func(was, is *events.Finding) bool { return was.FingerprintVersion == is.FingerprintVersion }
	for _, same := range []func(was, is *events.Finding) bool{
		func(was, is *events.Finding) bool {
			return sameVersion(was, is) && was.Fingerprint == is.Fingerprint && c.overlap(was.Vertices, is.Vertices)
		},
		func(was, is *events.Finding) bool {
			return keyOf(was) == keyOf(is) && c.overlap(was.Vertices, is.Vertices)
		},
		func(was, is *events.Finding) bool { return sameVersion(was, is) && was.Fingerprint == is.Fingerprint },
		func(was, is *events.Finding) bool { return !sameVersion(was, is) && keyOf(was) == keyOf(is) },
	} {
		for i := range found {
			for _, was := range left {
				if found[i] == nil && !slices.Contains(found, was) && same(was, &c.after.Findings[i]) {
					found[i] = was
				}
			}
		}
	}
	return found
}

// upgraded reports that the fingerprints of the two runs are of two versions: what one of them lacks may be the same under
// another name.
func (c *comparison) upgraded() bool {
	was, is := c.before.Findings, c.after.Findings
	if len(was) == 0 || len(is) == 0 {
		return c.before.Provenance.RulesVersion != c.after.Provenance.RulesVersion &&
			slices.ContainsFunc(slices.Concat(was, is), func(f events.Finding) bool { return f.FingerprintVersion != fingerprint.Version })
	}
	return was[0].FingerprintVersion != is[0].FingerprintVersion
}
