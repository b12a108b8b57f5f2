package scan

import (
	"fmt"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
)

// What the end of a path means for a count; the index of the path is that of the count.
const (
	tallyMatch purpose = iota
	tallyAbove
	tallyWithout
	tallyWith
)

// Tally counts in one capture what each description says, whichever rule takes the samples. It sees Root, Idle but for
// single idle paths, State, Part, Match, Above, Without, With and Self; a description with more is an error.
func (s *Scan) Tally(counts []*events.Count) ([]uint64, error) {
	for i, c := range counts {
		if c.Category != "" || c.Package != "" || len(c.Stack) > 0 || (c.Idle != "" && c.Idle != events.IdleAny && c.Idle != events.IdleOnly) {
			return nil, fmt.Errorf("count %d has conditions that are not counted here", i)
		}
	}
	t, err := newTally(s, counts)
	if err != nil {
		return nil, err
	}
	sums := make([]uint64, len(counts))
	t.run(func(id flamegraph.FrameID, f *flamegraph.Frame) {
		if f.Self == 0 {
			return
		}
		for i := range counts {
			if t.counted(i, id, f) {
				sums[i] += f.Self
			}
		}
	})
	return sums, nil
}

// newTally compiles the paths of descriptions.
func newTally(s *Scan, counts []*events.Count) (*tally, error) {
	t := &tally{scan: s, counts: counts, globs: newGlobSet(), program: newProgram()}
	for i, c := range counts {
		for why, paths := range [...][]string{tallyMatch: c.Match, tallyAbove: c.Above, tallyWithout: c.Without, tallyWith: c.With} {
			for _, text := range paths {
				if err := t.program.add(purpose(why), i, text, t.glob); err != nil {
					return nil, fmt.Errorf("count %d: %w", i, err)
				}
			}
		}
	}
	return t, nil
}

func (t *tally) glob(text string) step { return step(t.globs.add(text)) }

// tally walks one graph for many descriptions.
type tally struct {
	scan    *Scan
	counts  []*events.Count
	program program
	globs   *globSet
	steps   [][]step // by name
	ends    [][]end  // by name
	levels  []tallyState
	above   bits // what the frames above have begun
	next    int  // of the operators of the scan
}

// run walks the graph, and tells of each frame when its state is that of a sample which ends there.
func (t *tally) run(visit func(id flamegraph.FrameID, f *flamegraph.Frame)) {
	g := t.scan.Graph
	if g.Len() == 0 {
		return
	}
	t.steps, t.ends, t.above = make([][]step, g.NumNames()), make([][]end, g.NumNames()), newBits(len(t.program.begun))
	for i := range t.steps {
		t.globs.match(g.Name(flamegraph.NameID(i)), func(id int32) { t.steps[i] = append(t.steps[i], step(id)) })
		t.ends[i] = t.program.ofGlobs(t.steps[i])
	}
	t.level(0)
	for id, f := range g.All() {
		if id != flamegraph.Root {
			t.enter(id, f)
		}
		visit(id, f)
	}
}

func (t *tally) enter(id flamegraph.FrameID, f *flamegraph.Frame) {
	st := t.level(f.Level)
	st.inherit(&t.levels[f.Level-1])
	flags := t.scan.names[f.Name].flags
	st.task = st.task || flags&isTaskRoot != 0
	st.source = st.source || flags&isSourceRoot != 0
	if st.wait == 0 && flags&isWait != 0 {
		st.wait = f.Level
	}
	st.operator = t.isOperator(id)
	switch {
	case st.operator:
		t.enterOperator(st)
	case flags&isOutput != 0:
		st.own = false
	}
	t.advance(id, f, st)
}

// isOperator reports that a frame is an operator; it is asked in pre-order.
func (t *tally) isOperator(id flamegraph.FrameID) bool {
	ops := t.scan.operators
	for t.next < len(ops) && ops[t.next] < id {
		t.next++
	}
	return t.next < len(ops) && ops[t.next] == id
}

// enterOperator begins the part of the stack that counts anew, for the descriptions that look at a part.
func (t *tally) enterOperator(st *tallyState) {
	st.inside, st.own = true, true
	copy(st.above, st.seen)
	for i, c := range t.counts {
		if c.Part != "" {
			st.matched.drop(i)
		}
	}
	for number, of := range t.program.begun {
		if pa := &t.program.paths[of]; pa.purpose == tallyMatch && t.counts[pa.index].Part != "" {
			st.begun.drop(number)
		}
	}
}

func (t *tally) advance(id flamegraph.FrameID, f *flamegraph.Frame, st *tallyState) {
	copy(t.above, st.begun)
	t.advanceAll(id, t.ends[f.Name], st)
	for class := classWait; class <= classUser; class++ {
		if ends := t.program.ofClass(class); len(ends) > 0 && t.isA(id, class) {
			t.advanceAll(id, ends, st)
		}
	}
}

func (t *tally) advanceAll(id flamegraph.FrameID, ends []end, st *tallyState) {
	for i := range ends {
		if pa := t.program.advance(t.scan.Graph, id, &ends[i], t.above, st.begun, t); pa != nil {
			st.complete(pa)
		}
	}
}

func (t *tally) isA(id flamegraph.FrameID, s step) bool {
	f := t.scan.Graph.Frame(id)
	flags := t.scan.names[f.Name].flags
	switch s {
	case classUser:
		return flags&isUser != 0 && f.Kind.IsJava() && !t.scan.isClass(id)
	case classOperator:
		return t.levels[f.Level].operator
	case classOutput:
		return flags&isOutput != 0
	case classWait:
		return flags&isWait != 0
	}
	return slices.Contains(t.steps[f.Name], s)
}

// counted reports that a description counts the samples that end in a frame.
func (t *tally) counted(i int, id flamegraph.FrameID, f *flamegraph.Frame) bool {
	st, c := &t.levels[f.Level], t.counts[i]
	return ofRoot(c.Root, st.task, st.source) && ofIdle(c.Idle, t.scan.ActiveWidth[id] == 0) && ofState(c.State, st.wait > 0) &&
		t.meets(i, c, st, f.Level)
}

// meets reports that a stack fits the paths of a description.
func (t *tally) meets(i int, c *events.Count, st *tallyState, level uint16) bool {
	switch {
	case c.Part != "" && !st.inside, c.Part == events.PartOwn && !st.own:
		return false
	case len(c.Above) > 0 && !st.above.has(i), st.without.has(i), st.lastWithout.has(i),
		len(c.With) > 0 && !st.with.has(i) && !st.lastWith.has(i):
		return false
	case len(c.Match) == 0:
		return true
	case st.last.has(i):
		return true
	case !c.Self:
		return st.matched.has(i)
	}
	end := level
	if st.wait > 0 {
		end = st.wait
	}
	return st.matched.has(i) && t.levels[end].here.has(i)
}

func ofRoot(root events.Root, task, source bool) bool {
	switch root {
	case events.RootTask:
		return task && !source
	case events.RootSource:
		return source
	case events.RootTasks:
		return task || source
	case events.RootOther:
		return !task && !source
	}
	return true
}

func ofIdle(want string, idle bool) bool {
	return want == events.IdleAny || idle == (want == events.IdleOnly)
}

func ofState(want events.ThreadState, waits bool) bool {
	return want == "" || waits == (want == events.StateWaiting)
}
