package scan

import "squirrly.dev/internal/flamegraph"

// end is a segment of a path, found by the step that it ends with.
type end struct {
	path, segment int32
	after         int32 // what must have begun above: the number of the segment before, -1 for the first
	begins        int32 // its own number, -1 for the last
}

// fitter tells whether a frame fits a step.
type fitter interface {
	isA(id flamegraph.FrameID, s step) bool
}

// advance moves a path on whose segment ends in a step that fits this frame, and returns it if that completes it. What is
// only begun is kept in at. Above is what the frames above have begun, since no frame is below itself.
func (p *program) advance(g *flamegraph.Graph, id flamegraph.FrameID, e *end, above, at bits, frames fitter) *path {
	if e.after >= 0 && !above.has(int(e.after)) {
		return nil
	}
	pa := &p.paths[e.path]
	if segment := pa.segments[e.segment]; len(segment) > 1 && !direct(g, id, segment, frames) {
		return nil
	}
	if e.begins < 0 {
		return pa
	}
	at.add(int(e.begins))
	return nil
}

// direct reports that a frame and its direct callers fit a segment, of which the last step is known to fit.
func direct(g *flamegraph.Graph, id flamegraph.FrameID, segment []step, frames fitter) bool {
	for i := len(segment) - 2; i >= 0; i-- {
		if id = g.Frame(id).Parent; id <= flamegraph.Root || !frames.isA(id, segment[i]) {
			return false
		}
	}
	return true
}
