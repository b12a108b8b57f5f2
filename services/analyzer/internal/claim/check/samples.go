package check

import (
	"fmt"

	"squirrly.dev/internal/wording"
)

// Parts of samples that decide a relation.
const (
	isPart    = 0.95 // of A's samples are B's: A is part of B
	mostly    = 0.50 // fewer than this, for sure: it is none
	isCalled  = 0.10 // of A's samples have B above them, for sure: B calls A
	notCalled = 0.05 // fewer than this, for sure: it does not
)

// partOf decides that the samples of A are samples of B, too.
func (c *Checker) partOf(a, b *thing) Decision {
	some, all, ok := c.common(a, b)
	if !ok || all == 0 {
		return unknown("Whether %s is part of %s cannot be counted: they are not both samples of one mode.", a.name, b.name)
	}
	share := shareOf(some, all)
	what := fmt.Sprintf("%s of the samples of %s (%s) are samples of %s, too", wording.Percent(share.part), a.name, wording.Count(all), b.name)
	switch {
	case share.part >= isPart:
		return Decision{Holds, what + ".", nil}
	case share.high < mostly:
		return Decision{Refuted, "Only " + what + ".", nil}
	}
	return unknown("%s, which is not all of them.", what)
}

// common counts the samples of A, and those of them that are samples of B, too.
func (c *Checker) common(a, b *thing) (both, all int64, ok bool) {
	if a.operator != nil {
		return 0, 0, false // its samples are no fact
	}
	one := c.counted(a, b.fact)
	if one == nil {
		return 0, 0, false
	}
	if b.operator != nil {
		return c.ground.Within(*one, b.operator.ID)
	}
	other := c.counted(b, one)
	if other == nil {
		return 0, 0, false
	}
	return c.ground.Both(*one, *other)
}

// calledBy decides that A runs below B.
func (c *Checker) calledBy(a, b *thing) Decision {
	if b.operator != nil {
		return c.partOf(a, b)
	}
	fact := c.counted(a, b.fact)
	if fact == nil || len(b.paths) == 0 {
		return unknown("Whether %s runs below %s cannot be counted: one of them is no frame.", a.name, b.name)
	}
	some, all, ok := c.ground.Below(*fact, b.paths)
	if !ok || all == 0 {
		return unknown("Whether %s runs below %s cannot be counted.", a.name, b.name)
	}
	share := shareOf(some, all)
	what := fmt.Sprintf("%s of the samples of %s (%s) are below %s", wording.Percent(share.part), a.name, wording.Count(all), b.name)
	switch {
	case share.low >= isCalled:
		return Decision{Holds, what + ".", nil}
	case share.high < notCalled:
		return Decision{Refuted, "Only " + what + ".", nil}
	case some == 0 && c.reversed(a, b):
		return Decision{Refuted, fmt.Sprintf("It is %s that runs below %s, and not the other way around.", b.name, a.name), nil}
	}
	return unknown("%s, which is too few to tell.", what)
}

// reversed reports that B runs below A.
func (c *Checker) reversed(a, b *thing) bool {
	fact := c.counted(b, a.fact)
	if fact == nil || len(a.paths) == 0 {
		return false
	}
	some, all, ok := c.ground.Below(*fact, a.paths)
	return ok && shareOf(some, all).low >= isCalled
}
