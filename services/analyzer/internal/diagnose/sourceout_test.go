package diagnose

import (
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// TestSourceOut: a source is counted apart from what is chained to it, over the whole and between each two readings; no
// other vertex has such a count.
func TestSourceOut(t *testing.T) {
	const from, read, one = "id-Source: in -> Sum", "Source__in", 10
	j := newJob("tm-1").vertex("Source: in -> Sum", nil, load{0.9, 0.1, 100}).
		vertex("sink", []string{"Source: in -> Sum"}, load{0.1, 0.9, 100}).vertex("Source: alone", nil, load{0.1, 0.9, 50})
	for i := range j.Windows {
		for at := range j.Windows[i].Samples {
			s := &j.Windows[i].Samples[at]
			n := 1000 + s.AtMillis // a thousand a second
			s.Operators = []jobcontext.OperatorCounters{{Vertex: from, Name: read, Out: n}, {Vertex: from, Name: "Sum", In: n, Out: n / one}}
		}
	}
	loads := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{
		capture("tm-1", events.ModeITimer, graph(t, "TASK;MAP;com/shop/Map.map 100")),
	}}).Analysis.Vertices
	if got := loads[0].SourceOut; got != 1000 {
		t.Errorf("the source sent %g records/s", got)
	}
	for _, w := range loads[0].Windows {
		if w.SourceOut != 1000 {
			t.Errorf("between two readings: %+v", w)
		}
	}
	if loads[1].SourceOut != 0 || loads[2].SourceOut != loads[2].RecordsOut {
		t.Errorf("of the sink %g, of a source alone %g of %g", loads[1].SourceOut, loads[2].SourceOut, loads[2].RecordsOut)
	}
}
