package wording

import "squirrly.dev/pkg/events"

// Gain says what can be gained: "up to 3.5×", "12 %", "1.25 cores".
func Gain(g events.Gain) string {
	const decimals = 2
	switch g.Unit {
	case events.GainShare:
		if g.Bound > 1 {
			return "up to " + Times(g.Bound)
		}
		return Percent(g.Value)
	case events.GainCores:
		return Decimal(g.Value, decimals) + " cores"
	case events.GainTE:
	}
	return TE(g.Value)
}
