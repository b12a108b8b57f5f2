package check

import (
	"encoding/json"
	"fmt"
	"math"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// readError is how far two readings of a counter may be apart that say the same, as a part of the larger one.
const readError = 0.05

// sameNumber is how far two numbers that are one may be apart.
const sameNumber = 1e-6

// largerThan compares two facts of one denominator.
func (c *Checker) largerThan(a, b *thing) Decision {
	switch {
	case a.fact == nil || b.fact == nil:
		return unknown("%s and %s are not both facts with a number.", a.name, b.name)
	case !c.comparable(a.fact, b.fact):
		return unknown("%s and %s are numbers of different things.", a.name, b.name)
	}
	x, y := c.rangeOf(a.fact), c.rangeOf(b.fact)
	what := fmt.Sprintf("%s is %s, %s is %s", a.name, wording.Fact(*a.fact), b.name, wording.Fact(*b.fact))
	switch {
	case x.low > y.high && !atMost(a.fact):
		return Decision{Holds, what + ".", nil}
	case atMost(b.fact):
	case x.high < y.low:
		return Decision{Refuted, what + ".", nil}
	case c.holdsAll(b.fact, a.fact):
		return Decision{Refuted, fmt.Sprintf("%s, and all samples of %s are samples of %s.", what, a.name, b.name), nil}
	case a.fact.Value == b.fact.Value && !atMost(a.fact):
		return Decision{Refuted, fmt.Sprintf("%s is as much as %s.", a.name, b.name), nil}
	}
	return unknown("%s, which is the same within their errors.", what)
}

// holdsAll reports that all samples of a fact are samples of another one, which then is no smaller, whatever the errors are.
func (c *Checker) holdsAll(outer, inner *events.Fact) bool {
	if outer.Count == nil || inner.Count == nil {
		return false
	}
	both, ok := counting(c.ground.Both(*inner, *outer))
	return ok && both.some == both.all
}

// rangeOf is where the number of a fact lies. How busy a vertex is lies between its average and what the fact says of it, which
// may be of the busiest subtask.
func (c *Checker) rangeOf(f *events.Fact) interval {
	if f.Count != nil || f.StdErr > 0 {
		return around(f.Value, f.StdErr)
	}
	low, high := f.Value, f.Value
	if v := c.load(&thing{fact: f}); v != nil && c.tellsLoad(f) {
		low, high = min(low, max(0, v.Busy)), max(high, v.Busy)
	}
	return interval{part: f.Value, low: low - readError*math.Abs(low), high: high + readError*math.Abs(high)}
}

func atMost(f *events.Fact) bool { return f.Count != nil && f.Count.AtMost }

// comparable reports that two facts are numbers of one kind and of one whole. Of what no samples are counted, that is known
// only of facts about vertices and of rates.
func (c *Checker) comparable(a, b *events.Fact) bool {
	if a.Unit != b.Unit || a.Mode != b.Mode || (a.Count == nil) != (b.Count == nil) || a.ID == "" || b.ID == "" {
		return false
	}
	if a.Count == nil {
		return a.Vertex != "" && b.Vertex != "" && (a.Unit == "records/s" || c.tellsLoad(a) && c.tellsLoad(b))
	}
	return a.Count.Busy == b.Count.Busy && whole(a.Count.Of) == whole(b.Count.Of) && a.Count.Unit == b.Count.Unit
}

// tellsLoad reports that a fact is how busy a vertex is: on average, or its busiest subtask.
func (c *Checker) tellsLoad(f *events.Fact) bool {
	v := c.load(&thing{fact: f})
	return v != nil && f.Unit == wording.UnitShare && (math.Abs(f.Value-max(0, v.Busy)) < sameNumber || math.Abs(f.Value-v.BusyMax) < sameNumber)
}

// whole tells wholes apart.
func whole(c *events.Count) string {
	if c == nil {
		return ""
	}
	b, err := json.Marshal(c)
	if err != nil {
		panic(err) // strings and numbers
	}
	return string(b)
}
