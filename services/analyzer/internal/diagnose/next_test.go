package diagnose

import (
	"math"
	"testing"

	"squirrly.dev/services/analyzer/internal/limits"
)

// vertexLoad makes the load of one subtask.
func vertexLoad(name string, busy, records float64, inputs ...int) limits.Load {
	return limits.Load{Name: name, Inputs: inputs, Subtasks: []limits.Subtask{
		{Running: true, Busy: busy, Idle: 1 - max(0, busy), RecordsIn: records, RecordsOut: records},
	}}
}

// TestNext: what limits next gets its records from the same sources, does something, and is full before the bound.
func TestNext(t *testing.T) {
	const fixed = 1
	source, limit := vertexLoad("source", 0.1, 900), vertexLoad("limit", 1, 900, 0)
	for name, test := range map[string]struct {
		loads []limits.Load
		bound float64
		want  string
		at    float64
	}{
		"downstream":            {[]limits.Load{source, limit, vertexLoad("sink", 0.5, 900, 1)}, 8, "sink", 2},
		"upstream":              {[]limits.Load{vertexLoad("source", 0.4, 900), limit, vertexLoad("sink", 0.2, 900, 1)}, 8, "source", 2.5},
		"beside":                {[]limits.Load{source, limit, vertexLoad("other branch", 0.8, 900, 0)}, 8, "other branch", 1.25},
		"behind the bound":      {[]limits.Load{source, limit, vertexLoad("sink", 0.5, 900, 1)}, 1.5, "", 1.5},
		"another pipeline":      {[]limits.Load{source, limit, vertexLoad("source 2", 0.9, 900), vertexLoad("sink 2", 0.9, 900, 2)}, 8, "", 8},
		"joined further down":   {[]limits.Load{source, limit, vertexLoad("source 2", 0.9, 900), vertexLoad("join", 0.25, 900, 1, 2)}, 8, "join", 4},
		"hardly busy":           {[]limits.Load{source, limit, vertexLoad("sink", 0.04, 900, 1)}, 80, "source", 10},
		"a trickle":             {[]limits.Load{source, limit, vertexLoad("late data", 0.9, 0.1, 1)}, 5, "", 5},
		"unknown load":          {[]limits.Load{source, limit, vertexLoad("sink", limits.Unknown, 900, 1)}, 5, "", 5},
		"as saturated":          {[]limits.Load{source, limit, vertexLoad("sink", 1, 900, 1)}, 5, "sink", 1},
		"the first of several":  {[]limits.Load{source, limit, vertexLoad("a", 0.5, 900, 1), vertexLoad("b", 0.5, 900, 1)}, 5, "a", 2},
		"the one that is first": {[]limits.Load{source, limit, vertexLoad("a", 0.5, 900, 1), vertexLoad("b", 0.7, 900, 1)}, 5, "b", 1 / 0.7},
	} {
		t.Run(name, func(t *testing.T) {
			v := &View{attribution: &attribution{reading: &reading{loads: test.loads}}}
			next := v.next(fixed, test.bound)
			got := ""
			if next.vertex >= 0 {
				got = test.loads[next.vertex].Name
			}
			if at := next.allowed(test.bound); got != test.want || math.Abs(at-test.at) > 1e-9 {
				t.Errorf("%q at %.2f, want %q at %.2f", got, at, test.want, test.at)
			}
		})
	}
}
