package flamegraph

import "fmt"

// Reversed returns the graph with every stack turned round: the last callee
// first becomes the first caller first. It undoes the option --reverse of
// async-profiler. A result that exceeds the limits is [ErrTooLarge].
func (g *Graph) Reversed(limits Limits) (*Graph, error) {
	limits = limits.withDefaults()
	names := &names{ids: map[string]NameID{}, list: g.names, limits: limits}
	for id, name := range g.names {
		names.ids[name] = NameID(id)
	}
	t := newTrie(names.of("all"))
	for id, f := range g.All() {
		if f.Self == 0 {
			continue
		}
		t.addCallers(g, id, f.Self)
		if t.nodes.len > limits.Frames {
			return nil, fmt.Errorf("turn stacks round: %w: more than %d frames", ErrTooLarge, limits.Frames)
		}
	}
	turned, err := t.graph(g.Dialect, names, limits)
	if err != nil {
		return nil, fmt.Errorf("turn stacks round: %w", err)
	}
	turned.Title, turned.Unit, turned.CutNames = g.Title, g.Unit, g.CutNames
	return turned, nil
}

// addCallers adds the stack that ends at a frame of a graph, from that frame to its outermost caller.
func (t *trie) addCallers(g *Graph, last FrameID, self uint64) {
	node := int32(0)
	for caller, c := range g.Callers(last) {
		if caller == Root {
			break
		}
		node = t.child(node, c.Name, c.Kind)
		if c.Kind != JIT && c.Kind.IsJava() {
			t.nodes.at(node).counts.add(c.Kind.count(self))
		}
	}
	t.nodes.at(node).self += self
}
