package diagnose

import (
	"fmt"
	"math"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

const (
	minCores      = 0.005
	hoursPerMonth = 730 // a year has 8,760
)

// price says what CPU the findings take and, if the price of a core is known, what that costs. Chosen are the weights
// of those findings that come from frames, in the same order.
func (d *diagnosis) price(findings []events.Finding, chosen []weight) {
	for i := range findings {
		f := &findings[i]
		if len(chosen) > 0 && f.Rule == chosen[0].rule.ID && f.Anchor == chosen[0].anchor {
			d.priceOf(f, d.coresOf(&chosen[0]))
			chosen = chosen[1:]
		}
	}
}

// coresOf returns the CPU that a problem takes: of a CPU profile, or else what WALL saw running less what it starved.
// What waits takes none.
func (d *diagnosis) coresOf(w *weight) float64 {
	if cpu := w.tally(rules.FamilyCPU); cpu.te > 0 {
		return cpu.te
	}
	wall := w.tally(rules.FamilyWall)
	return wall.te * share(wall.samples-min(wall.waiting, wall.samples), wall.samples) * (1 - d.starved.share)
}

func (d *diagnosis) priceOf(f *events.Finding, cores float64) {
	if cores < minCores {
		return
	}
	f.Cores = cores
	id := d.facts.add(factMetric, events.Fact{
		Text:  fmt.Sprintf("%s takes %.2f cores.", where(f.Anchor, f.Frame), cores),
		Value: cores, Unit: "cores", Frame: f.Frame, Mode: f.Mode, Samples: f.Samples,
	})
	f.Evidence = append(f.Evidence, id)
	if d.corePrice <= 0 {
		return
	}
	f.CostPerHour, f.Currency = cores*d.corePrice, d.currency
	month := f.CostPerHour * hoursPerMonth
	f.Evidence = append(f.Evidence, d.facts.add(factMetric, events.Fact{
		Text: fmt.Sprintf("At %.4g %s per core and hour, %s costs %.2f %s per month.", d.corePrice, d.currency,
			where(f.Anchor, f.Frame), month, d.currency),
		Value: month, Unit: d.currency + "/month", Frame: f.Frame, Mode: f.Mode, Samples: f.Samples,
	}))
	f.Recommendation.Impact += fmt.Sprintf(" It takes %.2f cores, which cost %.2f %s per month.", cores, month, d.currency)
}

// setPrice takes the price of a core; what is no price is none.
func (d *diagnosis) setPrice(perHour float64, currency string) {
	if perHour > 0 && !math.IsInf(perHour, 1) {
		d.corePrice, d.currency = perHour, currency
	}
	if d.currency == "" {
		d.currency = "USD"
	}
}
