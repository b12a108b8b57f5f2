package diagnose

import (
	"strings"

	"squirrly.dev/internal/jobcontext"
)

// operatorRate is what an operator read and wrote per second; -1 is unknown.
type operatorRate struct{ in, out float64 }

// operatorRecords returns the rates of operators by the id of their vertex and their name in metrics, where Flink counts
// them.
func (r *reading) operatorRecords() map[string]operatorRate {
	if r.ctx == nil {
		return nil
	}
	return operatorRates(r.ctx.Windows)
}

// operatorRates are the rates over some windows together.
func operatorRates(windows []jobcontext.Window) map[string]operatorRate {
	out := map[string]operatorRate{}
	type sum struct{ in, out, ms int64 }
	sums := map[string]sum{}
	for _, w := range windows {
		if len(w.Samples) < 2 {
			continue
		}
		first, last := &w.Samples[0], &w.Samples[len(w.Samples)-1]
		began := map[string]jobcontext.OperatorCounters{}
		for _, c := range first.Operators {
			began[operatorKey(&c)] = c
		}
		for _, c := range last.Operators {
			key := operatorKey(&c)
			was, ok := began[key]
			if !ok || c.In < was.In || c.Out < was.Out || was.In < 0 || was.Out < 0 {
				continue
			}
			s := sums[key]
			s.in, s.out = s.in+c.In-was.In, s.out+c.Out-was.Out
			s.ms += last.AtMillis - first.AtMillis
			sums[key] = s
		}
	}
	for key, s := range sums {
		if s.ms > 0 {
			out[key] = operatorRate{float64(s.in) * 1000 / float64(s.ms), float64(s.out) * 1000 / float64(s.ms)}
		}
	}
	return out
}

func operatorKey(c *jobcontext.OperatorCounters) string {
	return c.Vertex + "\x00" + metricName(c.Name)
}

// maxMetricName is where Flink cuts the name of an operator in the names of its metrics.
const maxMetricName = 80

// metricName is the name of an operator as it stands in the names of metrics, but for the signs that Flink keeps there, such
// as the brackets of SQL's numbers.
func metricName(name string) string {
	clean := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, name)
	return clean[:min(len(clean), maxMetricName)]
}
