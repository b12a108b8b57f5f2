package diagnose

import (
	"slices"

	"squirrly.dev/internal/flamegraph"
)

// start is the frame with which the path of a group begins: its operator, or what reads records above all of them; it is
// empty for the thread.
func (g *group) start() string {
	if g.between && g.anyTask {
		return g.anchor
	}
	return g.operator
}

// pathOf returns the frames from the operator (or the task) to the frame that matched.
func pathOf(s *jvmScan, at site, operator, anchor string) []string {
	var path []string
	if at.example == flamegraph.None {
		path = []string{operator, anchor, at.frame}
		if at.leaf != "" {
			path = append(path, at.leaf)
		}
		return shorten(path, maxPath)
	}
	path = s.Graph.Stack(at.example)
	if i := lastIndex(path, operator); i >= 0 {
		path = path[i:]
	}
	return shorten(path, maxPath)
}

const maxPath = 9

func lastIndex(path []string, name string) int {
	for i, frame := range slices.Backward(path) {
		if frame == name {
			return i
		}
	}
	return -1
}
