package scan

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Holds says for each description, and for each frame of the graph, whether it counts a sample that ends there. It sees what
// [Scan.Tally] sees, single idle paths, and Category, Package and Stack, which is the whole beginning of the stack: From is not
// looked up.
func (s *Scan) Holds(counts []*events.Count) ([][]bool, error) {
	out := make([][]bool, len(counts))
	plain := make([]*events.Count, len(counts))
	for i, c := range counts {
		plain[i] = c
		if ofOnePath(c) {
			idle := *c
			idle.Idle, plain[i] = events.IdleOnly, &idle
		}
		out[i] = make([]bool, s.Graph.Len())
	}
	t, err := newTally(s, plain)
	if err != nil {
		return nil, err
	}
	t.run(func(id flamegraph.FrameID, f *flamegraph.Frame) {
		for i := range counts {
			out[i][id] = t.counted(i, id, f)
		}
	})
	for i, c := range counts {
		if ofOnePath(c) {
			meet(out[i], s.below(s.resting[c.Idle]))
		}
		if len(c.Stack) > 0 {
			meet(out[i], s.below(s.Begin(c.Stack)))
		}
		if c.Category != "" || c.Package != "" {
			s.ofKind(out[i], c)
		}
	}
	return out, nil
}

// ofOnePath reports that a description counts what is idle by one path alone.
func ofOnePath(c *events.Count) bool {
	return c.Idle != "" && c.Idle != events.IdleAny && c.Idle != events.IdleOnly
}

func meet(a, b []bool) {
	for i := range a {
		a[i] = a[i] && b[i]
	}
}

// ofKind keeps the frames whose samples are work of a category, and of a package.
func (s *Scan) ofKind(frames []bool, c *events.Count) {
	for id, at := range s.Places() {
		frames[id] = frames[id] && at.Category >= 0 && (c.Category == "" || s.category(int(at.Category)) == c.Category) &&
			(c.Package == "" || at.User != NoName && wording.Package(s.Graph.Name(at.User)) == c.Package)
	}
}

// Begin returns the frames whose whole stacks, without the root, have these names: one, or several of different kinds.
func (s *Scan) Begin(stack []string) []flamegraph.FrameID {
	if s.Graph.Len() == 0 {
		return nil
	}
	at := []flamegraph.FrameID{flamegraph.Root}
	for _, name := range stack {
		var next []flamegraph.FrameID
		for _, id := range at {
			for child := range s.Graph.Children(id) {
				if s.Graph.NameOf(child) == name {
					next = append(next, child)
				}
			}
		}
		at = next
	}
	return at
}

// below marks some frames and all below them.
func (s *Scan) below(roots []flamegraph.FrameID) []bool {
	out := make([]bool, s.Graph.Len())
	for _, root := range roots {
		for id := range s.Graph.Subtree(root) {
			out[id] = true
		}
	}
	return out
}
