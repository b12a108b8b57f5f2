package check

import "math"

const (
	// designEffect is how many samples are worth one: neighbors on a thread resemble each other.
	designEffect = 4
	z95          = 1.96
)

// interval is where a number lies with a confidence of 95 %.
type interval struct {
	part, low, high float64
	some, all       int64 // samples, of a share of them
}

// shareOf estimates a share of samples, by Wilson's interval.
func shareOf(some, all int64) interval {
	if all <= 0 {
		return interval{high: 1}
	}
	n := float64(all) / designEffect
	p := min(1, max(0, float64(some)/float64(all)))
	center := (p + z95*z95/(2*n)) / (1 + z95*z95/n)
	half := z95 / (1 + z95*z95/n) * math.Sqrt(p*(1-p)/n+z95*z95/(4*n*n))
	return interval{p, max(0, center-half), min(1, center+half), some, all}
}

// around is the interval of a number with the standard error of independent samples.
func around(value, stdErr float64) interval {
	half := z95 * stdErr * math.Sqrt(designEffect)
	return interval{part: value, low: value - half, high: value + half}
}
