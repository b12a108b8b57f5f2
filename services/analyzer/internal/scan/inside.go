package scan

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// partKey is a chain of operators, or for chain -1 a spot above them with all that runs while a record is read there.
type partKey struct{ chain, spot int32 }

// inside is what a part of the tasks does.
type inside struct {
	categories []uint64
	java       map[flamegraph.NameID]uint64 // active samples by their innermost Java frame
}

// Inside is what the active samples of a part of the tasks show.
type Inside struct {
	Samples    uint64
	Categories []uint64    // by the categories of the catalogue, by the innermost frame that has one
	Hottest    []Neighbour // innermost Java frames, most samples first
}

func (p *pass) countInside(samples uint64, st *state) {
	if p.insides == nil || st.spot == NoSpot {
		return
	}
	key := partKey{st.chain, st.spot}
	switch {
	case st.chain < 0:
	case p.out.Chains[st.chain].Reads():
		key.chain = -1
	default:
		key.spot = NoSpot
	}
	part := p.insides[key]
	if part == nil {
		part = &inside{categories: make([]uint64, len(p.scanner.catalogue.Frames.Categories)), java: map[flamegraph.NameID]uint64{}}
		p.insides[key] = part
	}
	if st.category >= 0 {
		part.categories[st.category] += samples
	}
	part.java[st.javaName] += samples
}

// insidesOf walks a graph again and counts what is inside the parts of its tasks: a table for each part, which only an
// explanation looks into.
func (s *Scanner) insidesOf(g *flamegraph.Graph, family mechanisms.Family) map[partKey]*inside {
	p := s.newPass(g, family)
	p.insides = map[partKey]*inside{}
	p.run(g)
	return p.insides
}

// Part returns what happens in a chain of operators, or for chain -1 at a spot above them.
func (s *Scan) Part(chain, spot int32) Inside {
	if chain >= 0 {
		spot = NoSpot
	}
	var out Inside
	part := s.insides()[partKey{chain, spot}]
	if part == nil {
		return out
	}
	out.Categories = slices.Clone(part.categories)
	for name, n := range part.java {
		out.Samples += n
		if name != NoName {
			out.Hottest = append(out.Hottest, Neighbour{name, n})
		}
	}
	slices.SortFunc(out.Hottest, func(a, b Neighbour) int {
		return cmp.Or(cmp.Compare(b.Samples, a.Samples), cmp.Compare(a.Frame, b.Frame))
	})
	return out
}
