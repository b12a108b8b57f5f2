package operators

import (
	"slices"

	"squirrly.dev/services/analyzer/internal/limits"
)

// byJobs splits what several jobs may have on a TaskManager by their counters: a job gets no more than its subtasks were
// busy beside what surely is theirs; the rest is the others'.
func (a *Attribution) byJobs() {
	surely := map[int]float64{} // by vertex: thread equivalents of units with one candidate
	pools := map[string][]*unit{}
	for i := range a.units {
		u := &a.units[i]
		if len(u.candidates) == 1 {
			surely[u.candidates[0].vertex] += u.te
		}
		if a.mixed(u) {
			pools[u.jvm] = append(pools[u.jvm], u)
		}
	}
	for jvm, pool := range pools {
		a.splitPool(jvm, pool, surely)
	}
}

func (a *Attribution) mixed(u *unit) bool {
	other := func(c candidate) bool { return a.plan.Vertices[c.vertex].Other() }
	own := func(c candidate) bool { return !a.plan.Vertices[c.vertex].Other() }
	return slices.ContainsFunc(u.candidates, other) && slices.ContainsFunc(u.candidates, own)
}

// splitPool decides for all units of a TaskManager together, and then for each: what one side cannot have had time for
// is the other's. Where the time of other jobs is unknown, this one gets what its subtasks need to have been so busy.
func (a *Attribution) splitPool(jvm string, pool []*unit, surely map[int]float64) {
	sum := 0.0
	for _, u := range pool {
		sum += u.te
	}
	if sum < leastTE {
		return
	}
	own, others := a.room(jvm, pool, surely, false), a.room(jvm, pool, surely, true)
	switch {
	case own.atMost(littleOfPool * sum):
		a.give(pool, true)
	case others.atMost(littleOfPool * sum):
		a.give(pool, false)
	case !others.known && own.te >= (1-littleOfPool)*sum:
		a.give(slices.DeleteFunc(pool, func(u *unit) bool { return u.te == 0 }), false)
	default:
		for _, u := range pool {
			a.splitUnit(u, surely)
			a.partly(u, pool, surely)
		}
	}
}

func (a *Attribution) splitUnit(u *unit, surely map[int]float64) {
	if u.te < leastTE {
		return
	}
	one := []*unit{u}
	own, others := a.room(u.jvm, one, surely, false), a.room(u.jvm, one, surely, true)
	switch {
	case own.atMost(littleOfUnit * u.te):
		a.give(one, true)
	case others.atMost(littleOfUnit * u.te):
		a.give(one, false)
	}
}

// somePart is the part of a unit from which on it is worth telling that some of it is the profiled job's.
const somePart = 0.25

// partly finds out whether some of a unit must be the profiled job's: its vertices were busier than all other units can
// have made them.
func (a *Attribution) partly(u *unit, pool []*unit, surely map[int]float64) {
	if !a.mixed(u) {
		return
	}
	left := a.room(u.jvm, []*unit{u}, surely, false).te
	for _, o := range pool {
		if o != u && slices.ContainsFunc(o.candidates, func(c candidate) bool { return u.has(c.vertex) && !a.plan.Vertices[c.vertex].Other() }) {
			left -= o.te
		}
	}
	u.partly = u.te >= leastTE && left >= somePart*u.te
}

func (u *unit) has(vertex int) bool {
	return slices.ContainsFunc(u.candidates, func(c candidate) bool { return c.vertex == vertex })
}

// room is the time that is left in the vertices of one side.
type room struct {
	te    float64 // of the vertices whose busy time is known
	known bool    // it is that of all
}

func (r room) atMost(te float64) bool { return r.known && r.te <= te }

func (a *Attribution) room(jvm string, pool []*unit, surely map[int]float64, others bool) room {
	out := room{known: true}
	counted := map[int]bool{}
	for _, u := range pool {
		for _, c := range u.candidates {
			v := &a.plan.Vertices[c.vertex]
			if v.Other() != others || counted[c.vertex] {
				continue
			}
			counted[c.vertex] = true
			if busy := v.on[jvm].busy; busy == limits.Unknown {
				out.known = false
			} else {
				out.te += max(0, busy-surely[c.vertex])
			}
		}
	}
	return out
}

func (a *Attribution) give(pool []*unit, others bool) {
	for _, u := range pool {
		u.keep(func(c *candidate) bool { return a.plan.Vertices[c.vertex].Other() == others })
	}
}
