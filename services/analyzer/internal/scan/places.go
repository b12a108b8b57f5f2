package scan

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// FramePlace says of what part of the tasks, and of what kind, the samples are that end in a frame.
type FramePlace struct {
	Chain, Spot int32             // as [Scan.Part] takes them; -1 and [NoSpot]: outside the tasks, or idle, or no samples end there
	Category    int32             // position in [Scan].Categories; -1 without active samples
	User        flamegraph.NameID // innermost user frame, or [NoName]
}

// noteFrame keeps where the samples of a frame lie.
func (p *pass) noteFrame(id flamegraph.FrameID, f *flamegraph.Frame, st *state) {
	if p.frames == nil {
		return
	}
	at := FramePlace{Chain: st.chain, Spot: st.spot, Category: int32(p.categoryOf(f, st)), User: st.user} //nolint:gosec // a few categories
	if at.Chain >= 0 {
		if c := &p.out.Chains[at.Chain]; c.Reads() {
			at.Chain = -1
		} else {
			at.Spot = c.Spot
		}
	}
	p.frames[id] = at
}

// placesOf walks a graph again and notes where the samples of each frame lie, which only the deciding of claims asks for.
func (s *Scanner) placesOf(g *flamegraph.Graph, family mechanisms.Family) []FramePlace {
	p := s.newPass(g, family)
	p.frames = make([]FramePlace, g.Len())
	for i := range p.frames {
		p.frames[i] = FramePlace{Chain: -1, Spot: NoSpot, Category: -1, User: NoName}
	}
	p.run(g)
	return p.frames
}

// Places returns for each frame of the graph where the samples lie that end in it. It must not be changed.
func (s *Scan) Places() []FramePlace { return s.places() }
