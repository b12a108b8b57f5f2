package scan

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/flamegraph"
)

// ownEnd is a frame in which samples of a chain end that no rule explains, below no output.
type ownEnd struct {
	frame   flamegraph.FrameID
	waiting bool
}

// Descent is the way of the weight from a function, or from an operator without one, down to what holds it.
type Descent struct {
	Total  uint64      // samples of the start that no rule explains and that lie below no output
	Steps  []Step      // from the start down; never empty
	Holder int         // of Steps: the last method of the job or of a library; what follows is the language's or native
	Split  []Neighbour // what the last step calls, most samples first
}

// Step is a frame on the way down. A recursion that is entered again is a step of its own.
type Step struct {
	Frame   flamegraph.NameID
	Samples uint64 // of Total: that pass through all steps so far
	Self    uint64 // of Samples: that end here, or wait here
}

// Last returns the last step.
func (d *Descent) Last() Step { return d.Steps[len(d.Steps)-1] }

// node is a frame with all its callers, merged over the places where a chain begins.
type node struct {
	nodeKey
	samples, self uint64
	below         []*node
	index         map[nodeKey]*node // of below, once they are many
}

type nodeKey struct {
	name flamegraph.NameID
	java bool
}

func (n *node) callee(k nodeKey) *node {
	const many = 16
	if n.index != nil {
		if child := n.index[k]; child != nil {
			return child
		}
	} else if i := slices.IndexFunc(n.below, func(child *node) bool { return child.nodeKey == k }); i >= 0 {
		return n.below[i]
	}
	child := &node{nodeKey: k}
	n.below = append(n.below, child)
	switch {
	case n.index != nil:
		n.index[k] = child
	case len(n.below) > many:
		n.index = map[nodeKey]*node{}
		for _, child := range n.below {
			n.index[child.nodeKey] = child
		}
	}
	return child
}

// sum adds up the samples of a node and of all below it.
func (n *node) sum() uint64 {
	n.samples = n.self
	for _, child := range n.below {
		n.samples += child.sum()
	}
	return n.samples
}

// most returns the callees, most samples first.
func (n *node) most(g *flamegraph.Graph) []*node {
	return slices.SortedFunc(slices.Values(n.below), func(a, b *node) int {
		return cmp.Or(cmp.Compare(b.samples, a.samples), cmp.Compare(g.Name(a.name), g.Name(b.name)))
	})
}

func (n *node) heaviest(g *flamegraph.Graph) *node {
	if len(n.below) == 0 {
		return nil
	}
	return n.most(g)[0]
}

// maxSplit bounds the callees that a descent names where it ends.
const maxSplit = 3

func (n *node) split(g *flamegraph.Graph) []Neighbour {
	var out []Neighbour
	for _, callee := range n.most(g)[:min(len(n.below), maxSplit)] {
		out = append(out, Neighbour{callee.name, callee.samples})
	}
	return out
}

// Descend follows the samples of some chains of the same function that no rule explains, running or waiting ones, from
// the function down: as long as one callee holds more than half of them all. It ends where the frame itself takes the
// rest, or where the rest splits. The second result is false without any such samples.
func (s *Scan) Descend(chains []int32, waiting bool) (Descent, bool) {
	root := &node{}
	for _, chain := range chains {
		w := newWalk(s, &s.Chains[chain], root)
		for _, e := range s.own[chain] {
			if e.waiting == waiting {
				w.node(e.frame).self += s.Graph.Frame(e.frame).Self
			}
		}
	}
	root.sum()
	d := Descent{Total: root.samples}
	for at := root.heaviest(s.Graph); at != nil && (at.samples*2 > d.Total || len(d.Steps) == 0); at = at.heaviest(s.Graph) {
		if at.java && s.names[at.name].flags&(isLanguage|isWait) == 0 {
			d.Holder = len(d.Steps)
		}
		d.Steps = append(d.Steps, Step{Frame: at.name, Samples: at.samples, Self: at.self})
		d.Split = at.split(s.Graph)
	}
	return d, len(d.Steps) > 0
}

// walk finds the nodes of a chain's frames. They are asked for in pre-order, and share most of their callers.
type walk struct {
	scan  *Scan
	root  *node
	start flamegraph.NameID // the function, or the operator without one
	open  []walked          // the last frame and its callers that are known, outermost first
}

// walked is a frame with its node.
type walked struct {
	frame flamegraph.FrameID
	node  *node
}

func newWalk(s *Scan, c *Chain, root *node) *walk {
	start := c.Anchor
	if start == NoName {
		start = c.Operator
	}
	return &walk{scan: s, root: root, start: start}
}

// node returns the node in which the samples of a frame end. A wait ends in the frame that waits, whatever the kernel
// calls it.
func (w *walk) node(id flamegraph.FrameID) *node {
	for len(w.open) > 0 && w.scan.Graph.Frame(w.open[len(w.open)-1].frame).End <= id {
		w.open = w.open[:len(w.open)-1]
	}
	if last := len(w.open) - 1; last >= 0 && w.open[last].frame == id {
		return w.open[last].node
	}
	f := w.scan.Graph.Frame(id)
	caller := w.root
	if f.Parent != flamegraph.Root && (f.Name != w.start || w.scan.repeats(id, w.start)) {
		caller = w.node(f.Parent)
	}
	n := caller
	if caller == w.root || w.scan.names[caller.name].flags&isWait == 0 {
		n = caller.callee(nodeKey{f.Name, f.Kind.IsJava()})
	}
	w.open = append(w.open, walked{id, n})
	return n
}

// repeats reports that the same frame is above with nothing between that enters an operator: the function calls itself.
func (s *Scan) repeats(id flamegraph.FrameID, name flamegraph.NameID) bool {
	for above, f := range s.Graph.Callers(s.Graph.Frame(id).Parent) {
		if above == flamegraph.Root || s.names[f.Name].flags&(isOutput|isTaskRoot|isSourceRoot|isGate) != 0 {
			return false
		}
		if f.Name == name {
			return true
		}
	}
	return false
}
