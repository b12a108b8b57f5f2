package check

import (
	"fmt"
	"math"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/answer"
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
		s.cite(c, f)
		measured := number{value: wording.Value(f), kind: kindOf(f.Unit)}
		claimed := number{value: e.Value, kind: measured.kind, slack: 0.05}
		if claimed.says(measured) || f.Unit == wording.UnitShare && math.Abs(e.Value-f.Value) <= 0.005 {
			c.count(place, "", verdict{status: verified})
			continue
		}
		s.wrong = append(s.wrong, wrongClaim{e.Value, f})
		c.count(place+" evidence", fmt.Sprintf("%s was said to be %s.", e.ID, wording.Decimal(e.Value, 2)),
			verdict{status: corrected, why: "the fact says " + wording.Fact(f)})
	}
	return s
}

// cite takes the numbers of a fact.
func (s *scope) cite(c *checker, f events.Fact) {
	if !s.cited[f.ID] {
		s.cited[f.ID] = true
		s.pool = append(s.pool, measuredBy(f, c.sourceOf(f))...)
	}
}

// ofFinding returns the numbers that the rules measured for a finding. A zero is not measured.
func (c *checker) ofFinding(f events.Finding) []number {
	out := slices.DeleteFunc([]number{
		{value: f.P * 100, kind: percent},
		{value: f.Share * 100, kind: percent},
		{value: f.TE, kind: te},
		{value: f.Cores, kind: cores},
		{value: float64(f.Samples), kind: samples},
		{value: f.Bound, kind: times},
	}, func(n number) bool { return n.value == 0 })
	for _, text := range texts(f) {
		out = append(out, numbers(maskNames(text))...)
	}
	tagged(out, &source{
		id: f.ID, frames: slices.Concat(f.Path, []string{f.Frame, f.Anchor}), events: countsEvents(f.Mode) && f.P == 0,
	})
	if f.StdErr > 0 {
		out = append(out, number{value: f.StdErr * 100, kind: percent, of: &source{id: f.ID, load: "error"}})
	}
	for _, v := range c.in.Analysis.Vertices {
		if slices.Contains(f.Vertices, v.ID) || slices.Contains(f.Vertices, v.Short()) {
			out = append(out, ofVertex(v)...)
		}
	}
	if f.OnPath {
		v := c.in.Analysis.Verdict
		about := &source{vertex: v.VertexName}
		headline := tagged(numbers(maskNames(v.Headline)), &source{id: "verdict"})
		out = append(out, slices.DeleteFunc(headline, func(n number) bool { return n.kind == percent })...)
		out = append(out, number{value: float64(v.Subtasks), of: about}, number{value: float64(v.BusySubtasks), of: about},
			number{value: v.Busy * 100, kind: percent, of: &source{vertex: v.VertexName, load: "busy"}})
	}
	return out
}

// ofVertex returns the numbers of the load of a vertex.
func ofVertex(v events.VertexLoad) []number {
	about := &source{vertex: v.Short()}
	out := []number{
		{value: float64(v.Parallelism), of: about},
		{value: v.RecordsIn, kind: rate, of: about},
		{value: v.RecordsOut, kind: rate, of: about},
	}
	for _, x := range []struct {
		share float64
		load  string
	}{{v.Busy, "busy"}, {v.BusyMax, "busy"}, {v.Idle, "idle"}, {v.BackPressured, "pressure"}} {
		if x.share >= 0 {
			out = append(out, number{value: x.share * 100, kind: percent, of: &source{vertex: v.Short(), load: x.load}})
		}
	}
	return out
}
