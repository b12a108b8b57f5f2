package check

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// end is what an end of an edge is called in the plan: an operator, the one that a finding lies in, or a vertex.
func (c *Checker) end(t *thing) string {
	if t.finding != nil {
		if o := c.operatorWith(t.finding.ID); o != nil {
			return o.ID
		}
	}
	return t.id
}

// feeds decides that records go from A to B.
func (c *Checker) feeds(a, b *thing) Decision {
	switch c.ground.Feeds(c.end(a), c.end(b)) {
	case mechanisms.Yes:
		return Decision{Holds, fmt.Sprintf("Records go from %s to %s.", a.name, b.name), nil}
	case mechanisms.No:
		return Decision{Refuted, fmt.Sprintf("No records go from %s to %s.", a.name, b.name), nil}
	}
	return unknown("The plan does not tell whether records go from %s to %s.", a.name, b.name)
}

const (
	isHeldBack = 0.10 // backpressured, or idle, from here on
	isBusy     = 0.50
	isFree     = 0.20 // nothing waits for what is busy for less, and held back by nothing
)

// waitsFor decides that A is held up by B: by backpressure between two vertices, or in the stacks of one thread.
func (c *Checker) waitsFor(a, b *thing) Decision {
	x, y := c.load(a), c.load(b)
	if x != nil && y != nil && len(a.paths) == 0 {
		return c.heldBack(a, b, x, y)
	}
	one := c.counted(a, nil)
	if one == nil || len(b.paths) == 0 {
		return unknown("No stack and no edge of the plan shows whether %s waits for %s.", a.name, b.name)
	}
	waits, ok := counting(c.ground.Both(*one, waiting(one, b.paths)))
	if !ok {
		return unknown("Whether %s waits for %s cannot be counted.", a.name, b.name)
	}
	what := fmt.Sprintf("%s of the samples of %s (%s) wait in %s", wording.Percent(waits.part), a.name, wording.Count(waits.all), b.name)
	if waits.low >= isCalled {
		return Decision{Holds, what + ".", nil}
	}
	if run := c.runs(one); run > 0 {
		return Decision{Refuted, fmt.Sprintf("%s waits for nothing: it runs in %s of its WALL samples.", a.name, wording.Percent(run)), nil}
	}
	return unknown("%s, and what a wait in another thread is for no stack tells.", what)
}

// waiting counts what waits below some frames, in the captures of a fact; of no frames, all that waits.
func waiting(of *events.Fact, frames []string) events.Fact {
	return events.Fact{Mode: of.Count.Mode, Unit: "samples", Count: &events.Count{
		Mode: of.Count.Mode, JVMs: of.Count.JVMs, State: events.StateWaiting, Idle: events.IdleAny, With: frames,
	}}
}

// runs is the part of the WALL samples of what a fact counts that do not wait, when those that do are surely next to none; else
// 0. In other modes nobody sees a thread that waits.
func (c *Checker) runs(of *events.Fact) float64 {
	wall := c.inMode(of, events.ModeWall)
	if wall == nil {
		return 0
	}
	waits, ok := counting(c.ground.Both(*wall, waiting(wall, nil)))
	if ok && (waits.high < isCalled || waits.some == 0 && waits.all >= leastStacks) {
		return 1 - waits.part
	}
	return 0
}

// heldBack decides that a vertex is held up by what another one does.
func (c *Checker) heldBack(a, b *thing, x, y *events.VertexLoad) Decision {
	down, up := c.ground.Feeds(c.end(a), c.end(b)), c.ground.Feeds(c.end(b), c.end(a))
	what := fmt.Sprintf("%s is backpressured for %s of its time, and %s is busy for %s", a.name, wording.Percent(x.BackPressured), b.name, wording.Percent(y.Busy))
	switch {
	case down == mechanisms.No && up != mechanisms.No && x.Idle >= isHeldBack:
		return unknown("%s gets its records from %s and is idle for %s of its time; for whom no edge tells.", a.name, b.name, wording.Percent(x.Idle))
	case down == mechanisms.No:
		return Decision{Refuted, fmt.Sprintf("%s sends %s no records, so it cannot be held back by it.", a.name, b.name), nil}
	case x.BackPressured >= 0 && x.BackPressured < isHeldBack,
		y.BusyMax >= 0 && y.BusyMax < isFree && y.BackPressured >= 0 && y.BackPressured < isHeldBack:
		return Decision{Refuted, what + ".", nil}
	case down == mechanisms.Yes && x.BackPressured >= isHeldBack && max(y.Busy, y.BusyMax) >= isBusy && x.ID != y.ID:
		return Decision{Holds, what + ".", nil}
	}
	return unknown("%s, which does not tell whether one holds up the other.", what)
}

// load is that of the vertex that a thing is, or is an operator of; nil where there is none or it is not known.
func (c *Checker) load(t *thing) *events.VertexLoad {
	name := ""
	switch {
	case t.operator != nil:
		name = t.operator.Vertex
	case t.finding != nil && len(t.finding.Vertices) == 1:
		name = t.finding.Vertices[0]
	case t.fact != nil && t.fact.Count == nil:
		name = t.fact.Vertex
	}
	for i := range c.analysis.Vertices {
		if v := &c.analysis.Vertices[i]; name != "" && (v.Short() == name || v.Name == name) {
			return v
		}
	}
	return nil
}

// operatorWith is the first operator that a finding lies in.
func (c *Checker) operatorWith(finding string) *diagnose.Operator {
	for i := range c.operators {
		if slices.Contains(c.operators[i].Findings, finding) {
			return &c.operators[i]
		}
	}
	return nil
}
