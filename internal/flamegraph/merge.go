package flamegraph

import (
	"cmp"
	"slices"
)

// Merge adds up the graphs of several JVMs, or normalises a single one: frames
// with the same path of normalised names (see [Normalize]) become one, with
// widths, self and counts summed. Frames of the same name stay apart when one
// is Java and the other native, C++ or kernel. Siblings are sorted by name,
// and title and unit are those of the first graph. Without graphs the result
// is empty.
func Merge(graphs ...*Graph) *Graph {
	m := newMerger(graphs)
	var roots []twin
	for i, g := range graphs {
		if g.Len() > 0 {
			roots = append(roots, twin{graph: int32(i), frame: Root})
		}
	}
	if err := m.add(roots, 0, 0); err != nil {
		panic(err) // the invariants of the graphs do not add up: a bug in this package
	}
	merged, err := m.out.finish(m.names)
	if err != nil {
		panic(err)
	}
	for _, g := range graphs {
		merged.CutNames += g.CutNames
		if merged.Title == "" {
			merged.Title = g.Title
		}
		if merged.Unit == "" {
			merged.Unit = g.Unit
		}
	}
	return merged
}

// merger walks all graphs at once, in the pre-order of the result, so that it
// holds no more than the callees along one path beside them.
type merger struct {
	graphs []*Graph
	names  *names
	ids    [][]NameID // by graph and its NameID: in names
	rank   []int32    // by id in names: its place in the order of names
	out    *assembler
	twins  []twin // callees of the frames that are open
}

// twin is one of the frames that become one.
type twin struct {
	graph int32
	frame FrameID
	name  NameID
	sort  Kind
}

func newMerger(graphs []*Graph) *merger {
	m := &merger{graphs: graphs, names: newNames(Limits{})}
	m.names.of("all") // of the root, even without graphs
	frames := 1
	for _, g := range graphs {
		frames += g.Len()
		ids := make([]NameID, g.NumNames())
		for i, name := range g.names {
			ids[i] = m.names.of(Normalize(name))
		}
		m.ids = append(m.ids, ids)
	}
	m.rank = m.names.ranks()
	m.out = newAssembler(Merged, Limits{Frames: frames, Depth: 1<<16 - 1})
	return m
}

// add adds the frame that twins become, beginning at left, and all below it.
func (m *merger) add(twins []twin, level, left uint64) error {
	p := placed{level: level, left: left}
	var self uint64
	begin := len(m.twins)
	for _, t := range twins {
		g := m.graphs[t.graph]
		f, c := g.Frame(t.frame), g.Counts(t.frame)
		p.name, p.width, self = t.name, p.width+f.Width, self+f.Self
		p.counts.add(c)
		for id, callee := range g.Children(t.frame) {
			m.twins = append(m.twins, twin{t.graph, id, m.ids[t.graph][callee.Name], callee.Kind.sort()})
		}
	}
	if level > 0 {
		p.kind = kindOf(twins[0].sort, p.counts, p.width)
	}
	if err := m.out.add(&p); err != nil {
		return err
	}
	callees := m.twins[begin:]
	slices.SortFunc(callees, m.compare)
	left += self
	for len(callees) > 0 {
		same, width := m.same(callees)
		if err := m.add(callees[:same:same], level+1, left); err != nil {
			return err
		}
		callees, left = callees[same:], left+width
	}
	m.twins = m.twins[:begin]
	return nil
}

// same returns how many of the sorted callees are one frame, and its width.
func (m *merger) same(callees []twin) (n int, width uint64) {
	for n < len(callees) && callees[n].name == callees[0].name && callees[n].sort == callees[0].sort {
		width += m.graphs[callees[n].graph].Frame(callees[n].frame).Width
		n++
	}
	return n, width
}

func (m *merger) compare(a, b twin) int {
	return cmp.Or(cmp.Compare(m.rank[a.name], m.rank[b.name]), cmp.Compare(a.sort, b.sort))
}
