package diagnose

import (
	"cmp"
	"math"
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// usage is what the job delivered and what it took; nil without the metrics of the job.
func (v *View) usage() *events.Usage {
	if v.ctx == nil {
		return nil
	}
	u := &events.Usage{Records: limits.Sustained(v.loads, &v.limit.Judgement), Busy: v.busyBehindSources(), Cold: v.checked.doubts.cold, Starved: v.limit.starved.share}
	for i := range v.ctx.Windows {
		one := *v.ctx
		one.Windows = v.ctx.Windows[i : i+1]
		if rate := limits.Sustained(limits.Loads(&one), &v.limit.Judgement); rate > 0 && u.Records > 0 {
			u.Spread = max(u.Spread, math.Abs(rate-u.Records)/u.Records)
		}
	}
	for _, tm := range v.ctx.TaskManagers {
		u.Shared = u.Shared || tm.OtherJobs > 0
		cpu, passed := jvmDelta(v.ctx, tm.ID, "", func(j *jobcontext.JVMCounter) int64 { return j.CPUNanos })
		if passed > 0 {
			u.Cores += float64(cpu) / 1e6 / passed
		}
	}
	return u
}

// busyBehindSources is the busy time of all vertices but the sources, in thread equivalents.
func (v *View) busyBehindSources() float64 {
	busy := 0.0
	for i := range v.loads {
		if !v.loads[i].Source() {
			busy += v.loads[i].Sum(func(s *limits.Subtask) float64 { return max(0, s.Busy) })
		}
	}
	return busy
}

// maxCosts bounds what is kept for later comparisons.
const maxCosts = 200

// costs lists everything that was measured, worth a finding or not, most expensive first.
func (v *View) costs() []events.Cost {
	var all []events.Cost
	for _, g := range v.groups {
		if n := max(g.tally(mechanisms.FamilyWall).samples, g.tally(mechanisms.FamilyCPU).samples, g.samples()); n >= minSamples {
			all = append(all, v.costOf(g))
		}
	}
	slices.SortStableFunc(all, func(a, b events.Cost) int {
		return cmp.Or(cmp.Compare(max(b.TE, b.Cores), max(a.TE, a.Cores)), cmp.Compare(b.Samples, a.Samples))
	})
	return all[:min(len(all), maxCosts)]
}

func (v *View) costOf(g *group) events.Cost {
	c := events.Cost{
		Rule: g.rule.ID, Anchor: g.anchor, Vertices: v.names(g.vertices), Mode: v.modeOf(g.family()),
		TE: g.tally(mechanisms.FamilyWall).te, Cores: g.tally(mechanisms.FamilyCPU).te, Samples: samples(g.samples()),
	}
	if f := g.family(); f == mechanisms.FamilyAlloc || f == mechanisms.FamilyLock {
		seconds := 0.0
		for _, s := range v.family(f) {
			seconds = max(seconds, s.Seconds)
		}
		if seconds > 0 {
			c.Rate = float64(c.Samples) / seconds
		}
	}
	return c
}
