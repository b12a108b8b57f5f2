// Package intake makes the profiles that people bring fit for the rules: stacks that were written callees first are
// turned round, and class names that lost their packages get them back. It counts the samples of Flink's tasks, and
// where there are none it says what the profile seems to be and what to give instead.
//
// It knows frames and what starts a task. What the tasks do is for the rules.
package intake

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// Profile is a graph that the rules can read.
type Profile struct {
	*flamegraph.Graph
	Tasks uint64   // of the graph's widths: those in threads of Flink's tasks
	Notes []string // what was done to it
}

// nearly is the share of the samples in tasks that must agree that stacks are turned round.
const nearly = 0.9

// Fit returns a profile as the rules expect it. A graph that is fit already comes back as it is.
func Fit(g *flamegraph.Graph) (Profile, error) {
	p := Profile{Graph: g}
	roots := rootsOf(g)
	if len(roots) == 0 && hasSimpleRoot(g) {
		p.Graph = g.Renamed(qualified())
		p.Notes = append(p.Notes, "its class names had no packages: those of Flink, the JDK and known libraries were completed")
		roots = rootsOf(p.Graph)
	}
	var upright uint64
	p.Tasks, upright = weigh(p.Graph, roots)
	if p.Tasks == 0 || float64(p.Tasks-upright) < nearly*float64(p.Tasks) {
		return p, nil
	}
	turned, err := p.Reversed(flamegraph.Limits{})
	if err != nil {
		return p, fmt.Errorf("its stacks are reversed (callees first): %w; write it again without --reverse", err)
	}
	p.Graph = turned
	p.Notes = append(p.Notes, "its stacks were reversed (callees first): they were turned round")
	return p, nil
}

// rootsOf returns the names that start a task or a source, by id.
func rootsOf(g *flamegraph.Graph) map[flamegraph.NameID]bool {
	roots := map[flamegraph.NameID]bool{}
	for i := range g.NumNames() {
		id := flamegraph.NameID(i)
		name := g.Name(id)
		for _, root := range taskRoots() {
			class, method := lastParts(root)
			if strings.Contains(name, class) && strings.Contains(name, method) && flamegraph.Normalize(name) == root {
				roots[id] = true
			}
		}
	}
	return roots
}

func taskRoots() []string {
	roots := mechanisms.Default().Frames.Roots
	return slices.Concat(roots.Task, roots.Source)
}

// lastParts splits package.Class.method into Class and method.
func lastParts(name string) (class, method string) {
	at := strings.LastIndexByte(name, '.')
	class, method = name[:at], name[at+1:]
	return class[strings.LastIndexByte(class, '.')+1:], method
}

// weigh returns the samples below the roots of tasks, and how many of them have at least as many Java callees as Java
// callers there, as they should.
func weigh(g *flamegraph.Graph, roots map[flamegraph.NameID]bool) (all, upright uint64) {
	if len(roots) == 0 {
		return 0, 0
	}
	for id := flamegraph.Root; int(id) < g.Len(); {
		f := g.Frame(id)
		if !roots[f.Name] {
			id++
			continue
		}
		all += f.Width
		if callees(g, id) >= callers(g, id) {
			upright += f.Width
		}
		id = f.End
	}
	return all, upright
}

// callers counts the Java frames above a frame.
func callers(g *flamegraph.Graph, id flamegraph.FrameID) int {
	n := -1
	for _, f := range g.Callers(id) {
		if f.Kind.IsJava() {
			n++
		}
	}
	return n
}

// callees returns how many Java frames the deepest stack below a frame has.
func callees(g *flamegraph.Graph, root flamegraph.FrameID) int {
	most := 0
	depth := []int{0} // of Java frames, by level below the root
	for id, f := range g.Subtree(root) {
		level := int(f.Level - g.Frame(root).Level)
		if id == root {
			continue
		}
		depth = append(depth[:level], depth[level-1])
		if f.Kind.IsJava() {
			depth[level]++
		}
		most = max(most, depth[level])
	}
	return most
}
