package diagnose

import (
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
	"squirrly.dev/services/analyzer/internal/scan"
)

// Lines of a call tree: of the mode that shows the work of the tasks best, and of one beside it.
const (
	maxLines       = 60
	maxLinesBeside = 36
)

// What a sample is worth in a call tree. Where the job is limited its tree is cut finest.
const (
	worthWork  = 12 // of what limits the job, and of any task where that is not known
	worthMaybe = 9  // of a task that may be of what limits
	worthTasks = 6  // of the other tasks of the job
	worthOther = 4  // outside the tasks: helper threads, garbage collection, compaction
	worthAlien = 1  // of the tasks of other jobs
	// seenBefore is the part of that which a sample of WALL is worth where a CPU profile shows the same: a thread that runs.
	seenBefore = 3
)

// seconds reports that another mode shows what a mode shows, but for the waits.
func (r *reading) seconds(m *modeScans) bool {
	family := mechanisms.FamilyOf(m.mode)
	return family != mechanisms.FamilyCPU && len(r.family(mechanisms.FamilyCPU)) > 0
}

// worthOf is what the frames of a mode are worth.
func (d condenser) worthOf(m *modeScans, merged *scan.Scan) []uint64 {
	where, again := merged.Threads(), mechanisms.FamilyOf(m.mode) == mechanisms.FamilyWall && d.seconds(m)
	ends := d.worthOfEnds(m, merged)
	return merged.Weighed(func(id flamegraph.FrameID) uint64 {
		worth := uint64(worthOther)
		switch {
		case !where[id].Task:
		case ends[id] > 0:
			worth = ends[id]
		default:
			worth = worthWork
		}
		if again && !where[id].Waits {
			worth = max(1, worth/seenBefore)
		}
		return worth
	})
}

// worthOfEnds is what samples of tasks are worth that end in the frames of a mode, by their place in the plan; 0 is not known.
// Frames of several JVMs are one in the merged captures: the JVM with most samples says where they lie.
func (d condenser) worthOfEnds(m *modeScans, merged *scan.Scan) []uint64 {
	out, most := make([]uint64, merged.Graph.Len()), make([]uint64, merged.Graph.Len())
	for _, s := range m.scans {
		if _, placed := d.view.captures[s]; !placed {
			continue
		}
		type part struct{ chain, spot int32 }
		known := map[part]uint64{}
		at := twins(s.Scan, merged)
		for id, p := range s.Places() {
			f := s.Graph.Frame(frameID(id))
			if f.Self == 0 || at[id] < 0 || f.Self < most[at[id]] {
				continue
			}
			worth, ok := known[part{p.Chain, p.Spot}]
			if !ok {
				worth = d.worthAt(s, p.Chain, p.Spot)
				known[part{p.Chain, p.Spot}] = worth
			}
			out[at[id]], most[at[id]] = worth, f.Self
		}
	}
	return out
}

// worthAt is what a sample of a part of a capture is worth; 0 is not known.
func (d condenser) worthAt(s *jvmScan, chain, spot int32) uint64 {
	if chain < 0 && spot == scan.NoSpot {
		return 0
	}
	p := d.view.place(s, chain, spot)
	limiting := d.view.limit.onPath()
	among := func(v int) bool { return slices.Contains(limiting, v) }
	switch {
	case p.owner == operators.OwnerOther && !p.partly:
		return worthAlien
	case len(limiting) == 0:
		return worthWork
	case !slices.ContainsFunc(p.vertices, among):
		return worthTasks
	case slices.ContainsFunc(p.vertices, func(v int) bool { return !among(v) }):
		return worthMaybe
	}
	return worthWork
}

// twins are the frames of merged captures that the frames of one are part of; -1 is none.
func twins(s, merged *scan.Scan) []flamegraph.FrameID {
	out := make([]flamegraph.FrameID, s.Graph.Len())
	if s == merged {
		for id := range out {
			out[id] = frameID(id)
		}
		return out
	}
	type step struct {
		above flamegraph.FrameID
		name  string
		java  bool
	}
	known := make(map[step]flamegraph.FrameID, merged.Graph.Len())
	for id, f := range merged.Graph.All() {
		if id != flamegraph.Root {
			known[step{f.Parent, merged.Graph.Name(f.Name), f.Kind.IsJava()}] = id
		}
	}
	for id, f := range s.Graph.All() {
		if id == flamegraph.Root {
			continue
		}
		twin, ok := known[step{out[f.Parent], s.Graph.Name(f.Name), f.Kind.IsJava()}]
		if !ok {
			twin = flamegraph.None
		}
		out[id] = twin
	}
	return out
}
