package operators

import (
	"fmt"
	"slices"

	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// Capture is one capture that is to be attributed.
type Capture struct {
	JVM       string
	Scan      *scan.Scan
	PerThread float64 // samples of WALL that one thread gets; 0: no thread equivalents
}

// Place says to which vertices a part of a capture may belong.
type Place struct {
	Vertices  []int   // of the profiled job, in the order of the data flow; none: vertex unknown, or another job's
	Operators []Local // that it may be in those vertices
	Row       Row
	Others    []int // vertices of the plan of other jobs that it may belong to
	Dumped    bool  // a thread dump shows its function in these vertices
	Partly    bool  // a part of it that counts is the profiled job's, whatever others have
}

// Local is an operator of a vertex.
type Local struct{ Vertex, Node int }

// Owner says to which job a place belongs.
type Owner int

// The owners.
const (
	OwnerThis    Owner = iota
	OwnerOther         // surely another job
	OwnerUnknown       // one of several jobs
)

// Owner returns the job that a place belongs to.
func (p *Place) Owner() Owner {
	switch {
	case len(p.Others) == 0:
		return OwnerThis
	case len(p.Vertices) == 0:
		return OwnerOther
	default:
		return OwnerUnknown
	}
}

// Attribution holds the places of captures.
type Attribution struct {
	plan     *Plan
	captures []Capture
	units    []unit
	byKey    map[unitKey]int
	chains   []map[int32]int // by capture: chain → unit
	spots    []map[int32]int // by capture: spot above the operators → unit
}

type unitKey struct{ jvm, text string }

// unit is what stands in one place on one TaskManager, in captures of all modes.
type unit struct {
	jvm        string
	trace      trace
	anchors    []string // user functions of the operators, the innermost first; empty strings are none
	candidates []candidate
	dumped     bool
	partly     bool
	te         float64 // thread equivalents by WALL, without waits for output buffers
}

type candidate struct {
	vertex int // of the plan
	aligned
}

// Attribute finds the places of captures.
func Attribute(p *Plan, captures []Capture) *Attribution {
	a := &Attribution{
		plan: p, captures: captures, byKey: map[unitKey]int{},
		chains: make([]map[int32]int, len(captures)), spots: make([]map[int32]int, len(captures)),
	}
	for i := range captures {
		a.chains[i], a.spots[i] = map[int32]int{}, map[int32]int{}
		a.addChains(i)
		a.addSpots(i)
	}
	for i := range a.units {
		a.byShape(&a.units[i])
		a.byHints(&a.units[i])
	}
	a.byBusy()
	a.byJobs()
	return a
}

func (a *Attribution) addChains(capture int) {
	c := &a.captures[capture]
	for i, chain := range c.Scan.Chains {
		id := int32(i)
		var u int
		switch {
		case chain.Reads():
			continue // a part of its spot
		case chain.Writes():
			u = a.chains[capture][chain.Parent]
		default:
			u = a.unit(c, traceOf(c.Scan, chain.Spot), anchorsOf(c.Scan, id))
		}
		a.chains[capture][id] = u
		a.weigh(u, c, chain.Active-chain.Held)
	}
}

// addSpots adds what lies above the operators, the user's own code that reads records among it.
func (a *Attribution) addSpots(capture int) {
	c := &a.captures[capture]
	for i, spot := range c.Scan.Spots {
		id := int32(i)
		if belowOperator(c.Scan, id) {
			continue
		}
		u := a.unit(c, traceOf(c.Scan, id), nil)
		a.spots[capture][id] = u
		a.weigh(u, c, spot.Active)
	}
}

func belowOperator(s *scan.Scan, spot int32) bool {
	return slices.ContainsFunc(s.PathTo(spot), func(at scan.Spot) bool { return at.Stage == mechanisms.StageOperator })
}

func (a *Attribution) unit(c *Capture, t trace, anchors []string) int {
	key := unitKey{c.JVM, fmt.Sprint(t, anchors)}
	id, ok := a.byKey[key]
	if !ok {
		id = len(a.units)
		a.byKey[key] = id
		a.units = append(a.units, unit{jvm: c.JVM, trace: t, anchors: anchors})
	}
	return id
}

func (a *Attribution) weigh(unit int, c *Capture, samples uint64) {
	if c.PerThread > 0 {
		a.units[unit].te += float64(samples) / c.PerThread
	}
}

func anchorsOf(s *scan.Scan, chain int32) []string {
	var out []string
	for at := chain; at >= 0; at = s.Chains[at].Parent {
		name := ""
		if s.Chains[at].Anchor != scan.NoName {
			name = s.Graph.Name(s.Chains[at].Anchor)
		}
		out = append(out, name)
	}
	return out
}

// Place returns where a part of a capture lies: below a chain of operators, or for chain -1 at a spot above them. What
// writes a record lies in the operator that sends it.
func (a *Attribution) Place(capture int, chain, spot int32) Place {
	s := a.captures[capture].Scan
	if chain >= 0 && spot == scan.NoSpot {
		spot = s.Chains[chain].Spot
	}
	id, below := a.chains[capture][chain]
	if !below {
		above, ok := a.spots[capture][spot]
		if !ok {
			return Place{Row: RowRuntime}
		}
		return a.place(&a.units[above], a.units[above].candidates)
	}
	u := &a.units[id]
	if spot == s.Chains[chain].Spot && !s.Chains[chain].Between {
		return a.place(u, u.candidates)
	}
	return a.place(u, a.further(u, traceOf(s, spot)))
}

// further returns the candidates of a unit that a place further down fits, too: where it hands a record on.
func (a *Attribution) further(u *unit, t trace) []candidate {
	var kept []candidate
	for _, c := range u.candidates {
		at, fits := a.plan.Vertices[c.vertex].align(&t)
		if !fits {
			continue
		}
		if both := intersect(c.nodes, at.nodes); len(both) > 0 || len(c.nodes) == 0 {
			kept = append(kept, candidate{c.vertex, aligned{both, c.fit}})
		}
	}
	if len(kept) == 0 {
		return u.candidates
	}
	return kept
}

// Part is a part of a capture in one place. Chain is -1 above the operators, whoever's code reads the records there.
type Part struct {
	Place       Place
	Chain, Spot int32
	Samples     uint64 // active
	Held        uint64 // of Samples: those that wait for an output buffer
}

// Parts returns the active samples of the tasks of a capture by where they lie: below chains of operators, and at spots
// above those.
func (a *Attribution) Parts(capture int) []Part {
	s := a.captures[capture].Scan
	var out []Part
	for i, c := range s.Chains {
		if id := int32(i); c.Active > 0 && !c.Reads() {
			out = append(out, Part{a.Place(capture, id, c.Spot), id, c.Spot, c.Active, c.Held})
		}
	}
	for i, spot := range s.Spots {
		id := int32(i)
		if _, above := a.spots[capture][id]; above && spot.Active > 0 {
			out = append(out, Part{a.Place(capture, -1, id), -1, id, spot.Active, 0})
		}
	}
	return out
}

func intersect(a, b []int) []int {
	var out []int
	for _, x := range a {
		if slices.Contains(b, x) {
			out = append(out, x)
		}
	}
	return out
}

func (a *Attribution) place(u *unit, candidates []candidate) Place {
	p := Place{Row: u.trace.row(), Dumped: u.dumped, Partly: u.partly}
	for _, c := range candidates {
		v := &a.plan.Vertices[c.vertex]
		if v.Other() {
			p.Others = append(p.Others, c.vertex)
			continue
		}
		p.Vertices = append(p.Vertices, v.Index)
		for _, n := range c.nodes {
			p.Operators = append(p.Operators, Local{v.Index, n})
		}
	}
	return p
}
