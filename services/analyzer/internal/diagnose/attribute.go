package diagnose

import (
	"slices"

	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
	"squirrly.dev/services/analyzer/internal/scan"
)

// place is where a part of a capture belongs.
type place struct {
	vertices []int // that it may belong to, in the order of the data flow
	dumped   bool  // a thread dump names them
	owner    operators.Owner
	partly   bool   // of an unknown owner: a part that counts is this job's
	row      string // of the plan
}

// attribution is a reading whose frames belong somewhere.
type attribution struct {
	*reading
	plan     *operators.Plan
	where    *operators.Attribution
	captures map[*jvmScan]int // its captures by their number in where
	places   map[chainAt]place
	shown    []shown // by vertex: what WALL shows that is surely its own
}

// attribute finds the vertices of everything in the captures, and how much of WALL lies in vertices that are certain.
func attribute(r *reading) *attribution {
	a := &attribution{
		reading: r, plan: operators.Read(r.ctx, r.loads, r.scanner.IsUser), captures: map[*jvmScan]int{},
		places: map[chainAt]place{},
	}
	counted := make([]wallCount, len(r.loads))
	var captures []operators.Capture
	for i, s := range r.weighed() {
		a.captures[s] = i
		c := operators.Capture{JVM: s.JVM, Scan: s.Scan}
		if s.Family == mechanisms.FamilyWall {
			c.PerThread = s.perThread
		}
		captures = append(captures, c)
	}
	a.where = operators.Attribute(a.plan, captures)
	for at := range r.chains() {
		a.places[at] = a.place(at.scan, at.chain, scan.NoSpot)
	}
	for s, i := range a.captures {
		for _, part := range a.where.Parts(i) {
			if of := part.Place.Vertices; len(of) == 1 && part.Place.Owner() == operators.OwnerThis {
				counted[of[0]].add(s, part.Samples-part.Held)
			}
		}
	}
	for i := range r.loads {
		a.shown = append(a.shown, r.within(i, counted[i]))
	}
	return a
}

// place returns where a part of a capture belongs: what lies below a chain of operators, or for chain -1 at a spot above
// them. What is outside the tasks belongs nowhere, and to this job as much as to any.
func (a *attribution) place(s *jvmScan, chain, spot int32) place {
	if chain < 0 && spot == scan.NoSpot {
		return place{}
	}
	p := a.where.Place(a.captures[s], chain, spot)
	return place{p.Vertices, p.Dumped, p.Owner(), p.Partly, rowOf(&p)}
}

// ours reports that a place is this job's, or that a part of it is which counts.
func (p *place) ours() bool { return p.owner == operators.OwnerThis || p.partly }

// surely reports that a chain belongs to one vertex and to no other.
func (a *attribution) surely(at chainAt, vertex int) bool {
	p := a.places[at]
	return p.owner == operators.OwnerThis && slices.Equal(p.vertices, []int{vertex})
}

// vertexTotal returns the thread equivalents of a vertex's work: its busy time by the counters, and at least what the
// profile shows of it.
func (a *attribution) vertexTotal(vertex int) float64 {
	busy := a.busyTE(vertex)
	if busy == limits.Unknown {
		busy = 0
		for _, s := range a.loads[vertex].Subtasks {
			if s.Running {
				busy++
			}
		}
	}
	return max(busy, a.shown[vertex].te)
}
