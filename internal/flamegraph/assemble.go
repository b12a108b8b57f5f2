package flamegraph

import "fmt"

// assembler builds a graph from frames in pre-order and keeps the invariants
// of the package at every step.
type assembler struct {
	graph  *Graph
	limits Limits
	open   []openFrame // the last frame and its callers, by level
}

// openFrame is a frame that may still get children. They lie in [next, right).
type openFrame struct {
	id          FrameID
	next, right uint64
}

func newAssembler(dialect Dialect, limits Limits) *assembler {
	return &assembler{graph: &Graph{Dialect: dialect}, limits: limits}
}

// add appends a frame that a page puts at left.
func (a *assembler) add(level, left uint64, f Frame, c Counts) error {
	if level > uint64(len(a.open)) || (level == 0) != (len(a.open) == 0) {
		return fmt.Errorf("%w: a frame of level %d after %d open levels", ErrMalformed, level, len(a.open))
	}
	if level > uint64(a.limits.Depth) { //nolint:gosec // a limit is positive
		return fmt.Errorf("%w: deeper than %d levels", ErrTooLarge, a.limits.Depth)
	}
	if a.graph.Len() >= a.limits.Frames {
		return fmt.Errorf("%w: more than %d frames", ErrTooLarge, a.limits.Frames)
	}
	if level == 0 {
		return a.addRoot(left, f)
	}
	caller := &a.open[level-1]
	if left < caller.next || left > caller.right || f.Width > caller.right-left {
		return fmt.Errorf("%w: a frame at %d of width %d outside its caller", ErrMalformed, left, f.Width)
	}
	caller.next = left + f.Width
	a.graph.frames.at(caller.id).Self -= f.Width
	f.Parent = caller.id
	a.close(int(level)) //nolint:gosec // at most Limits.Depth
	a.push(left, f, c)
	return nil
}

func (a *assembler) addRoot(left uint64, f Frame) error {
	if left != 0 {
		return fmt.Errorf("%w: a root at %d", ErrMalformed, left)
	}
	f.Parent, f.Kind = None, Native
	a.push(0, f, Counts{})
	return nil
}

// push appends a checked frame as the last open one.
func (a *assembler) push(left uint64, f Frame, c Counts) {
	id := FrameID(a.graph.Len())  //nolint:gosec // at most Limits.Frames
	f.Level = uint16(len(a.open)) //nolint:gosec // at most Limits.Depth
	f.Self = f.Width
	if c != (Counts{}) && f.Kind.IsJava() && c != f.Kind.count(f.Width) {
		a.graph.counts = append(a.graph.counts, countsOf{id, c.atMost(f.Width)})
	}
	a.graph.frames.add(f)
	a.open = append(a.open, openFrame{id: id, next: left, right: left + f.Width})
}

// close ends the subtrees of all open frames from a level on.
func (a *assembler) close(level int) {
	end := FrameID(a.graph.Len()) //nolint:gosec // at most Limits.Frames
	for _, o := range a.open[level:] {
		a.graph.frames.at(o.id).End = end
	}
	a.open = a.open[:level]
}

// finish returns the graph, or an error when there is not even a root.
func (a *assembler) finish(names *names) (*Graph, error) {
	if a.graph.Len() == 0 {
		return nil, fmt.Errorf("%w: no frames", ErrMalformed)
	}
	a.close(0)
	a.graph.names = names.list
	return a.graph, nil
}

// atMost keeps hostile counts within the width of their frame.
func (c Counts) atMost(width uint64) Counts {
	c.Inlined = min(c.Inlined, width)
	c.C1 = min(c.C1, width-c.Inlined)
	c.Interpreted = min(c.Interpreted, width-c.Inlined-c.C1)
	return c
}
