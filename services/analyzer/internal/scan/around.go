package scan

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/flamegraph"
)

// Neighbour is a frame next to another one.
type Neighbour struct {
	Frame   flamegraph.NameID
	Samples uint64 // active, that pass through both
}

// Neighbours are the direct callers and callees of a frame, wherever it occurs, most samples first.
type Neighbours struct {
	Frame            flamegraph.NameID
	Samples          uint64 // active, with the frame anywhere in the stack
	Callers, Callees []Neighbour
}

// Around returns what calls a frame and what it calls, at most limit of each, for every frame of the list in one pass. A
// sample counts once for the frame, and once for each caller and callee, however often a recursion repeats them.
func Around(scan *Scan, frames []flamegraph.NameID, limit int) []Neighbours {
	at := make(map[flamegraph.NameID]*around, len(frames))
	for _, name := range frames {
		at[name] = &around{callers: map[flamegraph.NameID]*once{}, callees: map[flamegraph.NameID]*once{}}
	}
	g := scan.Graph
	for id, f := range g.All() {
		width := scan.ActiveWidth[id]
		if width == 0 || id == flamegraph.Root || f.Parent == flamegraph.None {
			continue
		}
		caller := g.Frame(f.Parent).Name
		if a := at[f.Name]; a != nil {
			a.whole.add(id, f.End, width)
			if f.Parent != flamegraph.Root {
				of(a.callers, caller).add(id, f.End, width)
			}
		}
		if a := at[caller]; a != nil && f.Parent != flamegraph.Root {
			of(a.callees, f.Name).add(id, f.End, width)
		}
	}
	out := make([]Neighbours, 0, len(frames))
	for _, name := range frames {
		a := at[name]
		delete(a.callers, name) // a recursion is no neighbour
		delete(a.callees, name)
		out = append(out, Neighbours{
			Frame: name, Samples: a.whole.samples, Callers: heaviest(g, a.callers, limit), Callees: heaviest(g, a.callees, limit),
		})
	}
	return out
}

// around collects the neighbours of one frame.
type around struct {
	whole            once
	callers, callees map[flamegraph.NameID]*once
}

// once adds up subtrees that may lie in each other, in pre-order.
type once struct {
	open    flamegraph.FrameID // where the outermost open subtree ends
	samples uint64
}

func (o *once) add(id, end flamegraph.FrameID, width uint64) {
	if id >= o.open {
		o.open = end
		o.samples += width
	}
}

func of(all map[flamegraph.NameID]*once, name flamegraph.NameID) *once {
	o := all[name]
	if o == nil {
		o = &once{}
		all[name] = o
	}
	return o
}

func heaviest(g *flamegraph.Graph, counts map[flamegraph.NameID]*once, limit int) []Neighbour {
	out := make([]Neighbour, 0, len(counts))
	for name, n := range counts {
		out = append(out, Neighbour{name, n.samples})
	}
	slices.SortFunc(out, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(g.Name(a.Frame), g.Name(b.Frame)))
	})
	return out[:min(len(out), limit)]
}

// NameOf returns the id of a normalised name in the graph of a scan, or NoName.
func (s *Scan) NameOf(name string) flamegraph.NameID {
	for i := range s.Graph.NumNames() {
		if id := flamegraph.NameID(i); s.Graph.Name(id) == name {
			return id
		}
	}
	return NoName
}
