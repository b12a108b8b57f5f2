package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/scan"
)

// owner says to which job of a session cluster a chain of operators belongs.
type owner int

const (
	ownerUnknown owner = iota // of a class that no thread dump shows, or that several jobs use
	ownerThis
	ownerOther
)

// ownerOf asks the thread dumps: the innermost function decides that was seen in the threads of one side only.
func (m *vertexMap) ownerOf(s *scan.Scan, chain int32) owner {
	for at := chain; at >= 0; at = s.Chains[at].Parent {
		if s.Chains[at].Anchor == scan.NoName {
			continue
		}
		anchor := s.Graph.Name(s.Chains[at].Anchor)
		for _, key := range [...]string{anchor, wording.Class(anchor)} {
			this, other := m.byFrame[key] != nil, m.foreign[key]
			switch {
			case this && !other:
				return ownerThis
			case other && !this:
				return ownerOther
			}
		}
	}
	return ownerUnknown
}

// twin is a name of threads of one TaskManager. Two jobs from the same program have threads of the same names.
type twin struct{ jvm, name string }

func twinThreads(threads []jobcontext.Thread) map[twin]int {
	count := map[twin]int{}
	for _, t := range threads {
		count[twin{t.TaskManager, t.Name}]++
	}
	return count
}

// runs reports whether the subtask that a thread is named after runs on the thread's TaskManager; else the thread
// belongs to another job with a vertex of the same name.
func (m *vertexMap) runs(vertex int, thread *jobcontext.Thread) bool {
	name := thread.Name[strings.LastIndex(thread.Name, " (")+2:]
	subtask, of := 0, 0
	if _, err := fmt.Sscanf(name, "%d/%d", &subtask, &of); err != nil {
		return false
	}
	load := &m.loads[vertex]
	return of == len(load.Subtasks) && slices.ContainsFunc(load.Subtasks, func(s limits.Subtask) bool {
		return s.Index == subtask-1 && s.TaskManager == thread.TaskManager
	})
}

// isTaskThread tells the thread of a task from its timers and flushers, whose names hold the same words.
func isTaskThread(frames []string) bool {
	return slices.ContainsFunc(frames, func(frame string) bool {
		return frame == "org.apache.flink.runtime.taskmanager.Task.run" ||
			frame == "org.apache.flink.streaming.runtime.tasks.SourceStreamTask$LegacySourceFunctionThread.run"
	})
}
