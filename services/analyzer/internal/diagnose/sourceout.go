package diagnose

import (
	"strings"

	"squirrly.dev/services/analyzer/internal/limits"
)

// sent is what the operators that are sources wrote, over all windows and in each of the last ones.
type sent struct {
	whole   sourceRates
	windows []sourceRates
}

// sourceRates are the records per second that the sources of vertices wrote, by the id of the vertex.
type sourceRates map[string]float64

// sent reads the counters of the sources in the last windows, in as many as are asked for.
func (r *reading) sent(last int) sent {
	out := sent{whole: sourcesOf(r.operatorRecords())}
	if r.ctx == nil {
		return out
	}
	all := limits.Between(r.ctx)
	for i := range all[len(all)-last:] {
		out.windows = append(out.windows, sourcesOf(operatorRates(all[len(all)-last+i:][:1])))
	}
	return out
}

// sourceName is how Flink begins the name of every operator that is a source, as it stands in the names of metrics.
var sourceName = metricName("Source: ")

func sourcesOf(rates map[string]operatorRate) sourceRates {
	out := sourceRates{}
	for key, rate := range rates {
		if vertex, name, _ := strings.Cut(key, "\x00"); strings.HasPrefix(name, sourceName) {
			out[vertex] += rate.out
		}
	}
	return out
}

// of is what the sources of a vertex wrote: where nothing is chained to its source, that is what the vertex writes. 0 is
// unknown, or no source.
func (s sourceRates) of(l *limits.Load, written float64) float64 {
	switch {
	case !l.Source():
		return 0
	case strings.Contains(l.Full, " -> "):
		return rounded(s[l.ID])
	}
	return max(0, rounded(written))
}
