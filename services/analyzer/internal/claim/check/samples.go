package check

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Parts of samples that decide a relation.
const (
	isPart   = 0.95 // of A's samples are B's: A is part of B
	notPart  = 0.75 // fewer than this, for sure: it is none
	mostly   = 0.50
	isCalled = 0.10 // of A's samples have B above them, for sure: B calls A; fewer than this, for sure: it does not
)

// leastStacks is how many samples show that something is never so: what is so in half of them, or more, would be seen.
const leastStacks = 20

// partOf decides that the samples of A are samples of B, too.
func (c *Checker) partOf(a, b *thing) Decision {
	both, ok := c.common(a, b)
	if !ok {
		return c.partElsewhere(a, b)
	}
	what := fmt.Sprintf("%s of the samples of %s (%s) are samples of %s, too", wording.Percent(both.part), a.name, wording.Count(both.all), b.name)
	switch {
	case both.part >= isPart:
		return Decision{Holds, what + ".", nil}
	case both.high < notPart:
		return Decision{Refuted, "Only " + what + ".", nil}
	}
	return unknown("%s, which is not all of them.", what)
}

// common counts the samples of A, and those of them that are samples of B, too.
func (c *Checker) common(a, b *thing) (interval, bool) {
	switch {
	case a.operator != nil && b.operator != nil:
		return shareOf(0, a.operator.Samples), a.operator.Samples > 0 // no sample lies in two of them
	case a.operator != nil && len(b.paths) > 0:
		some, all := c.ground.Count(b.paths, a.operator.ID)
		return shareOf(some, all), all > 0
	case a.operator != nil:
		return interval{}, false
	}
	one := c.counted(a, b.fact)
	if one == nil {
		return interval{}, false
	}
	if b.operator != nil {
		return counting(c.ground.Within(*one, b.operator.ID))
	}
	other := c.counted(b, one)
	if other == nil {
		return interval{}, false
	}
	return counting(c.ground.Both(*one, *other))
}

// partElsewhere decides that A is part of B where they are counted in two modes, whose samples nobody can compare: A is none
// where what B counts takes little of it in A's own mode, and else nobody knows.
func (c *Checker) partElsewhere(a, b *thing) Decision {
	one, other := c.counted(a, b.fact), c.counted(b, nil)
	if one == nil || other == nil || a.operator != nil || b.operator != nil {
		return unknown("Whether %s is part of %s cannot be counted: they are not both samples.", a.name, b.name)
	}
	same := c.inMode(other, one.Count.Mode)
	if same == nil {
		return unknown("Whether %s is part of %s cannot be counted: they are samples of two modes.", a.name, b.name)
	}
	both, ok := counting(c.ground.Both(*one, *same))
	if ok && both.high < notPart {
		return Decision{Refuted, fmt.Sprintf("They are samples of two modes, and only %s of those of %s (%s) are where those of %s are.",
			wording.Percent(both.part), a.name, wording.Count(both.all), b.name), nil}
	}
	return unknown("Whether %s is part of %s cannot be counted: they are samples of two modes.", a.name, b.name)
}

// counting is the part of some samples; false where none could be counted.
func counting(some, all int64, ok bool) (interval, bool) {
	return shareOf(some, all), ok && all > 0
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
	below, ok := counting(c.ground.Below(*fact, b.paths))
	what := fmt.Sprintf("%s of the samples of %s (%s) are below %s", wording.Percent(below.part), a.name, wording.Count(below.all), b.name)
	switch {
	case ok && below.low >= isCalled:
		return Decision{Holds, what + ".", nil}
	case ok && below.high < isCalled:
		return Decision{Refuted, "Only " + what + ".", nil}
	case below.some == 0 && c.reversed(a, b):
		return Decision{Refuted, fmt.Sprintf("It is %s that runs below %s, and not the other way around.", b.name, a.name), nil}
	}
	return c.everBelow(a, b, fact)
}

// reversed reports that B runs below A.
func (c *Checker) reversed(a, b *thing) bool {
	fact := c.counted(b, a.fact)
	if fact == nil || len(a.paths) == 0 {
		return false
	}
	below, ok := counting(c.ground.Below(*fact, a.paths))
	return ok && below.low >= isCalled
}

// everBelow decides it where the samples of the fact that counts A are too few: by the stacks of all modes, idle ones too. A caller
// is on the stack of what it calls; one that never is does not call, though it may start another thread that does.
func (c *Checker) everBelow(a, b *thing, fact *events.Fact) Decision {
	facts := []*events.Fact{fact}
	if len(a.paths) > 0 {
		facts = c.everywhere(a.paths)
	}
	var some, all int64
	surely := false
	for _, f := range facts {
		if below, ok := counting(c.ground.Below(*f, b.paths)); ok {
			some, all = some+below.some, all+below.all
			surely = surely || below.low >= isCalled
		}
	}
	what := fmt.Sprintf("In %s of the %s that show %s it is below %s", wording.Count(some), wording.Plural(all, "sample"), a.name, b.name)
	switch {
	case surely:
		return Decision{Holds, what + ".", nil}
	case some == 0 && all >= leastStacks:
		return Decision{Refuted, what + ".", nil}
	}
	return unknown("%s, which is too few to tell.", what)
}

// everywhere counts the samples of some frames in all modes, idle ones too.
func (c *Checker) everywhere(paths []string) []*events.Fact {
	var out []*events.Fact
	for _, mode := range []events.Mode{events.ModeWall, events.ModeITimer, events.ModeCPU, events.ModeAlloc, events.ModeLock} {
		if f := c.frames(paths, mode); f != nil {
			f.Count.Idle = events.IdleAny
			out = append(out, f)
		}
	}
	return out
}
