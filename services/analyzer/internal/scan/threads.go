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

// buffers is the class in which a task waits for a buffer to write to.
const buffers = "org.apache.flink.runtime.io.network.buffer.LocalBufferPool.requestMemorySegment"

// Threads are the samples of some threads by what the threads do.
type Threads struct {
	Running uint64 // neither wait nor sleep
	Blocked uint64 // wait for a buffer to write to: are backpressured
	Waiting uint64 // wait or sleep otherwise
}

// SourceThreads returns what the second threads of legacy sources do. What waits in an operator that is chained to the
// source runs, since such an operator is busy when it sleeps.
func (s *Scan) SourceThreads() Threads {
	var t Threads
	// Where the subtree of such a thread, of an output, of a wait and of a request for a buffer ends.
	var inside, output, waits, blocks flamegraph.FrameID
	for id := flamegraph.Root + 1; int(id) < s.Graph.Len(); id++ {
		f := s.Graph.Frame(id)
		flags := s.names[f.Name].flags
		if flags&isSourceRoot != 0 && id >= inside {
			inside = f.End
		}
		if flags&isOutput != 0 && id < inside && id >= output {
			output = f.End
		}
		if flags&isWait != 0 && id >= waits {
			waits = f.End
		}
		if id < inside && id >= blocks && strings.HasPrefix(s.Graph.Name(f.Name), buffers) {
			blocks = f.End
		}
		switch {
		case id >= inside:
		case id < waits && id < blocks:
			t.Blocked += f.Self
		case id < waits && id >= output:
			t.Waiting += f.Self
		default:
			t.Running += f.Self
		}
	}
	return t
}
