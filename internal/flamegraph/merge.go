package flamegraph

// Merge adds up the graphs of several JVMs, or normalises a single one: frames
// with the same path of normalised names (see [Normalize]) become one, with
// widths, self and counts summed. Frames of the same name stay apart when one
// is Java and the other native, C++ or kernel. Siblings are sorted by name,
// and the title is that of the first graph. Without graphs the result is
// empty.
func Merge(graphs ...*Graph) *Graph {
	names := newNames(Limits{})
	t := newTrie(names.of("all"))
	for _, g := range graphs {
		t.addGraph(g, names)
	}
	unlimited := Limits{Frames: t.nodes.len, Depth: 1<<16 - 1}
	merged, err := t.graph(Merged, names, unlimited)
	if err != nil {
		panic(err) // the invariants of the graphs do not add up: a bug in this package
	}
	for _, g := range graphs {
		merged.CutNames += g.CutNames
		if merged.Title == "" {
			merged.Title = g.Title
		}
	}
	return merged
}

func (t *trie) addGraph(g *Graph, names *names) {
	normal := make([]NameID, g.NumNames()) // id+1 in names, 0 when not looked up yet
	path := make([]int32, 1, 64)           // the nodes from the root to the frame, by level
	rest := g.counts
	for id, f := range g.All() {
		c := f.Kind.count(f.Width)
		if len(rest) > 0 && rest[0].frame == id {
			c, rest = rest[0].Counts, rest[1:]
		}
		node := int32(0)
		if f.Level > 0 {
			name := &normal[f.Name]
			if *name == 0 {
				*name = names.of(Normalize(g.Name(f.Name))) + 1
			}
			node = t.child(path[f.Level-1], *name-1, f.Kind)
			t.nodes.at(node).add(c)
		}
		path = append(path[:f.Level], node)
		t.nodes.at(node).self += f.Self
	}
}
