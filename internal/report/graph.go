package report

import (
	"slices"

	"squirrly.dev/pkg/events"
)

// step is a vertex in a line of the job graph.
type step struct {
	Name  string
	Limit bool // it limits the job
}

// marked is the name of a vertex with what limits the job set apart.
func (s step) marked() string {
	if s.Limit {
		return "[" + s.Name + "]"
	}
	return s.Name
}

// Graph is the job graph in lines, each a way along its edges: every edge is in one of them, and a vertex where ways part or
// meet begins or ends several. It is nil when the edges are not known.
func (v view) Graph() [][]step {
	at, next := v.edges()
	if len(next) == 0 {
		return nil
	}
	var lines [][]step
	for _, x := range v.Vertices {
		if len(x.Inputs) == 0 && len(next[x.Short()]) == 0 {
			lines = append(lines, []step{stepOf(x)})
		}
		for len(next[x.Short()]) > 0 {
			line := []step{stepOf(x)}
			for from := x.Short(); len(next[from]) > 0; { // each edge is used up
				to := next[from][0]
				next[from] = next[from][1:]
				line, from = append(line, stepOf(v.Vertices[at[to]])), to
			}
			lines = append(lines, line)
		}
	}
	return lines
}

// edges are the positions of the vertices by their short names, and the names of those downstream of each.
func (v view) edges() (at map[string]int, next map[string][]string) {
	at, next = map[string]int{}, map[string][]string{}
	for i, x := range v.Vertices {
		at[x.Short()] = i
	}
	for _, x := range v.Vertices {
		for _, in := range x.Inputs {
			if _, ok := at[in]; ok {
				next[in] = append(next[in], x.Short())
			}
		}
	}
	return at, next
}

func stepOf(x events.VertexLoad) step { return step{x.Short(), x.Role == "limit"} }

// names are the vertices of a line as text, the limit set apart.
func names(line []step) []string {
	out := make([]string, len(line))
	for i, s := range line {
		out[i] = s.marked()
	}
	return out
}

// limiting reports that a line goes through what limits the job.
func limiting(line []step) bool {
	return slices.ContainsFunc(line, func(s step) bool { return s.Limit })
}
