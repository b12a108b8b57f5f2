package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// tally is what one family of modes says about a group.
type tally struct {
	samples, waiting uint64
	held             uint64  // of waiting: for an output buffer
	te               float64 // thread equivalents of WALL without those of held, cores of a CPU profile; 0 is unknown
	variance         float64 // of te by its samples
	bounded          bool    // te is what the vertices were busy for, and the samples show more
	largest          uint64  // samples of the largest site, which gives frame, leaf and path
	frame, leaf      string
	path, stack      []string
	frames           map[string]bool // of all sites
}

// group is one problem at one place: all captures' samples of a rule below the same function of the same vertices.
type group struct {
	rule     *mechanisms.Mechanism
	operator string
	anchor   string
	frame    string // of the largest site in the family that carries the group
	leaf     string // native frame in which most of it ends; empty when there is none
	path     []string
	stack    []string // the same from the root on, whole; empty without a frame that matched
	vertices []int
	dumped   bool // a thread dump names the vertices
	shared   bool // other jobs on the TaskManager have a part of it
	anyTask  bool // below no operator
	between  bool // below user code that reads records for a task or writes them to another: see [scan.Chain]
	flinks   bool // no user function above: the anchor is the frame
	by       map[mechanisms.Family]*tally
	rows     map[string]bool // of the plan, that it lies in
}

func (g *group) tally(f mechanisms.Family) tally {
	if t := g.by[f]; t != nil {
		return *t
	}
	return tally{}
}

type groupKey struct {
	rule, operator, anchor, vertices string
	between                          bool
}

// site is a place in one capture, from a rule or from what no rule explains.
type site struct {
	rule             *mechanisms.Mechanism
	chain, spot      int32
	frame, leaf      string
	example          flamegraph.FrameID // evidence for the path; None when unknown
	samples, waiting uint64
	held             uint64 // of waiting: for an output buffer
}

// gather puts the sites of all captures into groups.
func gather(a *attribution) []*group {
	known := map[groupKey]*group{}
	for _, s := range a.weighed() {
		forOthers := a.forOthers(s)
		for _, at := range a.sites(s) {
			p := a.place(s, at.chain, at.spot)
			if p.ours() && (at.rule.Below != mechanisms.ScopeProcess || !forOthers) {
				a.addSite(known, s, at, p)
			}
		}
	}
	groups := make([]*group, 0, len(known))
	for _, g := range known {
		a.settle(g)
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.rule.ID, b.rule.ID), cmp.Compare(a.anchor, b.anchor), cmp.Compare(a.operator, b.operator),
			slices.Compare(a.vertices, b.vertices))
	})
	return groups
}

// settle bounds what a group takes by what its vertices were busy for, and names it by its own family.
func (a *attribution) settle(g *group) {
	if t := g.by[mechanisms.FamilyWall]; t != nil && g.rule.Below != mechanisms.ScopeProcess {
		t.te, t.bounded = a.mostOf(g.vertices, t)
	}
	if t := g.by[g.family()]; t != nil {
		g.frame, g.leaf, g.path, g.stack = t.frame, t.leaf, t.path, t.stack
	}
	if g.flinks {
		g.anchor = g.frame
	}
}

// sites returns what the rules found in a capture, and the user functions with samples that no rule explains.
func (a *attribution) sites(s *jvmScan) []site {
	var out []site
	for _, at := range s.Sites {
		rule := &a.catalogue.Mechanisms[at.Rule]
		n := at.Samples
		if rule.Waiting {
			n = at.Waiting
		}
		if n > 0 {
			out = append(out, site{rule, at.Chain, at.Spot, s.Graph.Name(at.Frame), "", at.Example, n, at.Waiting, at.Held})
		}
	}
	return append(out, a.unexplained(s)...)
}

// unexplained are the functions, and the operators without one, with samples that no rule explains. A source that waits
// without a function of the user's waits for data.
func (a *attribution) unexplained(s *jvmScan) []site {
	var out []site
	for i, c := range s.Chains {
		hot, waits := a.catalogue.By("running"), a.catalogue.By("waiting")
		if c.Anchor == scan.NoName {
			hot, waits = a.catalogue.By("running-operator"), a.catalogue.By("waiting-operator")
		}
		if c.Running > 0 && (s.Family == mechanisms.FamilyCPU || s.Family == mechanisms.FamilyWall) {
			out = append(out, heldBy(s, hot, int32(i), c.Running, false))
		}
		if c.Waiting > 0 && s.Family == mechanisms.FamilyWall && (c.Anchor != scan.NoName || !c.Source) {
			out = append(out, heldBy(s, waits, int32(i), c.Waiting, true))
		}
	}
	return out
}

// heldBy is the place where most of a chain's unexplained samples lie: the method that holds them, and if that is the
// function itself, what it calls.
func heldBy(s *jvmScan, rule *mechanisms.Mechanism, chain int32, n uint64, waiting bool) site {
	at := site{rule: rule, chain: chain, spot: scan.NoSpot, example: flamegraph.None, samples: n}
	if waiting {
		at.waiting = n
	}
	way, ok := s.Descend([]int32{chain}, waiting)
	if !ok {
		return at
	}
	at.frame = s.Graph.Name(way.Steps[way.Holder].Frame)
	if below := way.Steps[way.Holder+1:]; way.Holder == 0 && len(below) > 0 {
		leaf := below[len(below)-1]
		if waiting { // how the JDK waits tells less than what for
			leaf = below[0]
		}
		at.leaf = s.Graph.Name(leaf.Frame)
	}
	return at
}

