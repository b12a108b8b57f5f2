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

// Around returns what calls a frame and what it calls, at most limit of each, for every frame of the list in one pass.
// A frame below itself counts once, by its outermost occurrence; its callees are those of all occurrences but itself.
func Around(scan *Scan, frames []flamegraph.NameID, limit int) []Neighbours {
	at := make(map[flamegraph.NameID]*around, len(frames))
	for _, name := range frames {
		at[name] = &around{callers: map[flamegraph.NameID]uint64{}, callees: map[flamegraph.NameID]uint64{}}
	}
	g := scan.Graph
	for id, f := range g.All() {
		width := scan.ActiveWidth[id]
		if width == 0 || id == flamegraph.Root {
			continue
		}
		parent := g.Frame(f.Parent)
		if a := at[f.Name]; a != nil && id >= a.open {
			a.open = f.End
			a.samples += width
			if f.Parent != flamegraph.Root {
				a.callers[parent.Name] += width
			}
		}
		if a := at[parent.Name]; a != nil && f.Parent != flamegraph.Root && f.Name != parent.Name {
			a.callees[f.Name] += width
		}
	}
	out := make([]Neighbours, 0, len(frames))
	for _, name := range frames {
		a := at[name]
		out = append(out, Neighbours{
			Frame: name, Samples: a.samples, Callers: heaviest(g, a.callers, limit), Callees: heaviest(g, a.callees, limit),
		})
	}
	return out
}

// around collects the neighbours of one frame.
type around struct {
	open             flamegraph.FrameID // where the outermost open occurrence ends
	samples          uint64
	callers, callees map[flamegraph.NameID]uint64
}

func heaviest(g *flamegraph.Graph, counts map[flamegraph.NameID]uint64, limit int) []Neighbour {
	out := make([]Neighbour, 0, len(counts))
	for name, n := range counts {
		out = append(out, Neighbour{name, n})
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
