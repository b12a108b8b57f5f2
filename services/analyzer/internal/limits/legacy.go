package limits

import (
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
)

// SourceThreads are the threads of legacy sources in one TaskManager, in thread equivalents of a WALL capture. A legacy
// source works in a thread of its own, and Flink reports NaN for its busy time.
type SourceThreads struct {
	Running float64 // neither waiting nor sleeping
	Waiting float64 // for input, for a clock, or for buffers
}

// Legacy is a source whose busy time Flink does not know, judged by its threads in sum and by what its subtasks send.
type Legacy struct {
	Vertex  int
	Running float64   // thread equivalents of all its threads, in sum
	Busy    []float64 // by position of the subtask: the estimate
}

// legacyOf measures the one legacy source of the job. It is nil if there is none; if there are several, whose threads look
// alike; if another job may have one in the same TaskManager; or if some TaskManager has no WALL capture.
func legacyOf(c *jobcontext.Context, loads []Load, seen *Seen) *Legacy {
	vertex := none
	for i := range loads {
		if !loads[i].Source() || loads[i].Known() {
			continue
		}
		if vertex != none {
			return nil
		}
		vertex = i
	}
	if vertex == none {
		return nil
	}
	l := &Legacy{Vertex: vertex}
	subtasks, counted := loads[vertex].Subtasks, map[string]bool{}
	for i := range subtasks {
		tm := subtasks[i].TaskManager
		threads, ok := seen.Sources[tm]
		if !ok || othersHaveLegacy(c, tm) {
			return nil
		}
		if !counted[tm] {
			counted[tm] = true
			l.Running += threads.Running
		}
		busy := estimate(subtasks, i, threads.Running)
		if busy == Unknown {
			return nil
		}
		l.Busy = append(l.Busy, busy)
	}
	return l
}

// estimate shares the running time of a TaskManager's source threads among its subtasks, by what they send.
func estimate(subtasks []Subtask, of int, running float64) float64 {
	sent, n := int64(0), 0
	for i := range subtasks {
		if subtasks[i].TaskManager == subtasks[of].TaskManager {
			sent = plus(sent, subtasks[i].Written)
			n++
		}
	}
	switch {
	case sent > 0:
		return min(1, running*float64(subtasks[of].Written)/float64(sent))
	case running >= Saturated*float64(n), running <= halfBusy:
		return min(1, running/float64(n)) // nearly all of the threads run, or none does, whoever sends what
	}
	return Unknown
}

// fill returns the loads with the estimates of the source. What is neither busy nor backpressured is idle: a thread that
// waits or sleeps has a reserve.
func (l *Legacy) fill(loads []Load) []Load {
	if l == nil {
		return loads
	}
	loads = slices.Clone(loads)
	v := &loads[l.Vertex]
	v.Subtasks = slices.Clone(v.Subtasks)
	for i := range v.Subtasks {
		s := &v.Subtasks[i]
		held := max(0, s.BackPressured)
		s.Busy = min(l.Busy[i], 1-held)
		s.Idle = max(0, 1-held-s.Busy)
	}
	return loads
}

// othersHaveLegacy reports that another job seems to have a legacy source in a TaskManager: pages cannot tell the threads
// of the two apart.
func othersHaveLegacy(c *jobcontext.Context, tm string) bool {
	if c == nil {
		return false
	}
	for _, t := range c.Threads {
		name, isLegacy := strings.CutPrefix(t.Name, legacyThread)
		if task, _, ok := cutAttempt(name); isLegacy && ok && t.TaskManager == tm && !ofVertex(c, task) {
			return true
		}
	}
	return false
}

// Sender returns the index of the subtask that sends nearly all records of a source, if there is one, and the records in
// the windows: its own, and all.
func (l *Legacy) Sender(load *Load) (index int, sent, all int64, ok bool) {
	top := 0
	for i := range load.Subtasks {
		all = plus(all, load.Subtasks[i].Written)
		if load.Subtasks[i].Written > load.Subtasks[top].Written {
			top = i
		}
	}
	s := &load.Subtasks[top]
	others := float64(len(load.Subtasks) - 1)
	return s.Index, s.Written, all, all > 0 && others > 0 && float64(s.Written)*others > skewedBeyond*float64(all-s.Written)
}
