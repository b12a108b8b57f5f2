package scan

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// tallyState is what the frames down to one frame say. The sets hold descriptions.
type tallyState struct {
	task, source bool
	operator     bool   // this very frame is one
	inside, own  bool   // below an operator, and below none of its outputs
	wait         uint16 // level of the first frame that waits; 0 is none
	begun        bits   // segments of paths

	matched bits // by Match, in the part of the stack that counts
	seen    bits // by Above, in all frames
	above   bits // by Above, in the frames before the last operator
	without bits
	with    bits
	here    bits // a path of Match is complete with this very frame
	last    bits // and ends with "$"

	lastWithout, lastWith bits // such a path of Without or With is complete with this very frame
}

// bits is a set of descriptions.
type bits []uint64

func (b bits) has(i int) bool { return b[i/64]&(1<<(i%64)) != 0 }
func (b bits) add(i int)      { b[i/64] |= 1 << (i % 64) }
func (b bits) drop(i int)     { b[i/64] &^= 1 << (i % 64) }

func newBits(n int) bits { return make(bits, (n+63)/64) }

// level returns the state of a level, made when it is first needed.
func (t *tally) level(n uint16) *tallyState {
	size := (len(t.counts) + 63) / 64
	for len(t.levels) <= int(n) {
		all := make(bits, 9*size)
		part := func(i int) bits { return all[i*size : (i+1)*size] }
		t.levels = append(t.levels, tallyState{
			begun: newBits(len(t.program.begun)), matched: part(0), seen: part(1), above: part(2), without: part(3), here: part(4),
			last: part(5), with: part(6), lastWithout: part(7), lastWith: part(8),
		})
	}
	return &t.levels[n]
}

// inherit makes the state of a frame that of its caller.
func (st *tallyState) inherit(from *tallyState) {
	copy(st.begun, from.begun)
	copy(st.matched, from.matched)
	copy(st.seen, from.seen)
	copy(st.above, from.above)
	copy(st.without, from.without)
	copy(st.with, from.with)
	clear(st.here)
	clear(st.last)
	clear(st.lastWithout)
	clear(st.lastWith)
	st.task, st.source, st.inside, st.own = from.task, from.source, from.inside, from.own
	st.wait = from.wait
}

// complete notes that a path is complete with this frame.
func (st *tallyState) complete(pa *path) {
	switch {
	case pa.purpose == tallyAbove:
		st.seen.add(pa.index)
	case pa.purpose == tallyWithout && pa.leaf:
		st.lastWithout.add(pa.index)
	case pa.purpose == tallyWith && pa.leaf:
		st.lastWith.add(pa.index)
	case pa.purpose == tallyWithout:
		st.without.add(pa.index)
	case pa.purpose == tallyWith:
		st.with.add(pa.index)
	case pa.leaf:
		st.last.add(pa.index)
	default:
		st.matched.add(pa.index)
		st.here.add(pa.index)
	}
}

// isClass reports that a frame stands for what was allocated or locked, and is no method.
func (s *Scan) isClass(id flamegraph.FrameID) bool {
	return (s.Family == mechanisms.FamilyAlloc || s.Family == mechanisms.FamilyLock) && s.Graph.Frame(id).End == id+1
}
