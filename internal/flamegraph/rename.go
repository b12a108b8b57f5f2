package flamegraph

import "slices"

// Renamed returns the graph with other names. A name that another one already
// has stays, since distinct ids are distinct names.
func (g *Graph) Renamed(to func(name string) string) *Graph {
	taken := make(map[string]bool, len(g.names))
	for _, name := range g.names {
		taken[name] = true
	}
	out := *g
	out.names = slices.Clone(g.names)
	for i, name := range g.names {
		if other := to(name); !taken[other] {
			out.names[i], taken[other] = other, true
		}
	}
	return &out
}
