package scan

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/rules"
)

type siteKey struct {
	rule  int
	chain int32
	spot  int32
	frame flamegraph.NameID
}

// state is what the frames from the root down to one frame say together.
type state struct {
	task, source, java, waiting, output bool

	chain    int32
	spot     int32
	category int8
	javaName flamegraph.NameID // innermost Java frame
	caller   flamegraph.NameID // the Java frame before it
	root     flamegraph.NameID // outermost Java frame that is not of the JDK
	user     flamegraph.NameID // innermost user frame
	helper   flamegraph.NameID // first user frame outside tasks
	active   mask              // rules that matched
	blocked  mask
	noIdle   mask
	progress *progress
	open     *open
}

// progress is how far paths of several segments got.
type progress struct {
	path, done int32
	rest       *progress
}

// open is a match that goes on below.
type open struct {
	site *Site
	rest *open
}

// pass walks one graph.
type pass struct {
	scanner   *Scanner
	program   *program
	names     []nameInfo
	levels    []state
	ids       []flamegraph.FrameID // of the frames from the root down
	sites     map[siteKey]*Site
	chains    map[Chain]int32
	spots     map[spotKey]int32
	helpers   map[[2]flamegraph.NameID]*Helper
	ends      map[End]*End
	classEnds bool // the last frame of a stack is a class, not a method
	out       *Scan
}

func (p *pass) run(g *flamegraph.Graph) {
	if g.Len() == 0 {
		return
	}
	p.levels = append(p.levels, state{
		chain: -1, spot: NoSpot, category: -1, javaName: NoName, caller: NoName, root: NoName, user: NoName, helper: NoName,
	})
	p.ids = append(p.ids, flamegraph.Root)
	p.count(g, flamegraph.Root, &p.levels[0])
	for id := flamegraph.Root + 1; int(id) < g.Len(); {
		f := g.Frame(id)
		p.levels = append(p.levels[:f.Level], p.levels[f.Level-1])
		p.ids = append(p.ids[:f.Level], id)
		st := &p.levels[f.Level]
		if idle := p.enter(g, id, st); idle >= 0 {
			p.out.Idle += f.Width
			p.out.IdleBy[idle] += f.Width
			p.countRoots(st, f.Width)
			id = f.End
			continue
		}
		p.count(g, id, st)
		id++
	}
	active := p.out.ActiveWidth
	for id := len(active) - 1; id > 0; id-- {
		active[g.Frame(flamegraph.FrameID(id)).Parent] += active[id] //nolint:gosec // FrameIDs are int32
	}
}

// enter brings the state of the caller up to date with one frame. It returns the idle path that ends here, or -1.
func (p *pass) enter(g *flamegraph.Graph, id flamegraph.FrameID, st *state) int {
	f := g.Frame(id)
	info := &p.names[f.Name]
	st.task = st.task || info.flags&isTaskRoot != 0
	st.source = st.source || info.flags&isSourceRoot != 0
	st.waiting = st.waiting || info.flags&isWait != 0
	if f.Kind.IsJava() {
		p.enterJava(id, f, info, st)
	}
	if info.category >= 0 && (info.category != p.scanner.userCategory || f.Kind.IsJava()) {
		st.category = info.category
	}
	p.enterSpot(f.Name, info, st)
	p.enterChain(g, id, info, st)
	idle := p.advance(g, id, info, st)
	return idle
}

func (p *pass) enterJava(id flamegraph.FrameID, f *flamegraph.Frame, info *nameInfo, st *state) {
	st.java = true
	st.caller, st.javaName = st.javaName, f.Name
	if st.root == NoName && info.flags&isJDK == 0 {
		st.root = f.Name
	}
	if info.flags&isUser != 0 && !p.isClass(id, f) {
		st.user = f.Name
	}
}

// isClass reports that a frame stands for what was allocated or locked.
func (p *pass) isClass(id flamegraph.FrameID, f *flamegraph.Frame) bool {
	return p.classEnds && f.End == id+1
}

func (p *pass) enterChain(g *flamegraph.Graph, id flamegraph.FrameID, info *nameInfo, st *state) {
	f := g.Frame(id)
	inTask := st.task || st.source
	user := info.flags&isUser != 0 && f.Kind.IsJava() && !p.isClass(id, f)
	p.syncChain(st)
	switch {
	case inTask && info.flags&isOperator != 0:
		st.spot = p.operatorSpot(st, f.Name)
		st.chain = p.chain(Chain{Parent: st.chain, Operator: f.Name, Anchor: NoName, Source: info.flags&isSource != 0, Spot: st.spot})
		st.output = false
	case inTask && info.flags&isOutput != 0:
		st.output = true
	case inTask && user && st.chain >= 0 && !st.output:
		c := p.out.Chains[st.chain]
		fromLambda := f.Parent > 0 && c.Anchor == g.Frame(f.Parent).Name && p.names[c.Anchor].flags&isLambda != 0
		if c.Anchor == NoName || fromLambda {
			st.chain = p.chain(Chain{Parent: c.Parent, Operator: c.Operator, Anchor: f.Name, Source: c.Source, Spot: c.Spot})
		}
	case !inTask && user && st.helper == NoName:
		st.helper = f.Name
	}
}

