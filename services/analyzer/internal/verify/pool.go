package verify

import (
	"fmt"
	"math"
	"slices"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/answer"
	"squirrly.dev/services/analyzer/internal/facts"
)

// scope checks the cited facts and returns what may be said with them.
func (c *checker) scope(place string, cited []answer.Evidence) *scope {
	s := &scope{place: place, cited: map[string]bool{}}
	for _, e := range cited {
		f, ok := c.facts[e.ID]
		if !ok {
			c.count(place+" evidence", "Cited was "+idOf(e.ID)+".", drop("there is no such fact"))
			continue
		}
		if !s.cited[e.ID] {
			s.cited[e.ID] = true
			s.pool = append(s.pool, measuredBy(f)...)
		}
		measured := number{value: facts.Value(f), kind: kindOf(f.Unit)}
		claimed := number{value: e.Value, kind: measured.kind, slack: 0.005}
		if claimed.says(measured) || f.Unit == facts.UnitShare && math.Abs(e.Value-f.Value) <= 0.005 {
			c.count(place, "", verdict{status: verified})
			continue
		}
		s.wrong = append(s.wrong, wrongClaim{e.Value, f})
		c.count(place+" evidence", fmt.Sprintf("%s was said to be %s.", e.ID, facts.Number(e.Value, 2)),
			verdict{status: corrected, why: "the fact says " + facts.Print(f)})
	}
	return s
}

// ofFinding returns the numbers that the rules measured for a finding. A zero is not measured.
func ofFinding(f events.Finding, a events.Analysis) []number {
	out := slices.DeleteFunc([]number{
		{value: f.P * 100, kind: percent},
		{value: f.Share * 100, kind: percent},
		{value: f.StdErr * 100, kind: percent},
		{value: f.TE, kind: te},
		{value: float64(f.Samples), kind: samples},
		{value: f.Bound, kind: times},
	}, func(n number) bool { return n.value == 0 })
	for _, text := range texts(f) {
		out = append(out, numbers(maskNames(text))...)
	}
	for _, v := range a.Vertices {
		if slices.Contains(f.Vertices, v.ID) || slices.Contains(f.Vertices, v.Name) {
			out = append(out, ofVertex(v)...)
		}
	}
	if f.OnPath {
		v := a.Verdict
		out = append(out, numbers(maskNames(v.Headline))...)
		out = append(out, number{value: float64(v.Subtasks)}, number{value: float64(v.BusySubtasks)},
			number{value: v.Busy * 100, kind: percent})
	}
	return out
}

// ofVertex returns the numbers of the load of a vertex.
func ofVertex(v events.VertexLoad) []number {
	out := []number{
		{value: float64(v.Parallelism)}, {value: v.RecordsIn, kind: rate}, {value: v.RecordsOut, kind: rate},
	}
	for _, x := range []float64{v.Busy, v.BusyMax, v.Idle, v.BackPressured} {
		if x >= 0 {
			out = append(out, number{value: x * 100, kind: percent})
		}
	}
	return out
}
