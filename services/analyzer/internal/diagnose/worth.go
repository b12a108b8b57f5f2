package diagnose

import (
	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// Lines of a call tree: of the mode that shows the work of the tasks best, and of one beside it.
const (
	maxLines       = 60
	maxLinesBeside = 36
)

// What a sample is worth in a call tree. Where the job is limited its tree is cut finest.
const (
	worthWork  = 12 // of what limits the job
	worthOther = 4  // outside the tasks: helper threads, garbage collection, compaction
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
	return merged.Weighed(func(id flamegraph.FrameID) uint64 {
		worth := uint64(worthOther)
		if where[id].Task {
			worth = worthWork
		}
		if again && !where[id].Waits {
			worth /= seenBefore
		}
		return worth
	})
}
