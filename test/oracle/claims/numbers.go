package claims

import (
	"reflect"
	"slices"

	"squirrly.dev/test/oracle"
)

// numberMakers are of which number is larger.
func numberMakers() []maker {
	return []maker{
		{kind: "larger_than", truth: true, how: "three times as much", make: (*draw).larger},
		{kind: "larger_than", truth: true, how: "how busy vertices are", make: (*draw).busier},
		{kind: "larger_than", how: "reversed", make: func(d *draw) (Relation, bool) { return reversed(d.larger()) }},
		{kind: "larger_than", how: "how busy vertices are, reversed", make: func(d *draw) (Relation, bool) { return reversed(d.busier()) }},
		{kind: "larger_than", how: "as much", make: (*draw).asMuch},
	}
}

// comparable takes two facts that are parts of the same whole, with the numbers of their samples by the pages.
func (d *draw) comparable() (a, b *fact, of, than int64, ok bool) {
	a, ok1 := d.fact()
	b, ok2 := pick(d, d.facts, nil)
	if !ok1 || !ok2 || a == b || a.Unit != "share" || b.Unit != "share" || a.Mode != b.Mode || a.Count.Of == nil ||
		!reflect.DeepEqual(a.Count.Of, b.Count.Of) || a.Count.Busy != b.Count.Busy || !slices.Equal(a.Count.JVMs, b.Count.JVMs) {
		return nil, nil, 0, 0, false
	}
	_, of, ok1 = d.part(a.ID, nothing)
	_, than, ok2 = d.part(b.ID, nothing)
	return a, b, of, than, ok1 && ok2
}

func (d *draw) larger() (Relation, bool) {
	a, b, of, than, ok := d.comparable()
	if !ok {
		return Relation{}, false
	}
	return relation("larger_than", a.ID, b.ID), of >= enough && of >= 3*than
}

// asMuch takes two facts with the same samples, or nearly: neither number is larger.
func (d *draw) asMuch() (Relation, bool) {
	a, b, of, than, ok := d.comparable()
	if !ok {
		return Relation{}, false
	}
	return relation("larger_than", a.ID, b.ID), of == than
}

// busier takes two vertices of which one is at least three times as busy.
func (d *draw) busier() (Relation, bool) {
	a, ok1 := pick(d, d.loads, nil)
	b, ok2 := pick(d, d.loads, nil)
	if !ok1 || !ok2 {
		return Relation{}, false
	}
	from, to := d.vertexOf(a.ID), d.vertexOf(b.ID)
	return relation("larger_than", a.ID, b.ID), from != nil && to != nil && from.known && to.known && from.busy >= 0.3 && from.busy >= 3*to.busy &&
		a.Value >= b.Value // where the value is that of the busiest subtask, it says the same
}

func nothing(*oracle.Sample, int) bool { return true }
