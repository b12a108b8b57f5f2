package claims

import (
	"slices"

	"squirrly.dev/test/oracle"
)

// What is said of a vertex by its counters: far on one side.
const (
	pressed = 0.5  // backpressured for this long is held up
	busy    = 0.9  // busy for this long holds up
	quiet   = 0.05 // less than this is next to nothing
)

// waitMakers are of what waits for what: in one stack, or over edges with backpressure.
func waitMakers() []maker {
	return []maker{
		{kind: "waits_for", truth: true, how: "in one stack", make: func(d *draw) (Relation, bool) { return d.waitsIn(1 - clear) }},
		{kind: "waits_for", truth: true, how: "over an edge", make: (*draw).heldUp},
		{kind: "waits_for", how: "reversed", make: (*draw).heldUpReversed},
		{kind: "waits_for", how: "for one that is idle", make: (*draw).heldUpByIdle},
		{kind: "waits_for", how: "where it runs", make: func(d *draw) (Relation, bool) { return d.runsAt() }},
		{kind: "waits_for", how: "for what it does not call", make: func(d *draw) (Relation, bool) { return d.waitsElsewhere() }},
	}
}

// waitsIn takes a fact of which so much waits below a frame, or in it.
func (d *draw) waitsIn(wanted float64) (Relation, bool) {
	f, ok := d.fact()
	b := d.frame()
	if !ok || f.Mode != "WALL" || f.Frame == "" {
		return Relation{}, false
	}
	share, _, ok := d.part(f.ID, func(s *oracle.Sample, _ int) bool {
		at := slices.Index(s.Frames, b)
		return s.Waits && at >= 0 && at <= s.End && at >= slices.Index(s.Frames, f.Frame)
	})
	return relation("waits_for", f.ID, b), ok && near(share, wanted)
}

// runsAt says of a fact whose samples run that it waits in one of its frames.
func (d *draw) runsAt() (Relation, bool) {
	f, ok := d.fact()
	b := d.frame()
	if !ok {
		return Relation{}, false
	}
	waits, _, ok1 := d.part(f.ID, func(s *oracle.Sample, _ int) bool { return s.Waits })
	holds, _, ok2 := d.part(f.ID, func(s *oracle.Sample, _ int) bool { return slices.Contains(s.Frames, b) })
	return relation("waits_for", f.ID, b), ok1 && ok2 && near(waits, 0) && near(holds, 1-clear)
}

// waitsElsewhere says of a fact whose samples wait that it waits for a frame that none of them has.
func (d *draw) waitsElsewhere() (Relation, bool) {
	f, ok := d.fact()
	b := d.frame()
	if !ok || f.Mode != "WALL" {
		return Relation{}, false
	}
	waits, _, ok1 := d.part(f.ID, func(s *oracle.Sample, _ int) bool { return s.Waits })
	holds, _, ok2 := d.part(f.ID, func(s *oracle.Sample, _ int) bool { return slices.Contains(s.Frames, b) })
	return relation("waits_for", f.ID, b), ok1 && ok2 && near(waits, 1-clear) && near(holds, 0)
}

// ends are two vertices by the ids of loads or operators.
func (d *draw) ends() (a, b string, from, to *vertex, ok bool) {
	var ids []string
	for _, f := range d.loads {
		ids = append(ids, f.ID)
	}
	for i := range d.Operators {
		ids = append(ids, d.Operators[i].ID)
	}
	first, ok1 := pick(d, ids, nil)
	second, ok2 := pick(d, ids, nil)
	if !ok1 || !ok2 {
		return "", "", nil, nil, false
	}
	from, to = d.vertexOf(*first), d.vertexOf(*second)
	return *first, *second, from, to, from != nil && to != nil && from != to && from.known && to.known
}

// direct reports whether records go from one vertex to another one over one edge.
func direct(from, to *vertex) bool { return slices.Contains(to.inputs, from.id) }

// holdsUp reports whether a vertex is held up by one that reads from it.
func holdsUp(from, to *vertex) bool {
	return direct(from, to) && from.backPressure >= pressed && to.busy >= busy && to.backPressure <= quiet
}

func (d *draw) heldUp() (Relation, bool) {
	a, b, from, to, ok := d.ends()
	return relation("waits_for", a, b), ok && holdsUp(from, to)
}

func (d *draw) heldUpReversed() (Relation, bool) {
	a, b, from, to, ok := d.ends()
	return relation("waits_for", b, a), ok && holdsUp(from, to)
}

// heldUpByIdle says of a vertex that it waits for one behind it, which has nothing to do.
func (d *draw) heldUpByIdle() (Relation, bool) {
	a, b, from, to, ok := d.ends()
	return relation("waits_for", a, b), ok && d.below(from, to) && from.backPressure >= pressed && to.busy <= quiet && to.backPressure <= quiet
}
