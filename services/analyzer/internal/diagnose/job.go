package diagnose

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

const smallMachine = 4 // cores: with no more, task threads wait for each other and for the JVM's own

// subtasksOn returns how many subtasks of the job run on a TaskManager, and whether no other job does.
func (r *reading) subtasksOn(jvm string) (running int, alone bool) {
	for i := range r.loads {
		running += r.subtasksOf(i, jvm)
	}
	if r.ctx == nil {
		return 0, false
	}
	return running, !r.shared(jvm)
}

// subtasksOf returns how many subtasks of a vertex run on a TaskManager.
func (r *reading) subtasksOf(vertex int, jvm string) int {
	n := 0
	for _, s := range r.loads[vertex].Subtasks {
		if s.Running && s.TaskManager == jvm {
			n++
		}
	}
	return n
}

// shared reports that other jobs have slots on a TaskManager.
func (r *reading) shared(jvm string) bool {
	return r.ctx != nil && slices.ContainsFunc(r.ctx.TaskManagers, func(tm jobcontext.TaskManager) bool {
		return tm.ID == jvm && tm.OtherJobs > 0
	})
}

// fewCores reports that no TaskManager is known to have more than a few cores.
func (r *reading) fewCores() bool {
	return !slices.ContainsFunc(r.ctx.TaskManagers, func(tm jobcontext.TaskManager) bool { return tm.CPUCores > smallMachine })
}

// collecting returns the share of the time that a JVM spent in garbage collections, by its own counters.
func (r *reading) collecting(jvm string) float64 {
	spent, passed := jvmDelta(r.ctx, jvm, "", func(j *jobcontext.JVMCounter) int64 { return j.GCMillis })
	if passed <= 0 {
		return 0
	}
	return min(0.95, float64(spent)/passed)
}

// age returns for how many seconds the job had run when its state was read.
func (r *reading) age() (int, bool) {
	if r.ctx == nil || r.ctx.Job.StartTime <= 0 || r.ctx.Job.Now < r.ctx.Job.StartTime {
		return 0, false
	}
	return int((r.ctx.Job.Now - r.ctx.Job.StartTime) / 1000), true
}

// busyTE returns the busy time of a vertex's subtasks on the TaskManagers that have a WALL capture, or of all of them
// without any, in thread equivalents; -1 is unknown.
func (r *reading) busyTE(vertex int) float64 { return r.busyOf(&r.loads[vertex]) }

// busyOf is busyTE of one load of a vertex.
func (r *reading) busyOf(load *limits.Load) float64 {
	captured := r.family(mechanisms.FamilyWall)
	sum := 0.0
	for _, s := range load.Subtasks {
		seen := len(captured) == 0 || slices.ContainsFunc(captured, func(j *jvmScan) bool { return j.JVM == s.TaskManager })
		switch {
		case !seen:
		case s.Busy == limits.Unknown:
			return limits.Unknown
		default:
			sum += s.Busy
		}
	}
	return sum
}

// names returns the names of vertices.
func (r *reading) names(vertices []int) []string {
	var out []string
	for _, v := range vertices {
		out = append(out, r.loads[v].Name)
	}
	return out
}

// version returns the version of Flink, or "" when it is unknown.
func (r *reading) version() string {
	if r.ctx == nil {
		return ""
	}
	return r.ctx.FlinkVersion
}
