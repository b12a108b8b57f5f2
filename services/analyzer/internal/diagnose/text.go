package diagnose

import (
	"fmt"
	"math"
	"slices"

	"squirrly.dev/pkg/events"
)

// shorten keeps a path readable: no frame twice in a row, and at most limit frames, the middle left out.
func shorten(path []string, limit int) []string {
	path = slices.Compact(slices.Clone(path))
	if len(path) <= limit {
		return path
	}
	head := limit / 2
	tail := limit - head - 1
	out := slices.Clone(path[:head])
	out = append(out, fmt.Sprintf("… %d frames …", len(path)-head-tail))
	return append(out, path[len(path)-tail:]...)
}

// standardError is the sampling error of a share p of n samples. One more sample of each kind keeps it above zero where
// all samples agree.
func standardError(p, n float64) float64 {
	if n <= 0 {
		return 0
	}
	p = (p*n + 1) / (n + 2)
	return math.Sqrt(max(0, p*(1-p)) / n)
}

var confidences = []events.Confidence{events.ConfidenceLow, events.ConfidenceMedium, events.ConfidenceHigh}

// bySamples returns the confidence that a number of samples carries.
func bySamples(n uint64) events.Confidence {
	switch {
	case n >= 100:
		return events.ConfidenceHigh
	case n >= 30:
		return events.ConfidenceMedium
	default:
		return events.ConfidenceLow
	}
}

// lower returns a confidence some steps down.
func lower(c events.Confidence, steps int) events.Confidence {
	return confidences[max(0, slices.Index(confidences, c)-steps)]
}

func lowest(a, b events.Confidence) events.Confidence {
	if slices.Index(confidences, a) < slices.Index(confidences, b) {
		return a
	}
	return b
}
