package wording

import "squirrly.dev/pkg/events"

// Units of facts whose values are not printed as they are stored.
const (
	UnitShare = "share" // 0 to 1, printed in percent
	UnitTE    = "te"    // thread equivalents
)

// Value returns the value of a fact as it is printed: shares in percent, everything else unchanged.
func Value(f events.Fact) float64 {
	if f.Unit == UnitShare {
		return f.Value * 100
	}
	return f.Value
}

// Fact writes the value of a fact with its unit, for example "97.0 %", "1.94 TE" or "1,180 samples".
func Fact(f events.Fact) string {
	switch f.Unit {
	case UnitShare:
		return Decimal(Value(f), 1) + " %"
	case UnitTE:
		return Decimal(f.Value, 2) + " TE"
	case "", "count":
		return Decimal(f.Value, 2)
	}
	return Decimal(f.Value, 2) + " " + f.Unit
}
