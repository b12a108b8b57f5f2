package compare

import (
	"maps"
	"math"
	"slices"

	"squirrly.dev/pkg/events"
)

// What two runs of the same job on the same machine may differ by without meaning anything.
const (
	rateMargin   = 0.10 // of the throughput, as long as it was steadier than that within each run
	widestMargin = 0.30 // of the throughput of a job that is never steady
	costMargin   = 1.25 // of a cost for each record
	coldFactor   = 1.5  // by which the margins are wider when a run was cold
	busyMargin   = 0.10 // of the busy share of the busiest vertex
	nearRates    = 2.0  // beyond this factor of load, fixed costs spoil the thread time for each record
	closeRates   = 1.25 // likewise, of the CPU time
)

// NameThroughput is the name of the measure that decides first.
const NameThroughput = "throughput"

// The other names, and the units of measures.
const (
	nameThread = "thread time per 1,000 records"
	nameCPU    = "CPU per 1,000 records"
	nameAlloc  = "samples per 1,000 records"
	nameShare  = "share of time"
	unitRate   = "records/s"
	unitThread = "thread-s"
	unitCPU    = "core-s"
	unitAlloc  = "samples"
	unitShare  = "share"
)

// rate compares the throughputs of the sources that both runs have. A source with another operator in its chain writes
// other records.
func (c *comparison) rate() {
	c.margin = rateMargin
	a, b := c.before.Usage, c.after.Usage
	was, is := sources(c.before), sources(c.after)
	if a == nil || b == nil {
		was, is = nil, nil
	} else if len(was) == 0 || len(is) == 0 {
		c.recordsBefore, c.recordsAfter = a.Records, b.Records
	}
	for _, name := range slices.Sorted(maps.Keys(was)) { // in one order, so that the sums are the same to the last bit
		if now, ok := is[name]; ok {
			c.recordsBefore += was[name]
			c.recordsAfter += now
		}
	}
	switch {
	case sensible(c.recordsBefore) && sensible(c.recordsAfter):
		c.rates, c.ratio = true, c.recordsAfter/c.recordsBefore
		c.margin = min(widestMargin, max(rateMargin, 2*a.Spread, 2*b.Spread))
	case len(was) > 0 && len(is) > 0:
		c.reshaped = true
		c.caveat("The sources have other operators than in the baseline run, so that their records cannot be compared.")
	default:
		c.caveat("The throughput is not known in both runs, so that nothing can be set against the records.")
	}
}

// sources are the records per second by source.
func sources(a *events.Analysis) map[string]float64 {
	all := map[string]float64{}
	for _, v := range a.Vertices {
		if v.RecordsIn == 0 && v.RecordsOut > 0 {
			all[v.Name] += v.RecordsOut
		}
	}
	return all
}

// sensible reports a rate that a job can have.
func sensible(rate float64) bool { return rate > 1e-6 && rate < 1e15 }

// up and down report a throughput that changed by more than runs of the same job differ by.
func (c *comparison) up() bool   { return c.rates && c.ratio >= c.widened(1+c.margin) }
func (c *comparison) down() bool { return c.rates && c.ratio <= 1/c.widened(1+c.margin) }

// widened is a margin as a factor, wider for cold runs.
func (c *comparison) widened(factor float64) float64 {
	if c.cold {
		return factor * coldFactor
	}
	return factor
}

// limited reports whether a vertex limits the job.
func limited(a *events.Analysis) bool { return a.Verdict.Limit == events.LimitVertex }

// slower reports that the job delivers less because it cannot do more.
func (c *comparison) slower() bool { return c.down() && limited(c.after) }

// measures are the figures of the whole job.
func (c *comparison) measures() []events.Measure {
	var all []events.Measure
	if c.rates {
		a, b := c.before.Usage, c.after.Usage
		all = append(all, events.Measure{
			Name: NameThroughput, Unit: unitRate, Before: c.recordsBefore, After: c.recordsAfter, Significant: c.up() || c.down(),
		})
		all = c.perRecord(all, nameThread, unitThread, a.Busy, b.Busy)
		if !a.Shared && !b.Shared {
			all = c.perRecord(all, nameCPU, unitCPU, a.Cores, b.Cores)
		}
	}
	if a, b := c.before.Verdict.Busy, c.after.Verdict.Busy; a > 0 && b > 0 {
		all = append(all, events.Measure{
			Name: "busy share of the busiest vertex", Unit: unitShare, Before: a, After: b,
			Significant: math.Abs(a-b) >= busyMargin,
		})
	}
	return all
}

func (c *comparison) perRecord(all []events.Measure, name, unit string, before, after float64) []events.Measure {
	if before <= 0 || after <= 0 {
		return all
	}
	m := events.Measure{Name: name, Unit: unit, Before: per1000(before, c.recordsBefore), After: per1000(after, c.recordsAfter)}
	m.Significant = c.differ(m.Before, m.After)
	return append(all, m)
}

// per1000 is an amount for each thousand records.
func per1000(amount, records float64) float64 {
	const thousand = 1000
	return amount / records * thousand
}

// differ reports whether two costs differ by more than those of two runs of the same job.
func (c *comparison) differ(a, b float64) bool {
	margin := c.widened(costMargin)
	return max(a, b) > margin*min(a, b)
}
