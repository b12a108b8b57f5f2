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
	restoring := s.namesWith(func(name string, _ nameFlags) bool { return strings.HasPrefix(name, restores) })
	if restoring == nil {
		return 0
	}
	for id := flamegraph.Root + 1; int(id) < s.Graph.Len(); {
		f := s.Graph.Frame(id)
		if restoring[f.Name] {
			sum += s.ActiveWidth[id]
			id = f.End
			continue
		}
		id++
	}
	return sum
}

// namesWith tells by name which ones are of a kind. It is nil when none is: a graph has far more frames than names, and
// most graphs have no frame of a rare kind.
func (s *Scan) namesWith(is func(name string, flags nameFlags) bool) []bool {
	var of []bool
	for i := range s.names {
		if is(s.Graph.Name(flamegraph.NameID(i)), s.names[i].flags) {
			if of == nil {
				of = make([]bool, len(s.names))
			}
			of[i] = true
		}
	}
	return of
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
	sources := s.namesWith(func(_ string, flags nameFlags) bool { return flags&isSourceRoot != 0 })
	if sources == nil {
		return t
	}
	waits := s.namesWith(func(name string, _ nameFlags) bool { return strings.HasPrefix(name, buffers) })
	var thread, output, wait, buffer subtree
	for id := flamegraph.Root + 1; int(id) < s.Graph.Len(); id++ {
		f := s.Graph.Frame(id)
		flags := s.names[f.Name].flags
		thread.enter(id, f, sources[f.Name])
		wait.enter(id, f, flags&isWait != 0)
		if !thread.has(id) {
			continue
		}
		output.enter(id, f, flags&isOutput != 0)
		buffer.enter(id, f, waits != nil && waits[f.Name])
		switch {
		case wait.has(id) && buffer.has(id):
			t.Blocked += f.Self
		case wait.has(id) && !output.has(id):
			t.Waiting += f.Self
		default:
			t.Running += f.Self
		}
	}
	return t
}

// subtree is where the frames below one of some kind end, in the order of a graph.
type subtree struct{ end flamegraph.FrameID }

// enter begins the subtree of a frame that is of the kind, unless it stands in one already.
func (s *subtree) enter(id flamegraph.FrameID, f *flamegraph.Frame, is bool) {
	if is && !s.has(id) {
		s.end = f.End
	}
}

func (s *subtree) has(id flamegraph.FrameID) bool { return id < s.end }
