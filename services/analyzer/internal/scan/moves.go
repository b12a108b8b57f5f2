package scan

import "slices"

// moves is what a frame of some name or class does to the paths. Most frames only begin paths, or lie where a rule or an
// idle path does not look any more: that is one step for all of them together.
type moves struct {
	begins          bits // paths of which the first frame was found
	blocked, noIdle mask // rules and idle paths that do not match below
	ends            []end
}

// movesOf sorts segments into moves. What the order of paths decides stays in ends.
func (p *program) movesOf(ends []end) moves {
	m := moves{begins: newBits(len(p.begun))}
	for _, e := range ends {
		pa := &p.paths[e.path]
		alone := e.after < 0 && len(pa.segments[e.segment]) == 1
		switch {
		case alone && e.begins >= 0:
			m.begins.add(int(e.begins))
		case alone && !pa.leaf && pa.purpose == pathBlocks && !p.has(ends, pa.index, pathMatches, pathEnds):
			m.blocked.add(pa.index)
		case alone && !pa.leaf && pa.purpose == pathNoIdle && !p.has(ends, pa.index, pathIdles):
			m.noIdle.add(pa.index)
		default:
			m.ends = append(m.ends, e)
		}
	}
	return m
}

// has reports that some segment is of a path for one of some purposes.
func (p *program) has(ends []end, index int, purposes ...purpose) bool {
	return slices.ContainsFunc(ends, func(e end) bool {
		pa := &p.paths[e.path]
		return pa.index == index && slices.Contains(purposes, pa.purpose)
	})
}

// none reports that nothing moves.
func (m *moves) none() bool { return m.begins == nil }
