package compare

import (
	"math"

	"squirrly.dev/pkg/events"
)

// busyMargin is how far the busy share of the busiest vertex changes by chance.
const busyMargin = 0.10

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

// measures are the figures of the whole job, the throughput at the pivot first.
func (c *comparison) measures() []events.Measure {
	var all []events.Measure
	if c.rates && c.comparable {
		all = append(all, events.Measure{
			Name: NameThroughput, Unit: unitRate, Before: c.records[0].value, After: c.records[1].value,
			Significant: math.Abs(math.Log(c.ratio)) > c.margin,
		})
		all = c.perRecord(all, nameThread, unitThread, c.busy[0], c.busy[1], max(starved(c.before), starved(c.after)))
		if a, b := c.before.Usage, c.after.Usage; a != nil && b != nil && !a.Shared && !b.Shared {
			all = c.perRecord(all, nameCPU, unitCPU, figure{value: a.Cores}, figure{value: b.Cores}, 0)
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

func (c *comparison) perRecord(all []events.Measure, name, unit string, before, after figure, slack float64) []events.Measure {
	if before.value <= 0 || after.value <= 0 {
		return all
	}
	return append(all, events.Measure{
		Name: name, Unit: unit, Before: per1000(before.value, c.records[0].value), After: per1000(after.value, c.records[1].value),
		Significant: c.cone(before, after, slack) != 0,
	})
}

// per1000 is an amount for each thousand records.
func per1000(amount, records float64) float64 {
	const thousand = 1000
	return amount / records * thousand
}

// Load is the throughput of a run over that of its baseline; 0 is unknown.
func Load(c events.Comparison) float64 {
	for _, m := range c.Measures {
		if m.Name == NameThroughput && m.Before > 0 {
			return m.After / m.Before
		}
	}
	return 0
}