func (a *attribution) addSite(groups map[groupKey]*group, s *jvmScan, at site, p place) {
	g := group{rule: at.rule, frame: at.frame, anchor: at.frame, anyTask: at.chain < 0, flinks: true}
	g.vertices, g.dumped, g.shared = p.vertices, p.dumped, p.partly
	if at.chain >= 0 && !at.rule.Whole {
		g.lies(s, &s.Chains[at.chain])
	}
	g.anyTask = g.anyTask && !at.rule.Whole
	key := groupKey{at.rule.ID, wording.Class(g.operator), g.anchor, fmt.Sprint(g.vertices), g.between} // its inputs and timers are one operator
	if g.flinks {
		key.anchor = "" // whatever Flink does for one cause is one problem: serialize, copy
	}
	if at.rule.Below == mechanisms.ScopeProcess {
		key = groupKey{rule: at.rule.ID} // one finding for the whole process
	}
	known := groups[key]
	if known == nil {
		g.by, g.rows = map[mechanisms.Family]*tally{}, map[string]bool{}
		known = &g
		groups[key] = known
	}
	known.operator = min(known.operator, g.operator)
	t := known.by[s.Family]
	if t == nil {
		t = &tally{frames: map[string]bool{}}
		known.by[s.Family] = t
	}
	known.rows[a.rowOfSite(s, &at, &p)] = true
	t.samples += at.samples
	t.frames[at.frame] = true
	t.waiting += at.waiting
	a.addTime(t, s, at, p.vertices)
	if at.samples > t.largest {
		t.largest, t.frame, t.leaf = at.samples, at.frame, at.leaf
		start := g.start()
		if at.rule.Whole && at.chain >= 0 {
			start = s.Graph.Name(s.Chains[at.chain].Operator)
		}
		t.path, t.stack = pathOf(s, at, start, g.anchor), nil
		if at.example != flamegraph.None {
			t.stack = s.Graph.Stack(at.example)
		}
	}
}

// rowOfSite is the row of the plan in which the samples of a site are counted: that of its whole chain, however much more a
// place further down tells.
func (a *attribution) rowOfSite(s *jvmScan, at *site, p *place) string {
	if at.chain < 0 || s.Chains[at.chain].Reads() {
		return p.row
	}
	return a.places[chainAt{s, at.chain}].row
}

// lies notes the operator and the function of a chain.
func (g *group) lies(s *jvmScan, c *scan.Chain) {
	g.anyTask, g.between = c.Reads(), c.Between && g.rule.Below != mechanisms.ScopeProcess
	if !g.anyTask {
		g.operator = s.Graph.Name(c.Operator)
	}
	if c.Anchor != scan.NoName {
		g.anchor, g.flinks = s.Graph.Name(c.Anchor), false
	}
}

// addTime adds what a site takes of the time. A task that waits for an output buffer is not busy meanwhile, so that this is
// the time of nothing but what is there for it.
func (a *attribution) addTime(t *tally, s *jvmScan, at site, vertices []int) {
	n := at.samples
	if at.rule.Role != mechanisms.RoleVictim {
		n -= at.held
		t.held += at.held
	}
	one := s.te(1)
	switch {
	case at.rule.Below == mechanisms.ScopeProcess:
		one = s.teOutside(1)
	case len(vertices) == 1:
		one = a.shown[vertices[0]].part(one)
	}
	t.te += one*float64(n) + s.onCPU(n)
	t.variance += one * one * float64(n)
}

// family returns the family that carries a group: the first one of its rule that saw it. LOCK proves the lock and ALLOC
// what is allocated; the time comes from the others.
func (g *group) family() mechanisms.Family {
	best := g.rule.Modes[0]
	switch {
	case best == mechanisms.FamilyLock && g.by[mechanisms.FamilyWall] != nil:
		best = mechanisms.FamilyWall
	case best == mechanisms.FamilyAlloc && g.by[mechanisms.FamilyCPU] != nil:
		best = mechanisms.FamilyCPU
	}
	if g.by[best] == nil {
		for _, f := range []mechanisms.Family{mechanisms.FamilyWall, mechanisms.FamilyCPU, mechanisms.FamilyLock, mechanisms.FamilyAlloc} {
			if g.by[f] != nil {
				return f
			}
		}
	}
	return best
}

// samples returns the samples behind the group in the family that carries it.
func (g *group) samples() uint64 { return g.tally(g.family()).samples }

// te returns the thread equivalents of a group: of WALL, or of a CPU profile when WALL has too few samples to tell.
func (g *group) te() float64 {
	wall, cpu := g.tally(mechanisms.FamilyWall), g.tally(mechanisms.FamilyCPU)
	if wall.te > 0 && (wall.samples >= 30 || cpu.te == 0) {
		return wall.te
	}
	return cpu.te
}

// untimed reports that only captures without time show a group: ALLOC and LOCK.
func (g *group) untimed() bool {
	family := g.family()
	return g.te() == 0 && g.rule.Of == mechanisms.BasisVertex && (family == mechanisms.FamilyLock || family == mechanisms.FamilyAlloc)
}
