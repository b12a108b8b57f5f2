package claims

import (
	"slices"

	"squirrly.dev/test/oracle"
)

// other is the mechanism of a claim whose cause is none of the catalogue's.
const other = "other"

// claimMakers are of whole claims.
func claimMakers() []maker {
	return []maker{
		{kind: Whole, truth: true, how: "as planted", whole: (*draw).planted},
		{kind: Whole, truth: true, how: "with a reason", whole: func(d *draw) (Claim, bool) { return d.because(true) }},
		{kind: Whole, truth: true, how: "with a place in the code", whole: (*draw).withCode},
		{kind: Whole, how: "at another operator", whole: (*draw).elsewhere},
		{kind: Whole, how: "another mechanism", whole: (*draw).otherCause},
		{kind: Whole, how: "a share of elsewhere", whole: (*draw).otherShare},
		{kind: Whole, how: "a reason that is none", whole: func(d *draw) (Claim, bool) { return d.because(false) }},
		{kind: Whole, how: "where it is fixed", whole: (*draw).fixed},
		{kind: Whole, how: Unknown, whole: (*draw).unknownIDs},
	}
}

// claim makes the base of all claims about the recording: the planted fault, or else anything that can be decided.
func (r *recording) claim() {
	r.base = Claim{Mechanism: other, Because: []Relation{}, Changes: []Change{}}
	if len(r.Operators) > 0 {
		r.base.Operator = r.Operators[0].ID
	}
	if len(r.facts) > 0 {
		r.base.Share = r.facts[0].ID
	}
	for i := range r.Operators {
		o := &r.Operators[i]
		if len(r.Truth.Mechanisms) == 0 || r.Truth.Vertex == nil || !r.Truth.Vertex.MatchString(o.Vertex) || len(o.Classes) == 0 {
			continue
		}
		if shares := r.shares(o); len(shares) > 0 {
			r.base.Operator, r.base.Mechanism, r.base.Share, r.measures = o.ID, r.Truth.Mechanisms[0], shares[0], shares
			return
		}
	}
}

// isFaulty reports whether the planted fault shows a frame.
func (r *recording) isFaulty(frame string) bool { return r.faulty[frame] }

// isPlanted reports whether the base is true.
func (r *recording) isPlanted() bool { return r.base.Mechanism != other }

// shares are the facts that measure the planted fault in an operator: nearly all of their samples lie in it and show the fault.
func (r *recording) shares(o *Operator) []string {
	var all []string
	in := r.samplesOf(o.ID)
	for i := range r.facts {
		f := &r.facts[i]
		if f.Unit != "share" || f.Count.Samples < enough {
			continue
		}
		inside, _, ok := r.part(f.ID, func(s *oracle.Sample, i int) bool {
			return in[i] && (r.Truth.Frames == nil || slices.ContainsFunc(s.Frames, r.isFaulty))
		})
		if ok && near(inside, 1-clear) {
			all = append(all, f.ID)
		}
	}
	return all
}

func (d *draw) planted() (Claim, bool) {
	c := d.base
	if !d.isPlanted() {
		return c, false
	}
	share, ok := pick(d, d.measures, nil)
	if ok {
		c.Share = *share
	}
	return c, ok
}

// because is the planted fault with a reason that holds, or with one that does not.
func (d *draw) because(holds bool) (Claim, bool) {
	c, ok := d.planted()
	if !ok {
		return c, false
	}
	for range 500 {
		m := relationMakers[d.rng.IntN(len(relationMakers))]
		if m.truth != holds {
			continue
		}
		if r, ok := m.make(d); ok {
			c.Because = []Relation{d.worded(r)}
			return c, true
		}
	}
	return c, false
}

var relationMakers = slices.Concat(stackMakers(), waitMakers(), planMakers(), numberMakers(), absentMakers(), settingMakers())

// withCode is the planted fault with the function of the job that has it as the one to change.
func (d *draw) withCode() (Claim, bool) {
	c, ok := d.planted()
	if !ok {
		return c, false
	}
	frame, ok := pick(d, d.frames, func(name *string) bool {
		share, n, ok := d.part(*name, func(s *oracle.Sample, i int) bool { return d.samplesOf(c.Operator)[i] })
		return ok && n >= enough && near(share, 1-clear)
	})
	if !ok {
		return c, false
	}
	c.Changes = []Change{{Kind: "code", Frame: frame}}
	return c, true
}

// elsewhere puts the fault into an operator of another vertex.
func (d *draw) elsewhere() (Claim, bool) {
	c, ok := d.planted()
	if !ok {
		return c, false
	}
	o, ok := pick(d, d.Operators, func(o *Operator) bool { return o.Vertex != d.operator(c.Operator).Vertex })
	if ok {
		c.Operator = o.ID
	}
	return c, ok
}

// otherCause names a mechanism of which no page has a sign.
func (d *draw) otherCause() (Claim, bool) {
	c, ok := d.planted()
	if !ok {
		return c, false
	}
	c.Mechanism = d.mechanism()
	return c, d.without(c.Mechanism)
}

// otherShare takes a number that is right, and of what has nothing to do with the operator.
func (d *draw) otherShare() (Claim, bool) {
	c, ok := d.planted()
	if !ok {
		return c, false
	}
	in := d.samplesOf(c.Operator)
	f, ok := pick(d, d.facts, func(f *fact) bool {
		inside, n, ok := d.part(f.ID, func(s *oracle.Sample, i int) bool { return in[i] || s.Task })
		return ok && n >= 5 && near(inside, 0)
	})
	if ok {
		c.Share = f.ID
	}
	return c, ok
}

// fixed claims the fault of a job of the run with its fix, whose pages do not show it.
func (d *draw) fixed() (Claim, bool) {
	c := d.base
	m, ok1 := pick(d, d.Truth.Fixed, nil)
	o, ok2 := pick(d, d.Operators, nil)
	f, ok3 := d.fact()
	if !ok1 || !ok2 || !ok3 || d.Truth.Frames == nil || slices.ContainsFunc(d.frames, d.isFaulty) {
		return c, false
	}
	c.Mechanism, c.Operator, c.Share = *m, o.ID, f.ID
	return c, true
}

func (d *draw) unknownIDs() (Claim, bool) {
	c, ok := d.planted()
	if !ok {
		return c, false
	}
	switch d.rng.IntN(3) {
	case 0:
		c.Operator = "O77"
	case 1:
		c.Share = "F7777"
	case 2:
		c.Mechanism = "Z9"
	}
	return c, true
}
