package diagnose

import (
	"slices"

	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// seen is what the profiles add to the counters before anything is judged.
func seen(r *reading) limits.Seen {
	s := limits.Seen{Sources: map[string]limits.SourceThreads{}}
	var restoring, active uint64
	for _, capture := range r.weighed() {
		if capture.Family == mechanisms.FamilyCPU || capture.Family == mechanisms.FamilyWall {
			restoring += capture.Restoring()
			active += capture.TaskActive
		}
	}
	s.Restoring = share(restoring, active)
	for _, w := range r.family(mechanisms.FamilyWall) {
		s.Sources[w.JVM] = limits.SourceThreads(w.SourceThreads())
	}
	return s
}

// profiled reports that some capture of a TaskManager has samples.
func (r *reading) profiled(jvm string) bool {
	return slices.ContainsFunc(r.weighed(), func(s *jvmScan) bool { return s.JVM == jvm && s.Total > 0 })
}

// unprofiled returns the TaskManager of a subtask that limits the job, when none of them was profiled: then the samples
// are those of others, and say nothing about where its time goes.
func (r *reading) unprofiled(j *limits.Judgement) string {
	if j.Vertex < 0 {
		return ""
	}
	at := ""
	for _, i := range j.Hot {
		s := &r.loads[j.Vertex].Subtasks[i]
		if s.TaskManager == "" || r.profiled(s.TaskManager) {
			return ""
		}
		at = s.TaskManager
	}
	return at
}

// unseenShare is the part of the busy time of some vertices that their subtasks spent on TaskManagers without a profile; 0
// when no busy time is known.
func (r *reading) unseenShare(vertices []int) float64 {
	unseen, busy := 0.0, 0.0
	for _, v := range vertices {
		for i := range r.loads[v].Subtasks {
			s := &r.loads[v].Subtasks[i]
			if s.Busy <= 0 || s.TaskManager == "" {
				continue
			}
			busy += s.Busy
			if !r.profiled(s.TaskManager) {
				unseen += s.Busy
			}
		}
	}
	if busy == 0 {
		return 0
	}
	return unseen / busy
}
