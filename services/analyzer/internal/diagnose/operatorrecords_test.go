package diagnose

import (
	"testing"

	"squirrly.dev/internal/jobcontext"
)

// TestOperatorRecords_SQL: metrics keep the brackets of SQL's names, and put "_" for the colon and the space.
func TestOperatorRecords_SQL(t *testing.T) {
	counted := func(n int64) []jobcontext.OperatorCounters {
		return []jobcontext.OperatorCounters{{Vertex: "v", Name: "Source__readings[1]", Out: n}, {Vertex: "v", Name: "Calc[2]", In: n, Out: n}}
	}
	rates := operatorRates([]jobcontext.Window{{Samples: []jobcontext.Sample{
		{AtMillis: 0, Operators: counted(100)}, {AtMillis: 2000, Operators: counted(700)},
	}}})
	for _, name := range []string{"Source: readings[1]", "Calc[2]"} {
		if got := rates["v\x00"+metricName(name)].out; got != 300 {
			t.Errorf("%s wrote %v records a second, want 300", name, got)
		}
	}
}
