package scan

import (
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
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

	operator bool // this very frame is an operator
	entered  bool // an operator, since the last gate
	resting  bool // in frames that are idle in WALL

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
	open     *open
}

// open is a match that goes on below.
type open struct {
	site *Site
	rest *open
}

// pass walks one graph.
type pass struct {
	scanner   *Scanner
	graph     *flamegraph.Graph
	program   *program
	names     []nameInfo
	levels    []state
	begun     []bits // by level: the segments of paths that have begun
	sites     map[siteKey]*Site
	chains    map[Chain]int32
	spots     map[spotKey]int32
	helpers   map[[2]flamegraph.NameID]*Helper
	ends      map[End]*End
	insides   map[partKey]*inside // nil: nobody asks
	frames    []FramePlace        // likewise
	classEnds bool                // the last frame of a stack is a class, not a method
	out       *Scan
}

func (p *pass) run(g *flamegraph.Graph) {
	if g.Len() == 0 {
		return
	}
	p.levels = append(p.levels, state{
		chain: -1, spot: NoSpot, category: -1, javaName: NoName, caller: NoName, root: NoName, user: NoName, helper: NoName,
	})
	p.beginLevel(0)
	p.count(g, flamegraph.Root, &p.levels[0])
	for id := flamegraph.Root + 1; int(id) < g.Len(); {
		f := g.Frame(id)
		p.levels = append(p.levels[:f.Level], p.levels[f.Level-1])
		p.beginLevel(f.Level)
		st := &p.levels[f.Level]
		if idle := p.enter(g, id, st); idle >= 0 && !st.resting {
			p.out.IdleBy[idle] += f.Width
			if p.out.Family == mechanisms.FamilyWall {
				p.out.Idle += f.Width
				path := p.scanner.catalogue.Idle[idle].ID
				p.out.resting[path] = append(p.out.resting[path], id)
				p.countRoots(st, f.Width)
				id = f.End
				continue
			}
			st.resting = true
		}
		p.count(g, id, st)
		id++
	}
	active := p.out.ActiveWidth
	for id := len(active) - 1; id > 0; id-- {
		active[g.Frame(flamegraph.FrameID(id)).Parent] += active[id] //nolint:gosec // FrameIDs are int32
	}
}

// beginLevel makes what has begun at a level that of the level above.
func (p *pass) beginLevel(level uint16) {
	if int(level) == len(p.begun) {
		p.begun = append(p.begun, newBits(len(p.program.begun)))
	}
	if level > 0 {
		copy(p.begun[level], p.begun[level-1])
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
	idle := p.advance(id, info, st)
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
	java := f.Kind.IsJava() && !p.isClass(id, f)
	user := info.flags&isUser != 0 && java
	st.operator = false
	if info.flags&(isGate|isOutput) != 0 {
		st.entered = false
	}
	p.syncChain(st)
	switch {
	case inTask && java && !st.entered && info.flags&(isEntry|isExcept) == isEntry:
		p.enterOperator(id, f, info, st)
	case inTask && info.flags&isOutput != 0:
		st.output = true
	case inTask && user && p.isBetween(st):
		p.enterBetween(f.Name, st)
	case inTask && java && st.chain >= 0 && !st.output:
		p.enterFunction(g, f, user, st)
	case !inTask && user && st.helper == NoName:
		st.helper = f.Name
	}
}

// enterOperator begins a chain. An operator that is entered anew without an output between is still the same one: a
// watermark fires its timers. An operator of the user's own is the function, too.
func (p *pass) enterOperator(id flamegraph.FrameID, f *flamegraph.Frame, info *nameInfo, st *state) {
	st.spot = p.operatorSpot(st, f.Name)
	c := Chain{Parent: st.chain, Operator: f.Name, Anchor: NoName, Source: info.flags&isSource != 0, Spot: st.spot}
	if st.chain >= 0 && !st.output {
		c.Parent = p.out.Chains[st.chain].Parent
	}
	if info.flags&isUser != 0 {
		c.Anchor = f.Name
	}
	st.chain = p.chain(c)
	p.out.operators = append(p.out.operators, id)
	st.output, st.entered, st.operator = false, true, true
}

// enterFunction moves to the chain of a function when a frame below an operator is the first one of it, or what a class that
// Flink or the compiler made around it calls.
func (p *pass) enterFunction(g *flamegraph.Graph, f *flamegraph.Frame, user bool, st *state) {
	c := p.out.Chains[st.chain]
	caller := g.Frame(f.Parent).Name
	inner := c.Anchor == caller && p.names[caller].flags&isGenerated != 0 && user
	if inner || c.Anchor == NoName && (user || p.isFunction(c.Operator, caller, &p.names[f.Name])) {
		c.Anchor = f.Name
		st.chain = p.chain(c)
	}
}

// isFunction reports that a frame is the function that an operator of Flink's was given, or that SQL calls: of any package
// but those of Flink and of the language, and called by the operator itself or by what Flink generated.
func (p *pass) isFunction(operator, caller flamegraph.NameID, called *nameInfo) bool {
	by := p.names[caller].flags
	given := operator == caller && by&isFlink != 0 || by&isCompiled != 0
	return given && called.flags&(isFlink|isLanguage|isCompiled|isOutput|isWait) == 0
}

// chain returns the number of the chain at the place that c says; what c counts is another chain's.
func (p *pass) chain(c Chain) int32 {
	c = Chain{Parent: c.Parent, Operator: c.Operator, Anchor: c.Anchor, Source: c.Source, Between: c.Between, Spot: c.Spot}
	id, ok := p.chains[c]
	if !ok {
		id = int32(len(p.out.Chains)) //nolint:gosec // at most one for each frame
		p.chains[c] = id
		p.out.Chains = append(p.out.Chains, c)
		p.out.own = append(p.out.own, nil)
	}
	return id
}

// advance moves every path on that has a segment ending in this frame. It returns the idle path that ends here, or -1.
func (p *pass) advance(id flamegraph.FrameID, info *nameInfo, st *state) int {
	idle := -1
	if !info.moves.none() {
		idle = p.move(id, &info.moves, st, idle)
	}
	if st.operator || info.flags&(isUser|isOutput|isWait) != 0 {
		for _, class := range [...]step{classUser, classOperator, classOutput, classWait} {
			if p.isA(id, class) {
				idle = p.move(id, &p.program.moves[-1-class], st, idle)
			}
		}
	}
	return idle
}

// move does what a frame means for the paths. It returns the idle path that ends here, if it comes before the one given.
func (p *pass) move(id flamegraph.FrameID, m *moves, st *state, idle int) int {
	f := p.graph.Frame(id)
	leaf, above, at := f.End == id+1, p.begun[f.Level-1], p.begun[f.Level]
	for i, word := range m.begins {
		at[i] |= word
	}
	for i := range m.ends {
		pa := p.program.advance(p.graph, id, &m.ends[i], above, at, p)
		if pa != nil && (!pa.leaf || leaf) && p.complete(p.graph, id, st, pa) && (idle < 0 || pa.index < idle) {
			idle = pa.index
		}
	}
	st.blocked.join(&m.blocked)
	st.noIdle.join(&m.noIdle)
	return idle
}

func (p *pass) isA(id flamegraph.FrameID, s step) bool {
	f := p.graph.Frame(id)
	info := &p.names[f.Name]
	switch s {
	case classUser:
		return info.flags&isUser != 0 && f.Kind.IsJava()
	case classOperator:
		return p.levels[f.Level].operator
	case classOutput:
		return info.flags&isOutput != 0
	case classWait:
		return info.flags&isWait != 0
	}
	return slices.Contains(info.steps, s)
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
