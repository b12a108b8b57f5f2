package diagnose

import (
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
	"squirrly.dev/services/analyzer/internal/scan"
)

// asyncPool are the threads that work behind asynchronous calls.
type asyncPool struct {
	threads int     // of pools; 0: calls need none, or each gets one of its own
	busy    float64 // thread equivalents of their work, or threads at work on average
}

// unpooled begins the names of threads that live for one task, so that there are never too few of them.
const unpooled = "Thread-"

// calls finds the pools behind asynchronous calls among the threads that are no tasks: those that run code of the user's. ok is
// false when nothing tells of the threads, or when code of the user's runs in threads that belong to no group.
func (r *reading) calls() (pool asyncPool, ok bool) {
	if r.ctx == nil || len(r.ctx.Census) == 0 {
		return asyncPool{}, false
	}
	dumped, groups := false, 0
	for i := range r.ctx.Census {
		g := &r.ctx.Census[i]
		dumped = dumped || g.Dumps > 0
		if strings.HasPrefix(g.Name, unpooled) || !slices.ContainsFunc(g.Frames, r.scanner.IsUser) || loops(g) {
			continue
		}
		groups++
		pool.threads += g.Count
		pool.busy += g.Busy
	}
	seen, wall := r.callers()
	switch {
	case groups == 0 && seen < minTE:
		return asyncPool{}, dumped || wall
	case groups == 0:
		return asyncPool{}, false
	case groups == 1 && wall:
		pool.busy = seen
	case !dumped:
		return asyncPool{}, false
	}
	return pool, true
}

// loops reports threads that run one thing for ever, as those of clients do that wait for events: no pool.
func loops(g *jobcontext.ThreadGroup) bool {
	return !slices.ContainsFunc(g.Frames, func(frame string) bool {
		return strings.HasPrefix(frame, "java.util.concurrent.ThreadPoolExecutor") || strings.HasPrefix(frame, "java.util.concurrent.ForkJoin") ||
			strings.HasPrefix(frame, "java.util.concurrent.FutureTask") || strings.HasPrefix(frame, "java.util.concurrent.CompletableFuture")
	})
}

// callers are the thread equivalents of the user's code outside the tasks; wall is false without a capture that shows them.
func (r *reading) callers() (te float64, wall bool) {
	for _, s := range r.family(mechanisms.FamilyWall) {
		for _, h := range s.Helpers {
			if h.Anchor != scan.NoName {
				te += s.teOutside(h.Samples)
			}
		}
		wall = wall || s.teOutside(1) > 0
	}
	return te, wall
}

func (s situation) poolUse() (float64, bool) {
	pool, ok := s.calls()
	if pool.threads == 0 {
		return 0, ok
	}
	return min(1, pool.busy/float64(pool.threads)), ok
}

func (s situation) poolThreads() (float64, bool) {
	pool, ok := s.calls()
	return float64(pool.threads), ok && pool.threads > 0
}

// passes is how many records pass in a second in the vertices of a problem, and how many subtasks they have.
func (s situation) passes() (rate float64, subtasks int) {
	for i := range s.loads {
		if !slices.Contains(s.p.Vertices, s.loads[i].Name) {
			continue
		}
		passed := max(s.loads[i].Sum(limits.In), s.loads[i].Sum(limits.Out))
		if passed == limits.Unknown {
			return 0, 0
		}
		rate, subtasks = rate+passed, subtasks+len(s.loads[i].Subtasks)
	}
	return rate, subtasks
}

// asyncRate is what passes in each subtask, on average.
func (s situation) asyncRate() (float64, bool) {
	rate, subtasks := s.passes()
	return rate / float64(max(1, subtasks)), rate > 0
}

// asyncCapacity is what the plan says of the one asynchronous operator of a problem's vertices.
func (s situation) asyncCapacity() (float64, bool) {
	capacity, operatorsThere := 0, 0
	for i := range s.loads {
		if !slices.Contains(s.p.Vertices, s.loads[i].Name) {
			continue
		}
		for _, op := range operators.Asynchronous(&s.ctx.Vertices[i]) {
			capacity, operatorsThere = op.Capacity, operatorsThere+1
		}
	}
	return float64(capacity), operatorsThere == 1 && capacity > 0
}

// asyncLatency follows from what is full, by Little's law: so many calls are under way, and so many end in a second.
func (s situation) asyncLatency() (float64, bool) {
	rate, subtasks := s.passes()
	if rate <= 0 {
		return 0, false
	}
	if use, ok := s.poolUse(); ok && use > fullPool {
		threads, _ := s.poolThreads()
		return threads / rate, true
	}
	capacity, ok := s.asyncCapacity()
	return capacity * float64(subtasks) / rate, ok
}

// fullPool is the share of its threads from which on a pool is what calls wait for.
const fullPool = 0.85
