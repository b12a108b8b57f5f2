package claims

import (
	"slices"
	"strings"

	"squirrly.dev/test/oracle"
)

// stackMakers are of what one call tree decides: what is a part of what, and what calls what.
func stackMakers() []maker {
	return []maker{
		{kind: "part_of", truth: true, how: "of what holds it", make: func(d *draw) (Relation, bool) { return d.partOf(1 - clear) }},
		{kind: "part_of", truth: true, how: "in its operator", make: func(d *draw) (Relation, bool) { return d.partOfOperator(1 - clear) }},
		{kind: "part_of", how: "reversed", make: (*draw).partReversed},
		{kind: "part_of", how: "of what it is beside", make: func(d *draw) (Relation, bool) { return d.partOf(0) }},
		{kind: "part_of", how: "in another operator", make: func(d *draw) (Relation, bool) { return d.partOfOperator(0) }},
		{kind: "called_by", truth: true, how: "by a caller", make: func(d *draw) (Relation, bool) { return d.calledBy(1 - clear) }},
		{kind: "called_by", how: "reversed", make: (*draw).calledReversed},
		{kind: "called_by", how: "by what does not call it", make: func(d *draw) (Relation, bool) { return d.calledBy(0) }},
		{kind: "called_by", how: "by what no page has", make: (*draw).calledByNobody},
	}
}

// near reports whether a share is what is wanted, clearly.
func near(share, wanted float64) bool { return share >= wanted && share <= wanted+clear }

// partOf takes two of which so much of the first is the second's.
func (d *draw) partOf(wanted float64) (Relation, bool) {
	a, b := d.subject(), d.subject()
	if a == b {
		return Relation{}, false
	}
	share, n, ok := d.partIn(a, b)
	return relation("part_of", a, b), ok && n >= enough && near(share, wanted)
}

// partIn is the part of the samples of a that are samples of b, too.
func (d *draw) partIn(a, b string) (share float64, n int64, ok bool) {
	in := d.samplesOf(b)
	if in == nil {
		return 0, 0, false
	}
	return d.part(a, func(_ *oracle.Sample, i int) bool { return in[i] })
}

func (d *draw) partOfOperator(wanted float64) (Relation, bool) {
	a := d.subject()
	o, ok := pick(d, d.Operators, func(o *Operator) bool { return len(o.Classes) > 0 })
	if !ok {
		return Relation{}, false
	}
	share, n, ok := d.partIn(a, o.ID)
	if wanted == 0 && !d.inOneOperator(a) {
		return Relation{}, false
	}
	return relation("part_of", a, o.ID), ok && n >= enough && near(share, wanted)
}

// inOneOperator reports whether the functions of one operator have all samples of a name.
func (d *draw) inOneOperator(a string) bool {
	return slices.ContainsFunc(d.Operators, func(o Operator) bool {
		share, _, ok := d.partIn(a, o.ID)
		return ok && near(share, 1-clear)
	})
}

// partReversed turns a part of something around, where less than half of the whole is the part.
func (d *draw) partReversed() (Relation, bool) {
	r, ok := d.partOf(1 - clear)
	if !ok {
		return r, false
	}
	share, n, ok := d.partIn(*r.B, r.A)
	return relation("part_of", *r.B, r.A), ok && n >= enough && share < 0.5
}

// calledBy takes two of which so much of the first runs below the second.
func (d *draw) calledBy(wanted float64) (Relation, bool) {
	a, b := d.subject(), d.frame()
	frame := d.frameOf(a)
	if frame == "" || frame == b {
		return Relation{}, false
	}
	share, n, ok := d.part(a, func(s *oracle.Sample, _ int) bool { return above(s, b, frame) })
	if !ok || n < enough || !near(share, wanted) {
		return Relation{}, false
	}
	whole, _, ok := d.part(a, func(s *oracle.Sample, _ int) bool { return slices.Contains(s.Frames, frame) })
	return relation("called_by", a, b), ok && whole == 1
}

// calledReversed says of a caller that it is called by what it calls.
func (d *draw) calledReversed() (Relation, bool) {
	r, ok := d.calledBy(1 - clear)
	if !ok {
		return r, false
	}
	a, b := *r.B, d.frameOf(r.A)
	share, n, ok := d.part(a, func(s *oracle.Sample, _ int) bool { return above(s, b, a) })
	return relation("called_by", a, b), ok && n >= enough && near(share, 0)
}

// calledByNobody names a caller that is on no page: the name of one that is, with another method.
func (d *draw) calledByNobody() (Relation, bool) {
	a, b := d.subject(), d.frame()
	dot := strings.LastIndexByte(b, '.')
	if d.frameOf(a) == "" || dot < 0 || strings.ContainsAny(b, "(: ") {
		return Relation{}, false
	}
	b = b[:dot] + ".prefetchAll"
	_, there := find(d.frames, b)
	return relation("called_by", a, b), !there
}

func find(sorted []string, name string) (int, bool) { return slices.BinarySearch(sorted, name) }
