package scan

import (
	"strings"

	"squirrly.dev/internal/flamegraph"
)

// restores begins the methods in which a task reads its state back before it runs.
const restores = "org.apache.flink.streaming.runtime.tasks.StreamTask.restore"

// Restoring returns the active samples of threads that restore state.
func (s *Scan) Restoring() uint64 {
	var sum uint64
	for id := flamegraph.Root + 1; int(id) < s.Graph.Len(); {
		f := s.Graph.Frame(id)
		if strings.HasPrefix(s.Graph.Name(f.Name), restores) {
			sum += s.ActiveWidth[id]
			id = f.End
			continue
		}
		id++
	}
	return sum
}

// SourceThreads splits the samples of the second threads of legacy sources: those that wait for something, be it a clock,
// input or a buffer, and the others.
func (s *Scan) SourceThreads() (running, waiting uint64) {
	inside, waits := flamegraph.FrameID(0), flamegraph.FrameID(0) // where the subtree of such a thread, and of a wait, ends
	for id := flamegraph.Root + 1; int(id) < s.Graph.Len(); id++ {
		f := s.Graph.Frame(id)
		flags := s.names[f.Name].flags
		if flags&isSourceRoot != 0 && id >= inside {
			inside = f.End
		}
		if flags&isWait != 0 && id >= waits {
			waits = f.End
		}
		switch {
		case id >= inside:
		case id < waits:
			waiting += f.Self
		default:
			running += f.Self
		}
	}
	return running, waiting
}
