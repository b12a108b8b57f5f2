package flamegraph

import "fmt"

// assembler builds a graph from frames in pre-order and keeps the invariants
// of the package at every step.
type assembler struct {
	graph  *Graph
	limits Limits
	open   []openFrame // the last frame and its callers, by level
	frames int         // so far
	bare   bool        // nothing is kept but the root and numbers
}

// openFrame is a frame that may still get children. They lie in [next, right).
type openFrame struct {
	id          FrameID
	self        uint64 // width that no child has taken yet
	next, right uint64
}

func newAssembler(dialect Dialect, limits Limits) *assembler {
	return &assembler{graph: &Graph{Dialect: dialect}, limits: limits}
}

// of lets an assembler keep as much as the names do.
func (a *assembler) of(names *names) *assembler {
	a.bare = names.bare()
	return a
}

// placed is a frame as a page states it.
type placed struct {
	level, left, width uint64
	name               NameID
	kind               Kind
	counts             Counts
}

// add appends a frame. It keeps nothing of p.
func (a *assembler) add(p *placed) error {
	if p.level > uint64(len(a.open)) || (p.level == 0) != (len(a.open) == 0) {
		return fmt.Errorf("%w: a frame of level %d after %d open levels", ErrMalformed, p.level, len(a.open))
	}
	if p.level > uint64(a.limits.Depth) { //nolint:gosec // a limit is positive
		return fmt.Errorf("%w: deeper than %d levels", ErrTooLarge, a.limits.Depth)
	}
	if a.frames >= a.limits.Frames {
		return fmt.Errorf("%w: more than %d frames", ErrTooLarge, a.limits.Frames)
	}
	parent, kind := None, p.kind
	if p.level == 0 {
		if p.left != 0 {
			return fmt.Errorf("%w: a root at %d", ErrMalformed, p.left)
		}
		kind = Native
	} else {
		caller := &a.open[p.level-1]
		if p.left < caller.next || p.left > caller.right || p.width > caller.right-p.left {
			return fmt.Errorf("%w: a frame at %d of width %d outside its caller", ErrMalformed, p.left, p.width)
		}
		caller.next = p.left + p.width
		caller.self -= p.width
		parent = caller.id
		a.close(int(p.level)) //nolint:gosec // at most Limits.Depth
	}
	id := FrameID(a.frames) //nolint:gosec // at most Limits.Frames
	a.frames++
	if p.counts != (Counts{}) {
		a.count(id, p)
	}
	if !a.bare || id == Root {
		f := a.graph.frames.add()
		f.Width, f.Parent, f.Name, f.Kind = p.width, parent, p.name, kind
		f.Level = uint16(p.level) //nolint:gosec // at most Limits.Depth
	}
	a.open = append(a.open, openFrame{id: id, self: p.width, next: p.left, right: p.left + p.width})
	return nil
}

// count keeps counts that the kind of the frame does not tell.
func (a *assembler) count(id FrameID, p *placed) {
	switch {
	case a.bare: // the kind may still be corrected
		a.graph.size.Counts++
	case p.kind.IsJava() && p.counts != p.kind.count(p.width):
		*a.graph.counts.add() = countsOf{id, p.counts.atMost(p.width)}
	}
}

// close ends the subtrees of all open frames from a level on.
func (a *assembler) close(level int) {
	end := FrameID(a.frames) //nolint:gosec // at most Limits.Frames
	for i := level; i < len(a.open); i++ {
		if a.bare && a.open[i].id != Root {
			continue
		}
		f := a.graph.frames.at(int32(a.open[i].id))
		f.Self, f.End = a.open[i].self, end
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
	a.graph.size.Frames, a.graph.size.Names, a.graph.size.Text = a.frames, names.len(), names.text
	return a.graph, nil
}

// atMost keeps hostile counts within the width of their frame.
func (c Counts) atMost(width uint64) Counts {
	c.Inlined = min(c.Inlined, width)
	c.C1 = min(c.C1, width-c.Inlined)
	c.Interpreted = min(c.Interpreted, width-c.Inlined-c.C1)
	return c
}
