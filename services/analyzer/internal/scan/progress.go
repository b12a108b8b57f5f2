package scan

import "squirrly.dev/internal/flamegraph"

// progress is how far paths of several segments got.
type progress struct {
	path, done int32
	rest       *progress
}

// reached reports whether a path got that far.
func (p *progress) reached(path, segments int32) bool {
	for at := p; at != nil; at = at.rest {
		if at.path == path && at.done >= segments {
			return true
		}
	}
	return false
}

// advance moves every path on that has a segment ending in a step that fits this frame: it calls done for those that are
// complete, and keeps in at what is only begun. Above is the progress of the frames above, since no frame is below
// itself; is tells whether a frame fits a step.
func (p *program) advance(
	g *flamegraph.Graph, id flamegraph.FrameID, s step, above *progress, at **progress,
	is func(flamegraph.FrameID, step) bool, done func(*path),
) {
	for _, e := range p.ends[s] {
		pa := &p.paths[e.path]
		if (e.segment > 0 && !above.reached(e.path, e.segment)) || !direct(g, id, pa.segments[e.segment], is) {
			continue
		}
		switch {
		case int(e.segment) == len(pa.segments)-1:
			done(pa)
		case !(*at).reached(e.path, e.segment+1):
			*at = &progress{path: e.path, done: e.segment + 1, rest: *at}
		}
	}
}

// direct reports that a frame and its direct callers fit a segment, of which the last step is known to fit.
func direct(g *flamegraph.Graph, id flamegraph.FrameID, segment []step, is func(flamegraph.FrameID, step) bool) bool {
	for i := len(segment) - 2; i >= 0; i-- {
		if id = g.Frame(id).Parent; id <= flamegraph.Root || !is(id, segment[i]) {
			return false
		}
	}
	return true
}
