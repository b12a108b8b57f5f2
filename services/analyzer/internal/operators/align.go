package operators

import "strings"

// aligned are the nodes of a vertex that the last operator of a trace may be, and how well the trace fits.
type aligned struct {
	nodes []int
	fit   fit
}

// align lays a trace over the chain of a vertex. The first operator is the first node, the next one a node behind it,
// since each hands its records to the next; a timer begins anywhere. Without operators the vertex alone is meant.
func (v *Vertex) align(t *trace) (aligned, bool) {
	if !v.admits(t) {
		return aligned{}, false
	}
	if len(t.operators) == 0 {
		return aligned{fit: fitsWell}, true
	}
	var at aligned
	for i := range v.Nodes {
		if v.Nodes[i].Parent < 0 || t.mail {
			v.follow(t, 0, i, fitsWell, &at)
		}
	}
	return at, len(at.nodes) > 0
}

// follow tries a node for an operator of the trace, and its children for the next ones.
func (v *Vertex) follow(t *trace, op, node int, worst fit, found *aligned) {
	worst = min(worst, v.Nodes[node].fits(&t.operators[op]))
	if worst == fitsNot {
		return
	}
	children := v.children(node)
	if op < len(t.operators)-1 {
		for _, child := range children {
			v.follow(t, op+1, child, worst, found)
		}
		return
	}
	switch {
	case t.chained && len(children) == 0 && !v.wild, t.sent && v.ends:
		return
	case worst > found.fit:
		found.fit, found.nodes = worst, nil
	case worst < found.fit:
		return
	}
	found.nodes = append(found.nodes, node)
}

func (v *Vertex) children(node int) []int {
	if v.wild {
		return []int{node}
	}
	var out []int
	for i := range v.Nodes {
		if v.Nodes[i].Parent == node {
			out = append(out, i)
		}
	}
	return out
}

// admits reports whether the threads of a vertex can look so: how records come in, whether there is a key.
func (v *Vertex) admits(t *trace) bool {
	switch {
	case v.wild:
		return true
	case t.legacy: // its thread lives as long as the task: a dump shows it
		return v.source && (v.legacy || !v.dumped)
	case t.source:
		return v.source && !v.legacy || strings.Contains(v.Name, chainedSource)
	case t.two:
		return !v.source && v.inputs >= 2
	case t.network:
		return !v.source && !v.needsTwo()
	}
	return true
}

// chainedSource is in the name of a vertex whose first operator reads sources without an exchange: "X [Source: a]".
const chainedSource = " [Source: "

// needsTwo reports that the first node of a vertex has two inputs.
func (v *Vertex) needsTwo() bool {
	if len(v.Nodes) == 0 || len(v.Nodes[0].kinds) == 0 {
		return false
	}
	for _, row := range v.Nodes[0].kinds {
		if nodeTable().kinds[row].Inputs < 2 {
			return false
		}
	}
	return true
}
