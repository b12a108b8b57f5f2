package limits

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// byBackpressure walks from the sources to the last backpressured vertex and blames the busiest vertex behind it. Only
// the busiest subtask of a vertex counts, since the others wait for it.
func (j *Judgement) byBackpressure(loads []Load) {
	last := lastHeldBack(loads)
	if last == none {
		return
	}
	b := behind(loads, last)
	switch {
	case b.busy >= Saturated && (!b.source || b.busy >= b.self):
		j.accuse(loads, &b, events.ConfidenceHigh)
		j.Rivals = rivals(loads, downstream(loads, last), b.culprit)
	case b.endless:
		j.byEndlessInput(loads, &b)
	case b.idle <= rests && b.held >= heldBackMuch && b.plausible():
		j.accuse(loads, &b, events.ConfidenceMedium)
	case b.idle <= rests && b.held >= heldBackMuch:
		j.accuseItself(loads, &b)
	case b.idle >= restsMuch && b.held < heldBackMuch:
		// Short bursts, and time enough to catch up: nothing is limited by them.
	case !b.rested && b.held < heldBackMuch:
		// Whether the rest of its time is work cannot be told.
	case saturatedElsewhere(loads):
		// The bursts are the smaller matter.
	default:
		j.bursts(loads, &b)
	}
}

// bursts judges a vertex that is held back at times and waits for input at others.
func (j *Judgement) bursts(loads []Load, b *pressure) {
	j.Limit, j.Held, j.Confidence = events.LimitBursts, b.last, events.ConfidenceMedium
	j.Why = fmt.Sprintf("%s is backpressured for %s of its time and idle for %s, in turn", loads[b.last].Name, wording.Percent(b.held), wording.Percent(b.idle))
	if b.culprit != none && b.busy != Unknown {
		j.Why += fmt.Sprintf("; %s behind it is busy for %s on average", loads[b.culprit].Name, wording.Percent(b.busy))
	}
	if b.idle <= rests {
		j.Confidence = events.ConfidenceLow
		j.Why += ". It has hardly a reserve"
	}
	j.Why += "."
}

// pressure is the last backpressured vertex, and the busiest vertex behind it.
type pressure struct {
	last    int
	held    float64 // backpressured share of its most backpressured subtask
	idle    float64 // of the same subtask; 0 when it is not known
	rested  bool    // idle is known
	self    float64 // busy share of its busiest subtask, or Unknown
	source  bool
	endless bool    // a source upstream, or itself, is held back and never waits for input
	culprit int     // or none
	busy    float64 // of the culprit's busiest subtask, or Unknown
}

func behind(loads []Load, last int) pressure {
	most := loads[last].mostHeld()
	b := pressure{
		last: last, held: most.BackPressured, idle: max(0, most.Idle), rested: most.Idle != Unknown, self: loads[last].Max(Busy),
		source: loads[last].Source(), endless: endlessAbove(loads, last), busy: Unknown,
	}
	down := downstream(loads, last)
	if b.culprit = busiestOf(loads, down, none); b.culprit != none {
		b.busy = loads[b.culprit].Max(Busy)
	} else if len(down) == 1 && b.held >= heldBackMuch {
		b.culprit = down[0] // its counters are unknown, and there is no other
	}
	return b
}

// plausible reports a culprit that may be as busy as it takes.
func (b *pressure) plausible() bool {
	return b.culprit != none && (b.busy >= halfBusy || b.busy == Unknown)
}

// byEndlessInput judges a job whose input never ends: something limits it, even when nothing is busy on average.
func (j *Judgement) byEndlessInput(loads []Load, b *pressure) {
	switch {
	case b.source && (b.self >= max(halfBusy, b.busy+nearlyAlike) || b.self >= Saturated && b.busy < Saturated):
		j.Vertex, j.Confidence = b.last, events.ConfidenceMedium
		j.Why = fmt.Sprintf("%s never waits for input and is busy for %s of its time; it is backpressured for the rest.",
			loads[b.last].Name, wording.Percent(b.self))
	case b.source && b.self >= halfBusy && b.busy != Unknown && b.busy <= b.self+nearlyAlike:
		j.Vertex, j.Rivals, j.OneOf, j.Confidence = b.culprit, []int{b.last}, true, events.ConfidenceLow
		if b.self > b.busy {
			j.Vertex, j.Rivals = b.last, []int{b.culprit}
		}
		j.Why = fmt.Sprintf("%s never waits for input: it is busy for %s of its time and backpressured for %s, and %s behind it is busy for %s. "+
			"Which of the two limits more cannot be told.", loads[b.last].Name, wording.Percent(b.self), wording.Percent(b.held),
			loads[b.culprit].Name, wording.Percent(b.busy))
	case b.plausible():
		j.accuse(loads, b, events.ConfidenceMedium)
	case b.held >= heldBackMuch && b.idle <= rests:
		j.accuseItself(loads, b)
	default:
		source := endlessSource(loads)
		j.Limit, j.Held, j.Confidence = events.LimitBackpressured, source, events.ConfidenceLow
		j.Why = fmt.Sprintf("%s is backpressured for %s of its time and never waits for input, but no vertex behind it is busy on average: "+
			"bursts, skew below the second, buffers or the network.", loads[source].Name, wording.Percent(loads[source].Max(BackPressured)))
	}
}

func (j *Judgement) accuse(loads []Load, b *pressure, c events.Confidence) {
	j.Vertex, j.Confidence = b.culprit, c
	j.Why = fmt.Sprintf("%s is backpressured for %s of its time, and %s is the busiest vertex behind it.",
		loads[b.last].Name, wording.Percent(b.held), loads[b.culprit].Name)
}

func (j *Judgement) accuseItself(loads []Load, b *pressure) {
	j.Vertex, j.Own, j.Confidence = b.last, true, events.ConfidenceMedium
	j.Why = fmt.Sprintf("%s is backpressured for %s of its time, but nothing behind it is busy.", loads[b.last].Name, wording.Percent(b.held))
}

// lastHeldBack returns the backpressured vertex without a backpressured one downstream, the most held back if there are
// several branches, or none.
func lastHeldBack(loads []Load) int {
	last := none
	for i := range loads {
		if loads[i].Max(BackPressured) < heldBack {
			continue
		}
		below := slices.ContainsFunc(downstream(loads, i), func(d int) bool { return loads[d].Max(BackPressured) >= heldBack })
		if !below && (last == none || loads[i].Max(BackPressured) > loads[last].Max(BackPressured)) {
			last = i
		}
	}
	return last
}

// endlessSource returns the most held back source that never waits for input, or none.
func endlessSource(loads []Load) int {
	found := none
	for i := range loads {
		if endless(&loads[i]) && (found == none || loads[i].Max(BackPressured) > loads[found].Max(BackPressured)) {
			found = i
		}
	}
	return found
}

func endless(l *Load) bool {
	if !l.Source() || l.Max(BackPressured) < heldBack {
		return false
	}
	s := l.mostHeld()
	return s.Idle != Unknown && s.Idle <= neverRests
}

// endlessAbove reports a source that never waits for input at or above a vertex.
func endlessAbove(loads []Load, vertex int) bool {
	if endless(&loads[vertex]) {
		return true
	}
	for _, up := range upstream(loads, vertex) {
		if endless(&loads[up]) {
			return true
		}
	}
	return false
}

func saturatedElsewhere(loads []Load) bool {
	return slices.ContainsFunc(loads, func(l Load) bool { return l.Max(Busy) > Saturated })
}
