package prompt

import (
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/diagnose"
)

// open is what is possible at an operator.
type open struct {
	*diagnose.Possible
	operator string // its id
	worth    float64
	fact     events.Fact // that says how much of the time it is; without an ID there is none
}

// opens are what is possible, by operator.
func opens(in Input) []open {
	var out []open
	for _, o := range in.Operators {
		for i := range o.Possible {
			p := open{Possible: &o.Possible[i], operator: o.ID, worth: worthOther + o.Possible[i].Share}
			if o.Limiting {
				p.worth += worthPossible
			}
			p.fact = timeFact(in.Analysis, p.Possible)
			out = append(out, p)
		}
	}
	return firstOf(out, maxPossible)
}

// possible lists the mechanisms that the evidence allows and does not prove, by operator.
func (b *block) possible(in Input) {
	b.section("Possible", "operator", "mechanism", "share", "samples", "facts", "title")
	for _, p := range opens(in) {
		at := b.row(p.worth, b.ids(p.operator), b.name(p.Mechanism), percent(p.Share), wording.Count(p.Samples), b.ids(p.fact.ID), b.sentence(p.Finding.Title))
		b.detail(at, p.worth, "open", shorten(b.sentence(p.Why), maxText))
		b.detail(at, p.worth, "proof", shorten(b.sentence(p.Proves), maxText))
		b.changes(at, p.worth-worthOther, &p.Finding)
	}
}

// timeFact is the fact that says how much of the time is in what is possible.
func timeFact(a events.Analysis, p *diagnose.Possible) events.Fact {
	for _, f := range slices.Concat(p.Facts, a.Evidence) {
		if slices.Contains(p.Finding.Evidence, f.ID) && f.Unit == wording.UnitShare && f.Samples > 0 {
			return f
		}
	}
	return events.Fact{}
}
