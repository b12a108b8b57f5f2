package diagnose

import (
	"slices"
	"testing"

	"squirrly.dev/pkg/events"
)

// TestShape: without thread dumps, the operators of a stack tell sinks, keyed vertices and the rest apart.
func TestShape(t *testing.T) {
	j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 9}).vertex("aaa", []string{"Source: in"}, load{0.9, 0.1, 9}).
		vertex("bbb", []string{"aaa"}, load{0.9, 0.1, 9}).vertex("ccc: Writer", []string{"bbb"}, load{0.9, 0.1, 9})
	j.Vertices[2].Inputs[0].Ship = "HASH"
	cpu := graph(t, "TASK;MAP;com/shop/One.call 100",
		"TASK;org/apache/flink/streaming/api/operators/KeyedProcessOperator.processElement;com/shop/Two.call 100",
		"TASK;org/apache/flink/streaming/runtime/operators/sink/SinkWriterOperator.processElement;com/shop/Three.call 100",
		"TASK;SOURCE;com/shop/Four.call 100")
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeITimer, cpu)}})
	want := map[string][]string{
		"com.shop.One.call": {"aaa", "bbb"}, "com.shop.Two.call": {"bbb"}, "com.shop.Three.call": {"ccc: Writer"}, "com.shop.Four.call": {"Source: in"},
	}
	for _, c := range r.Analysis.Costs {
		if !slices.Equal(c.Vertices, want[c.Anchor]) {
			t.Errorf("%s lies in %v, want %v", c.Anchor, c.Vertices, want[c.Anchor])
		}
		delete(want, c.Anchor)
	}
	if len(want) > 0 {
		t.Errorf("nothing is said of %v", want)
	}
}
