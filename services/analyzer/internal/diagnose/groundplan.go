package diagnose

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/keys"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
)

// end is an end of an edge that is asked for: operators of a vertex, or a vertex as a whole.
type planEnd struct {
	vertices []int
	nodes    []int // of one vertex; empty is all that it has
	all      bool  // it stands before or behind all operators of its vertex, and is none of them
}

func (g *Ground) end(id string) (planEnd, bool) {
	if o := g.operator(id); o != nil {
		return planEnd{vertices: o.of, nodes: o.nodes, all: o.reads}, len(o.of) > 0
	}
	f, ok := g.Fact(id)
	if !ok || f.Vertex == "" {
		return planEnd{}, false
	}
	for i := range g.view.loads {
		if g.view.loads[i].Name == f.Vertex {
			return planEnd{vertices: []int{i}}, true
		}
	}
	return planEnd{}, false
}

// Feeds says whether records go from one operator or vertex to another one, over any number of edges: ids of operators, or of
// facts about vertices. [mechanisms.Unknown] is that there is no plan, or nobody knows in which vertex one is.
func (g *Ground) Feeds(from, to string) mechanisms.Truth {
	if g == nil {
		return mechanisms.Unknown
	}
	a, known := g.end(from)
	b, also := g.end(to)
	if !known || !also {
		return mechanisms.Unknown
	}
	yes, no := 0, 0
	for _, x := range a.vertices {
		for _, y := range b.vertices {
			switch g.feeds(x, y, a, b) {
			case mechanisms.Yes:
				yes++
			case mechanisms.No:
				no++
			}
		}
	}
	switch len(a.vertices) * len(b.vertices) {
	case yes:
		return mechanisms.Yes
	case no:
		return mechanisms.No
	}
	return mechanisms.Unknown
}

// feeds decides it for two ends in a vertex each.
func (g *Ground) feeds(x, y int, a, b planEnd) mechanisms.Truth {
	switch {
	case x == y:
		return g.feedsInside(x, a, b)
	case !g.upstream(x, y):
		return mechanisms.No
	}
	return g.sends(x, a)
}

// upstream reports that records of one vertex reach another one.
func (g *Ground) upstream(x, y int) bool {
	seen := map[int]bool{}
	var reaches func(int) bool
	reaches = func(at int) bool {
		return slices.ContainsFunc(g.view.loads[at].Inputs, func(in int) bool {
			if in == x {
				return true
			}
			if seen[in] {
				return false
			}
			seen[in] = true
			return reaches(in)
		})
	}
	return reaches(y)
}

// sends says whether what an operator hands on leaves its vertex: if it is before all ends of the chain it does, if its branch
// is one of several nobody knows.
func (g *Ground) sends(vertex int, a planEnd) mechanisms.Truth {
	nodes := g.view.plan.Vertices[vertex].Nodes
	for last := range nodes {
		isEnd := !slices.ContainsFunc(nodes, func(n operators.Node) bool { return n.Parent == last })
		if !isEnd || len(a.nodes) == 0 {
			continue
		}
		if !slices.ContainsFunc(a.nodes, func(n int) bool { return n == last || g.before(vertex, n, last) }) {
			return mechanisms.Unknown
		}
	}
	return mechanisms.Yes
}

// before reports that an operator hands records to another one of its chain, over any number of others.
func (g *Ground) before(vertex, first, then int) bool {
	nodes := g.view.plan.Vertices[vertex].Nodes
	for at := nodes[then].Parent; at >= 0; at = nodes[at].Parent {
		if at == first {
			return true
		}
	}
	return false
}

// feedsInside decides it for two ends in the same vertex.
func (g *Ground) feedsInside(vertex int, a, b planEnd) mechanisms.Truth {
	switch {
	case a.all && len(b.nodes) > 0:
		return mechanisms.Yes
	case b.all && len(a.nodes) > 0:
		return mechanisms.No
	case len(a.nodes) == 0 || len(b.nodes) == 0:
		return mechanisms.Unknown
	}
	yes := 0
	for _, x := range a.nodes {
		for _, y := range b.nodes {
			if g.before(vertex, x, y) {
				yes++
			}
		}
	}
	switch yes {
	case len(a.nodes) * len(b.nodes):
		return mechanisms.Yes
	case 0:
		return mechanisms.No
	}
	return mechanisms.Unknown
}

// InForce returns the value of a key; sure is false when the code of the job may have another one.
func (g *Ground) InForce(key string) (value string, sure bool) {
	if g == nil {
		return "", false
	}
	r := g.view.reading
	value, from := r.inForce(key)
	if known, ok := keys.Lookup(key); ok && value == "" {
		value, from = r.inForce(known.Name)
	}
	ofCluster := keys.OfCluster(key) && r.ctx != nil && len(r.ctx.Config) > 0
	if value == "" {
		value = keys.Key{Name: key}.Default(r.version())
		_, listed := keys.Lookup(key)
		return value, value != "" && (ofCluster && listed || from == string(jobcontext.FromJob))
	}
	return value, from == string(jobcontext.FromJob) || ofCluster
}

// Job is what the table of keys needs to know of the job, with the sizes of memory that are in force.
func (g *Ground) Job(operator string) keys.Job {
	if g == nil {
		return keys.Job{}
	}
	p := &Problem{}
	if o := g.operator(operator); o != nil {
		p.Vertices = o.Vertices
		if o.frame != "" {
			p.group = &group{operator: o.frame, stack: []string{o.frame}}
		}
	}
	s := situation{g.view.reading, p}
	job := s.sized()
	if job.Backend == "" {
		if job.Backend = g.backendOf(operator); job.Backend != "" {
			job = job.With(keys.Setting{Key: backendKey, Value: job.Backend})
		}
	}
	return job
}
