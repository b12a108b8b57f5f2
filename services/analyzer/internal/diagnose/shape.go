package diagnose

import (
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
)

// shape is what the job graph alone tells of the operators that a vertex may hold.
type shape struct {
	source, keyed bool
	writes        bool // it holds a sink's writer
	onlyWrites    bool // and nothing else
}

// Where Flink enters a sink's writer, and operators that need a key.
var (
	writers        = []string{"operators.sink.SinkWriterOperator.", "operators.StreamSink."}
	keyedOperators = []string{".Keyed", ".windowing.WindowOperator.", ".GroupAggFunction.", ".co.KeyedCoProcessOperator."}
)

func shapeOf(v *jobcontext.Vertex) shape {
	s := shape{source: len(v.Inputs) == 0}
	s.keyed = slices.ContainsFunc(v.Inputs, func(in jobcontext.Input) bool { return in.Ship == "HASH" || in.Ship == "" })
	s.writes = strings.Contains(v.Name, ": Writer") || strings.Contains(v.Name, "Sink: ")
	s.onlyWrites = s.writes && !strings.Contains(v.Name, " -> ") && !strings.Contains(v.Name, ", ")
	return s
}

// allows reports whether a stack with these operators, the outermost last, may be of a vertex of this shape.
func (s *shape) allows(source bool, operators []string) bool {
	if s.source != source {
		return false
	}
	has := func(parts []string, names []string) bool {
		return slices.ContainsFunc(names, func(name string) bool {
			return slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(name, part) })
		})
	}
	switch {
	case has(writers, operators):
		return s.writes
	case s.onlyWrites:
		return false
	case len(operators) > 0 && has(keyedOperators, operators[len(operators)-1:]):
		return s.keyed
	}
	return true
}

// shaped returns the vertices that may hold a stack with these operators. The graph does not name them all alike, so
// that without any such vertex only sources are told from the rest.
func (m *vertexMap) shaped(source bool, operators []string) []int {
	var fit, rest []int
	for i := range m.shapes {
		if m.shapes[i].allows(source, operators) {
			fit = append(fit, i)
		}
		if m.shapes[i].source == source {
			rest = append(rest, i)
		}
	}
	if len(fit) > 0 {
		return fit
	}
	return rest
}
