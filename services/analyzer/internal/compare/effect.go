package compare

import (
	"math"
	"slices"

	"squirrly.dev/pkg/events"
)

// effect is the verdict on everything that changed between the runs.
func (c *comparison) effect(measures []events.Measure, changes []events.Comparable) events.Effect {
	switch {
	case c.apart != "":
		return events.EffectUnknown
	case c.reshaped:
		return c.byLimit(changes)
	case !c.rates:
		return events.EffectUnknown
	}
	if e := c.byCapacity(); e != events.EffectNone {
		return e
	}
	if e := c.byCost(measures); e != events.EffectNone {
		return e
	}
	return byFindings(changes)
}

// byCapacity judges what the job can deliver. It shows only where a vertex limits the job: else the input decides.
func (c *comparison) byCapacity() events.Effect {
	was, is := limited(c.before), limited(c.after)
	switch same := !c.up() && !c.down(); {
	case was && c.up():
		return events.EffectHelped
	case is && c.down():
		return events.EffectWorse
	case same && c.relieved():
		return events.EffectHelped
	case same && c.strained():
		return events.EffectWorse
	case c.cold && !c.steady():
		return events.EffectUnknown
	}
	return events.EffectNone
}

// byLimit judges a job that was changed so that its records cannot be compared: by the limit that went or came together
// with a finding.
func (c *comparison) byLimit(changes []events.Comparable) events.Effect {
	became := func(these ...events.Change) bool {
		return slices.ContainsFunc(changes, func(x events.Comparable) bool { return slices.Contains(these, x.Change) })
	}
	switch {
	case c.relieved() && became(events.ChangeResolved, events.ChangeImproved):
		return events.EffectHelped
	case c.strained() && became(events.ChangeNew, events.ChangeWorse):
		return events.EffectWorse
	}
	return events.EffectUnknown
}

// relieved reports that a vertex limited the job and none does now; strained is the opposite.
func (c *comparison) relieved() bool {
	return limited(c.before) && !limited(c.after) && c.before.Verdict.Busy-c.after.Verdict.Busy >= busyMargin
}

func (c *comparison) strained() bool {
	return limited(c.after) && !limited(c.before) && c.after.Verdict.Busy-c.before.Verdict.Busy >= busyMargin
}

// steady reports that the throughput would not count as changed in warm runs either.
func (c *comparison) steady() bool { return c.ratio < 1+c.margin && c.ratio > 1/(1+c.margin) }

// byCost judges the time for each record, as long as the load was alike: fixed costs weigh more on fewer records. The
// thread time of a job that is never limited says little, since it grows with whatever else runs on the machine.
func (c *comparison) byCost(measures []events.Measure) events.Effect {
	load := max(c.ratio, 1/c.ratio)
	for _, m := range measures {
		alike := m.Name == nameThread && load <= nearRates && (limited(c.before) || limited(c.after)) ||
			m.Name == nameCPU && load <= closeRates
		switch {
		case !alike || !m.Significant:
		case m.After < m.Before:
			return events.EffectHelped
		default:
			return events.EffectWorse
		}
	}
	return events.EffectNone
}

// byFindings judges by what became of findings that matter when the whole job shows no difference.
func byFindings(changes []events.Comparable) events.Effect {
	better := slices.ContainsFunc(changes, func(x events.Comparable) bool { return x.Effect == events.EffectHelped })
	worse := slices.ContainsFunc(changes, func(x events.Comparable) bool {
		return (x.Change == events.ChangeNew || x.Change == events.ChangeWorse) && x.Severity.AtLeast(events.SeverityWarning)
	})
	switch {
	case better && !worse:
		return events.EffectHelped
	case worse && !better:
		return events.EffectWorse
	}
	return events.EffectNone
}

// effectOf is the verdict on the advice that belonged to a finding of the baseline run.
func (c *comparison) effectOf(change events.Change) events.Effect {
	switch {
	case c.apart != "" || change == events.ChangeUnknown:
		return events.EffectUnknown
	case change == events.ChangePersisting:
		return events.EffectNone
	case change == events.ChangeWorse:
		return events.EffectWorse
	case c.reshaped && c.relieved():
		return events.EffectHelped
	case !c.rates:
		return events.EffectUnknown
	case c.slower():
		return events.EffectWorse
	}
	return events.EffectHelped
}

// Statistics of samples. Neighbouring samples of one thread show the same thing, so that n of them say as much as n
// over this number of independent ones.
const designEffect = 4

// zOf compares two proportions of n1 and n2 samples.
func zOf(p1, n1, p2, n2 float64) float64 {
	if n1 <= 0 || n2 <= 0 {
		return 0
	}
	p1, p2 = min(p1, 1), min(p2, 1)
	pooled := (p1*n1 + p2*n2 + 1) / (n1 + n2 + 2) // never 0 or 1
	return (p2 - p1) / math.Sqrt(pooled*(1-pooled)*designEffect*(1/n1+1/n2))
}
