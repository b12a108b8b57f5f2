package wording

import (
	"strconv"

	"squirrly.dev/pkg/events"
)

// Gain says what can be gained, in the words of a message that stands alone: "up to 3.5×", "12% of the time", "frees 1.25
// cores". A thread that is freed is one that did nothing else. A speed-up that rounds to nothing is not promised.
func Gain(g events.Gain) string {
	const decimals = 2
	switch g.Unit {
	case events.GainShare:
		if g.Bound > 1 && Times(g.Bound) != Times(1) {
			return "up to " + Times(g.Bound)
		}
		return percent(g.Value) + "% of the time"
	case events.GainCores:
		return "frees " + Decimal(g.Value, decimals) + " cores"
	case events.GainTE:
	}
	return "frees " + strconv.FormatFloat(g.Value, 'f', decimals, 64) + " threads"
}
