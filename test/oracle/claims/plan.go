package claims

// planMakers are of where records go.
func planMakers() []maker {
	return []maker{
		{kind: "feeds", truth: true, how: "over edges", make: (*draw).feeds},
		{kind: "feeds", truth: true, how: "in a chain", make: (*draw).feedsInChain},
		{kind: "feeds", how: "reversed", make: func(d *draw) (Relation, bool) { return reversed(d.feeds()) }},
		{kind: "feeds", how: "reversed in a chain", make: func(d *draw) (Relation, bool) { return reversed(d.feedsInChain()) }},
		{kind: "feeds", how: "beside it", make: (*draw).feedsBeside},
	}
}

func reversed(r Relation, ok bool) (Relation, bool) {
	if !ok {
		return r, false
	}
	return relation(r.Kind, *r.B, r.A), true
}

func (d *draw) feeds() (Relation, bool) {
	a, b, from, to, ok := d.ends()
	return relation("feeds", a, b), ok && d.below(from, to)
}

// feedsInChain takes two operators of one vertex whose name says which one comes first.
func (d *draw) feedsInChain() (Relation, bool) {
	a, ok1 := pick(d, d.Operators, nil)
	b, ok2 := pick(d, d.Operators, nil)
	if !ok1 || !ok2 || a.Vertex != b.Vertex {
		return Relation{}, false
	}
	from, to := inChain(a), inChain(b)
	return relation("feeds", a.ID, b.ID), from >= 0 && to > from
}

// feedsBeside takes two vertices of which neither gets a record of the other.
func (d *draw) feedsBeside() (Relation, bool) {
	a, b, from, to, ok := d.ends()
	return relation("feeds", a, b), ok && !d.below(from, to) && !d.below(to, from)
}
