package diagnose

import (
	"fmt"
	"math"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

const (
	minCores      = 0.005
	hoursPerMonth = 730 // a year has 8,760
)

// price is what a core costs in an hour; 0 is unknown.
type price struct {
	core     float64
	currency string
}

// priceOf takes the price of a core; what is no price is none.
func priceOf(perHour float64, currency string) price {
	p := price{currency: currency}
	if perHour > 0 && !math.IsInf(perHour, 1) {
		p.core = perHour
	}
	if p.currency == "" {
		p.currency = "USD"
	}
	return p
}

// cost says what CPU a problem takes and, if the price of a core is known, what that costs.
func (v *View) cost(p *Problem, one price) {
	cores := v.coresOf(p.group)
	if cores < minCores {
		return
	}
	p.Cores = cores
	name := wording.Place(p.Anchor, p.Frame)
	if p.times[mechanisms.FamilyCPU].more {
		name = fmt.Sprintf("%s (rule %s)", p.Rule.Title, p.Rule.ID)
	}
	p.Facts = append(p.Facts, fact{factMetric, events.Fact{
		Text:  fmt.Sprintf("%s takes %.2f cores.", name, cores),
		Value: cores, Unit: "cores", Frame: p.Frame, Mode: p.Mode, Count: p.coresCount(),
	}})
	if one.core <= 0 {
		return
	}
	p.CostPerHour, p.Currency = cores*one.core, one.currency
	month := p.CostPerHour * hoursPerMonth
	p.Facts = append(p.Facts, fact{factMetric, events.Fact{
		Text: fmt.Sprintf("At %.4g %s per core and hour, %s costs %.2f %s per month.", one.core, one.currency,
			wording.Place(p.Anchor, p.Frame), month, one.currency),
		Value: month, Unit: one.currency + "/month", Frame: p.Frame, Mode: p.Mode,
	}})
	p.Impact += fmt.Sprintf(" It takes %.2f cores, which cost %.2f %s per month.", cores, month, one.currency)
}

// coresCount describes the samples that the cores of a problem come from: those of a CPU profile, or those that WALL saw in
// it, of which only what ran took a core.
func (p *Problem) coresCount() *events.Count {
	if p.group.tally(mechanisms.FamilyCPU).te > 0 {
		return p.timeOf(mechanisms.FamilyCPU, false)
	}
	return p.timeOf(mechanisms.FamilyWall, true)
}
