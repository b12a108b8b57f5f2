package flamegraph

import (
	"iter"
	"slices"
	"sort"
)

// FrameID is the position of a frame in its graph, in pre-order; the root is
// [Root].
type FrameID int32

// NameID is the position of a name in its graph: an index for tables of the
// length [Graph.NumNames]. Distinct ids are distinct names.
type NameID int32

const (
	// Root is the frame that stands for the whole profile, named "all".
	Root FrameID = 0
	// None is the parent of the root.
	None FrameID = -1
)

// Frame is a node of the call tree: a method as reached by one path of
// callers. Widths are samples, unless Graph.Unit says otherwise.
type Frame struct {
	Width  uint64  // samples in the frame and everything below it
	Self   uint64  // samples in the frame itself
	Parent FrameID // the caller, None for the root
	End    FrameID // the first frame behind the subtree, which is [id, End)
	Name   NameID
	Level  uint16 // distance from the root
	Kind   Kind
}

// Counts says how many of a Java frame's samples were of which kind; the rest
// ran as C2-compiled code.
type Counts struct {
	Inlined, C1, Interpreted uint64
}

func (c *Counts) add(more Counts) {
	c.Inlined += more.Inlined
	c.C1 += more.C1
	c.Interpreted += more.Interpreted
}

// Graph is an immutable call tree. It is safe for concurrent readers.
type Graph struct {
	// Title is the heading of the page, as plain but untrusted text. Flink
	// names no mode there: both CPU and ITIMER give "CPU profile".
	Title string
	// Unit is what widths count: [UnitSamples], or with --total "ns", "bytes",
	// "total" or [UnitUnknown]. Only samples make anything certain.
	Unit string
	// Dialect is the form of the file that was read.
	Dialect Dialect
	// CutNames counts the names that async-profiler 2.9 cut off because its
	// line buffer was full. Such frames keep their width and a shortened name.
	CutNames int

	frames chunked[Frame]
	names  []string
	counts chunked[countsOf] // only what cannot be told from the kind, by frame id
	size   Size
}

type countsOf struct {
	frame FrameID
	Counts
}

// Len returns the number of frames, the root included.
func (g *Graph) Len() int { return g.frames.len }

// Total returns the width of the root: all samples of the profile.
func (g *Graph) Total() uint64 {
	if g.Len() == 0 {
		return 0
	}
	return g.Frame(Root).Width
}

// Empty reports that the profile holds no samples, which is what a LOCK
// profile without contention looks like.
func (g *Graph) Empty() bool { return g.Total() == 0 }

// Frame returns a frame, to be read only. It panics unless 0 <= id < Len.
func (g *Graph) Frame(id FrameID) *Frame { return g.frames.at(int32(id)) }

// NumNames returns the number of distinct names.
func (g *Graph) NumNames() int { return len(g.names) }

// Name returns the text of a name, valid UTF-8 but otherwise untrusted.
func (g *Graph) Name(id NameID) string { return g.names[id] }

// NameOf returns the name of a frame.
func (g *Graph) NameOf(id FrameID) string { return g.names[g.Frame(id).Name] }

// Counts returns how the samples of a Java frame split into kinds of code.
// It is zero for other frames.
func (g *Graph) Counts(id FrameID) Counts {
	i := sort.Search(g.counts.len, func(i int) bool { return g.counts.at(int32(i)).frame >= id }) //nolint:gosec // at most Limits.Frames
	if i < g.counts.len {
		if c := g.counts.at(int32(i)); c.frame == id { //nolint:gosec // as above
			return c.Counts
		}
	}
	f := g.Frame(id)
	return f.Kind.count(f.Width)
}

// All yields every frame in pre-order: a parent before its children, siblings
// in the order of the file.
func (g *Graph) All() iter.Seq2[FrameID, *Frame] { return g.Subtree(Root) }

// Subtree yields a frame and everything below it in pre-order.
func (g *Graph) Subtree(id FrameID) iter.Seq2[FrameID, *Frame] {
	return func(yield func(FrameID, *Frame) bool) {
		if g.Len() == 0 {
			return
		}
		for end := g.Frame(id).End; id < end; id++ {
			if !yield(id, g.Frame(id)) {
				return
			}
		}
	}
}

// Children yields the frames called by a frame.
func (g *Graph) Children(id FrameID) iter.Seq2[FrameID, *Frame] {
	return func(yield func(FrameID, *Frame) bool) {
		end := g.Frame(id).End
		for c := id + 1; c < end; {
			f := g.Frame(c)
			if !yield(c, f) {
				return
			}
			c = f.End
		}
	}
}

// Callers yields a frame, its parent, and so on up to the root.
func (g *Graph) Callers(id FrameID) iter.Seq2[FrameID, *Frame] {
	return func(yield func(FrameID, *Frame) bool) {
		for id != None {
			f := g.Frame(id)
			if !yield(id, f) {
				return
			}
			id = f.Parent
		}
	}
}

// Stack returns the names from the first frame below the root down to id; it
// is empty for the root.
func (g *Graph) Stack(id FrameID) []string {
	stack := make([]string, 0, g.Frame(id).Level)
	for i, f := range g.Callers(id) {
		if i != Root {
			stack = append(stack, g.names[f.Name])
		}
	}
	slices.Reverse(stack)
	return stack
}

// Usage is what one name weighs in a whole graph.
type Usage struct {
	Width uint64 // samples with the name anywhere in the stack, counted once
	Self  uint64 // samples with the name as the last frame
}

// Usage returns the weight of every name, indexed by NameID. Recursion counts
// once: the Width of a name is at most Total.
func (g *Graph) Usage() []Usage {
	usage := make([]Usage, len(g.names))
	outer := make([]FrameID, len(g.names)) // where the outermost open frame of a name ends
	for id, f := range g.All() {
		u := &usage[f.Name]
		u.Self += f.Self
		if id >= outer[f.Name] {
			outer[f.Name] = f.End
			u.Width += f.Width
		}
	}
	return usage
}
