package limits

import (
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
)

// SourceThreads are the samples of the threads of legacy sources in one TaskManager, in WALL captures. A legacy source works
// in a thread of its own, and Flink reports NaN for its busy time. All threads are sampled alike, so that no clock is needed.
type SourceThreads struct {
	Running uint64 // neither waits nor sleeps
	Blocked uint64 // waits for a buffer to write to: backpressured
	Waiting uint64 // waits or sleeps otherwise
}

// of returns what a part of the samples is in thread equivalents of so many threads.
func (t *SourceThreads) of(samples uint64, threads int) float64 {
	all := t.Running + t.Blocked + t.Waiting
	if all == 0 {
		return 0
	}
	return float64(samples) / float64(all) * float64(threads)
}

// Legacy is a source whose busy time Flink does not know, judged by its threads in sum and by what its subtasks send.
type Legacy struct {
	Vertex  int
	Running float64   // thread equivalents of all its threads, in sum
	Busy    []float64 // by position of the subtask: the estimate
	blocked []float64 // likewise
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
		sent, n := sentBy(subtasks, tm)
		running := threads.of(threads.Running, n)
		if !counted[tm] {
			counted[tm] = true
			l.Running += running
		}
		switch {
		case sent > 0:
			part := float64(subtasks[i].Written) / float64(sent)
			l.Busy = append(l.Busy, min(1, running*part))
			l.blocked = append(l.blocked, min(1, threads.of(threads.Blocked, n)*part))
		case running >= Saturated*float64(n), running <= halfBusy: // all of them run, or none, whoever sends what
			l.Busy = append(l.Busy, min(1, running/float64(n)))
			l.blocked = append(l.blocked, 0)
		default:
			return nil
		}
	}
	return l
}

// sentBy returns what the subtasks of a source on one TaskManager send, and how many there are.
func sentBy(subtasks []Subtask, tm string) (sent int64, n int) {
	for i := range subtasks {
		if subtasks[i].TaskManager == tm {
			sent = plus(sent, subtasks[i].Written)
			n++
		}
	}
	return sent, n
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
		s.Idle = max(0, 1-max(held, l.blocked[i])-s.Busy)
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
