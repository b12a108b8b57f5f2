package scan

import (
	"strings"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// Spot is a place in a task: a path of stages from its thread down, each of them a frame that tells which vertex and
// which operator the thread is in. What the samples below it do says nothing of that and is left out.
type Spot struct {
	Parent int32 // -1: the thread itself
	Stage  mechanisms.Stage
	Frame  flamegraph.NameID // that began the stage
	Active uint64            // samples that end here, without idle ones
	Waits  uint64            // of Active: those that wait
	Keyed  bool              // of an operator or an input: a key is set or keyed state is used below it
}

// NoSpot is the spot of what lies outside the tasks.
const NoSpot int32 = -1

type spotKey struct {
	parent int32
	stage  mechanisms.Stage
	frame  flamegraph.NameID
}

// enterSpot brings the spot of a state up to date with one frame. An operator is entered by the chains, which know what
// one is.
func (p *pass) enterSpot(name flamegraph.NameID, info *nameInfo, st *state) {
	switch {
	case info.flags&isTaskRoot != 0:
		st.spot = p.further(NoSpot, mechanisms.StageTask, name)
	case info.flags&isSourceRoot != 0:
		st.spot = p.further(NoSpot, mechanisms.StageLegacy, name)
	case st.spot == NoSpot:
	case info.flags&isEntry != 0 && p.inherited(st.spot):
		st.spot = p.further(st.spot, mechanisms.StageFunction, name) // a watermark fires the timers of a window
	case info.stage == mechanisms.StageNone:
	case info.stage == mechanisms.StageKeyed:
		p.keyed(st.spot)
	case p.tells(st.spot, info.stage):
		st.spot = p.further(st.spot, info.stage, name)
	}
}

// inherited reports that a spot is an operator of which the stack shows only what all operators inherit.
func (p *pass) inherited(spot int32) bool {
	at := &p.out.Spots[spot]
	return at.Stage == mechanisms.StageOperator && strings.Contains(p.out.Graph.Name(at.Frame), ".Abstract")
}

// further returns the spot one stage further down.
func (p *pass) further(from int32, stage mechanisms.Stage, frame flamegraph.NameID) int32 {
	key := spotKey{from, stage, frame}
	id, ok := p.spots[key]
	if !ok {
		id = int32(len(p.out.Spots)) //nolint:gosec // at most one for each frame
		p.spots[key] = id
		p.out.Spots = append(p.out.Spots, Spot{Parent: from, Stage: stage, Frame: frame})
	}
	return id
}

// tells reports whether a stage says more than those before it. How records come in, the serializer that reads them and
// checkpoints are told above the operators; outputs and functions below one.
func (p *pass) tells(spot int32, stage mechanisms.Stage) bool {
	last := p.out.Spots[spot].Stage
	switch stage {
	case mechanisms.StageMail:
		return last != mechanisms.StageMail
	case mechanisms.StageTwoInputs, mechanisms.StageNetwork, mechanisms.StageSource, mechanisms.StageCheckpoint, mechanisms.StageRestore:
		return last != stage && last < mechanisms.StageReads
	case mechanisms.StageReads:
		return last == mechanisms.StageNetwork
	case mechanisms.StageFunction:
		return last == mechanisms.StageOperator
	case mechanisms.StageWrites:
		return last == mechanisms.StageSent
	default:
		return last != stage && last >= mechanisms.StageOperator
	}
}

// keyed marks the operator that a spot lies in, or the input that looks for a record's key.
func (p *pass) keyed(spot int32) {
	for at := spot; at >= 0; at = p.out.Spots[at].Parent {
		if s := &p.out.Spots[at]; s.Stage == mechanisms.StageOperator || s.Stage == mechanisms.StageNetwork {
			s.Keyed = true
			return
		}
	}
}

// operatorSpot is the spot of an operator that is entered. One that another calls without an output in between is a
// function of that.
func (p *pass) operatorSpot(st *state, name flamegraph.NameID) int32 {
	if st.spot == NoSpot {
		return NoSpot
	}
	switch p.out.Spots[st.spot].Stage {
	case mechanisms.StageOperator:
		return p.further(st.spot, mechanisms.StageFunction, name)
	case mechanisms.StageFunction:
		return st.spot
	default:
		return p.further(st.spot, mechanisms.StageOperator, name)
	}
}

// syncChain moves to the chain of the same operator that lies at the spot of a state.
func (p *pass) syncChain(st *state) {
	if st.chain < 0 || st.spot == NoSpot || p.out.Spots[st.spot].Stage != mechanisms.StageFunction {
		return
	}
	if c := p.out.Chains[st.chain]; c.Spot != st.spot {
		c.Spot = st.spot
		st.chain = p.chain(c)
	}
}

func (p *pass) countSpot(samples uint64, st *state) {
	if st.spot == NoSpot {
		return
	}
	spot := &p.out.Spots[st.spot]
	spot.Active += samples
	if st.waiting {
		spot.Waits += samples
	}
}

// PathTo returns the stages from the thread down to a spot.
func (s *Scan) PathTo(spot int32) []Spot {
	var path []Spot
	for at := spot; at >= 0; at = s.Spots[at].Parent {
		path = append(path, s.Spots[at])
	}
	for i, j := 0, len(path)-1; i < j; i, j = i+1, j-1 {
		path[i], path[j] = path[j], path[i]
	}
	return path
}

// isSerializer tells the serializer of a record's type from the ones that wrap it.
func isSerializer(name string) bool {
	return !strings.Contains(name, ".StreamElementSerializer.") && !strings.Contains(name, "DeserializationDelegate.")
}