// chain returns the number of a chain; its counts are zero in the key.
func (p *pass) chain(c Chain) int32 {
	id, ok := p.chains[c]
	if !ok {
		id = int32(len(p.out.Chains)) //nolint:gosec // at most one for each frame
		p.chains[c] = id
		p.out.Chains = append(p.out.Chains, c)
	}
	return id
}

// advance moves every path on that has a segment ending in this frame. It returns the idle path that ends here, or -1.
func (p *pass) advance(g *flamegraph.Graph, id flamegraph.FrameID, info *nameInfo, st *state) int {
	idle := -1
	try := func(s step) {
		for _, e := range p.program.ends[s] {
			ends := p.segmentEnds(g, id, st, e) && p.complete(g, id, st, &p.program.paths[e.path])
			if ends && idle < 0 { // a path of frames says more than a class of them, which comes later
				idle = p.program.paths[e.path].index
			}
		}
	}
	for _, glob := range info.steps {
		try(step(glob))
	}
	if info.flags&(isUser|isOperator|isOutput|isWait) != 0 {
		for _, class := range [...]step{classUser, classOperator, classOutput, classWait} {
			if p.isA(g, id, class) {
				try(class)
			}
		}
	}
	return idle
}

// segmentEnds reports that a path is complete with this frame; when only a part of it is, it keeps that.
func (p *pass) segmentEnds(g *flamegraph.Graph, id flamegraph.FrameID, st *state, e end) bool {
	pa := &p.program.paths[e.path]
	if e.segment > 0 && !st.reached(e.path, e.segment) {
		return false
	}
	segment := pa.segments[e.segment]
	at := id
	for i := len(segment) - 2; i >= 0; i-- {
		if at = g.Frame(at).Parent; at <= flamegraph.Root || !p.isA(g, at, segment[i]) {
			return false
		}
	}
	if int(e.segment) < len(pa.segments)-1 {
		if st.reached(e.path, e.segment+1) {
			return false
		}
		st.progress = &progress{path: e.path, done: e.segment + 1, rest: st.progress}
		return false
	}
	return !pa.leaf || g.Frame(id).End == id+1
}

// reached reports whether a path got that far above. The entry of this very frame does not count: a frame cannot be
// below itself. Paths whose neighbouring segments end in the same frame do not exist in a sensible catalogue.
func (st *state) reached(path, segments int32) bool {
	for at := st.progress; at != nil; at = at.rest {
		if at.path == path && at.done >= segments {
			return true
		}
	}
	return false
}

func (p *pass) isA(g *flamegraph.Graph, id flamegraph.FrameID, s step) bool {
	f := g.Frame(id)
	info := &p.names[f.Name]
	switch s {
	case classUser:
		return info.flags&isUser != 0 && f.Kind.IsJava()
	case classOperator:
		return info.flags&isOperator != 0
	case classOutput:
		return info.flags&isOutput != 0
	case classWait:
		return info.flags&isWait != 0
	}
	for _, glob := range info.steps {
		if step(glob) == s {
			return true
		}
	}
	return false
}

// complete does what the end of a path means. It reports whether the frame is idle.
func (p *pass) complete(g *flamegraph.Graph, id flamegraph.FrameID, st *state, pa *path) bool {
	switch pa.purpose {
	case pathBlocks:
		st.blocked.add(pa.index)
	case pathEnds:
		st.endMatch(pa.index)
	case pathNoIdle:
		st.noIdle.add(pa.index)
	case pathMatches:
		p.matchRule(g, id, st, pa.index)
	case pathIdles:
		idle := &p.scanner.catalogue.Idle[pa.index]
		inTask := st.task || st.source
		return !st.noIdle.has(pa.index) && (!idle.Native || !st.java) && (!idle.OutsideTasks || !inTask)
	}
	return false
}

// endMatch closes the match of a rule, so that what follows below counts for others, or for the rule again when it
// matches anew.
func (st *state) endMatch(rule int) {
	if !st.active.has(rule) {
		return
	}
	st.active.drop(rule)
	var kept *open
	for at := st.open; at != nil; at = at.rest {
		if at.site.Rule != rule {
			kept = &open{site: at.site, rest: kept}
		}
	}
	st.open = kept
}

func (p *pass) matchRule(g *flamegraph.Graph, id flamegraph.FrameID, st *state, rule int) {
	r := &p.scanner.catalogue.Rules[rule]
	inTask := st.task || st.source
	switch {
	case st.active.has(rule), st.blocked.has(rule), st.active.meets(&p.scanner.overriddenBy[rule]):
		return
	case r.Below == rules.ScopeOperator && st.chain < 0, r.Below == rules.ScopeTask && !inTask:
		return
	}
	st.active.add(rule)
	key := siteKey{rule, st.chain, st.spot, g.Frame(id).Name}
	site := p.sites[key]
	if site == nil {
		site = &Site{Rule: rule, Chain: st.chain, Spot: st.spot, Frame: key.frame, Example: id}
		p.sites[key] = site
		p.out.Sites = append(p.out.Sites, site)
	}
	if g.Frame(id).Width > g.Frame(site.Example).Width {
		site.Example = id
	}
	kept := &open{site: site}
	for at := st.open; at != nil; at = at.rest {
		if !p.scanner.overriddenBy[at.site.Rule].has(rule) {
			kept = &open{site: kept.site, rest: &open{site: at.site, rest: kept.rest}}
		}
	}
	st.open = kept
}
