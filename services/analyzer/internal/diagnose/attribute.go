package diagnose

import (
	"fmt"
	"slices"

	"squirrly.dev/services/analyzer/internal/limits"
)

// place is where a chain of operators belongs.
type place struct {
	vertices []int // that it may belong to, in the order of the data flow
	dumped   bool  // a thread dump names them
	owner    owner // the job that it belongs to, in a session cluster
}

// attribution is a reading whose frames belong somewhere.
type attribution struct {
	*reading
	places   map[chainAt]place
	vertexTE []float64 // by vertex: thread equivalents that are surely its own
}

// attribute finds the vertices of every chain, and how much of WALL lies in vertices that are certain.
func attribute(r *reading) *attribution {
	m := newVertexMap(r)
	a := &attribution{reading: r, places: map[chainAt]place{}, vertexTE: make([]float64, len(r.loads))}
	type key struct{ anchor, vertices string }
	total := map[key]float64{}
	keys := map[chainAt]key{}
	for at, c := range r.chains() {
		vertices, dumped := m.candidates(at.scan.Scan, at.chain)
		a.places[at] = place{vertices, dumped, m.ownerOf(at.scan.Scan, at.chain)}
		keys[at] = key{at.scan.chainName(c), fmt.Sprint(vertices)}
		total[keys[at]] += at.scan.te(c.Active)
	}
	for at, c := range r.chains() {
		p := a.places[at]
		p.vertices = eliminate(r, p.vertices, total[keys[at]])
		a.places[at] = p
		if len(p.vertices) == 1 {
			a.vertexTE[p.vertices[0]] += at.scan.te(c.Active)
		}
	}
	return a
}

// eliminate drops the candidates that were not busy enough to hold a function's thread equivalents: a function that
// sleeps or computes makes its task busy.
func eliminate(r *reading, vertices []int, chainTE float64) []int {
	if len(vertices) < 2 || chainTE < 0.05 {
		return vertices
	}
	kept := slices.DeleteFunc(slices.Clone(vertices), func(v int) bool {
		busy := r.busyTE(v)
		return busy >= 0 && busy < chainTE/2
	})
	if len(kept) == 0 {
		return vertices
	}
	return kept
}

// place returns where a chain belongs; below no operator, that is nowhere.
func (a *attribution) place(s *jvmScan, chain int32) place { return a.places[chainAt{s, chain}] }

// surely reports that a chain belongs to one vertex and to no other.
func (a *attribution) surely(at chainAt, vertex int) bool {
	return slices.Equal(a.places[at].vertices, []int{vertex})
}

// ofAnotherJob reports that a chain surely belongs to another job, which is none of this diagnosis.
func (a *attribution) ofAnotherJob(s *jvmScan, chain int32) bool {
	return chain >= 0 && a.shared(s.JVM) && a.place(s, chain).owner == ownerOther
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
	return max(busy, a.vertexTE[vertex])
}
