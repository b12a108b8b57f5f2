package compare

import (
	"regexp"
	"strings"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// planNumber is what SQL puts behind an operator, and Flink before a vertex when it is told to: another plan of the same
// query has other numbers.
var planNumber = regexp.MustCompile(`\[\d+\]|\[vertex-\d+\]`)

// match finds the vertices of the baseline run that those of the run continue: of the same name, else of the same operators
// by other numbers of the plan, else with other arguments, else with the same first operator, which reads the same
// records. It gives positions; -1 is none. Same says how many of the steps leave the records the same.
func match(before, after []events.VertexLoad) []int {
	pairs := make([]int, len(after))
	for i := range pairs {
		pairs[i] = -1
	}
	taken := make([]bool, len(before))
	for _, nameOf := range []func(string) string{plain, unnumbered, bare, head} {
		free := map[string][]int{}
		for i := range before {
			if !taken[i] {
				free[nameOf(before[i].Name)] = append(free[nameOf(before[i].Name)], i)
			}
		}
		for i := range after {
			name := nameOf(after[i].Name)
			if pairs[i] >= 0 || len(free[name]) == 0 {
				continue
			}
			pairs[i], free[name] = free[name][0], free[name][1:]
			taken[pairs[i]] = true
		}
	}
	return pairs
}

func plain(name string) string      { return name }
func unnumbered(name string) string { return planNumber.ReplaceAllString(name, "") }
func bare(name string) string       { return wording.WithoutArguments(unnumbered(name)) }

func head(name string) string {
	first, _, _ := strings.Cut(bare(name), " -> ")
	return first
}

// alike reports two vertices of the same operators: what they read and write is of the same kind.
func alike(a, b *events.VertexLoad) bool { return bare(a.Name) == bare(b.Name) }

// source reports a vertex that writes and reads nothing.
func source(v *events.VertexLoad) bool { return v.RecordsIn <= 0 && v.RecordsOut > 0 }

// names translates the short names of vertices to those of the baseline run.
func (c *comparison) names(vertices []string) []string {
	out := make([]string, len(vertices))
	for i, name := range vertices {
		out[i] = name
		for at := range c.after.Vertices {
			if v := &c.after.Vertices[at]; c.pairs[at] >= 0 && (v.Short() == name || v.Name == name) {
				out[i] = c.before.Vertices[c.pairs[at]].Short()
			}
		}
	}
	return out
}

// overlap reports whether a finding of the baseline run and one of the run can mean the same place. No vertices mean any.
func (c *comparison) overlap(was, is []string) bool {
	if len(was) == 0 || len(is) == 0 {
		return true
	}
	for _, name := range c.names(is) {
		for _, old := range was {
			if old == name || unnumbered(old) == unnumbered(name) {
				return true
			}
		}
	}
	return false
}
