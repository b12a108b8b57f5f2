package diagnose

import (
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// missing says what would have told more.
func missing(r *reading, limit events.Limit) []string {
	var out []string
	if r.ctx == nil {
		out = append(out, "The metrics of the job: without them nobody can tell which vertex limits it.")
	} else {
		out = append(out, r.ctx.Missing...)
		if limit == events.LimitUnknown {
			out = append(out, "The busy and backpressured times of the job's subtasks: they would show which vertex limits it.")
		}
		if limits.Incomplete(r.ctx) {
			out = append(out, "Complete record counts: Flink marks some as incomplete, since subtasks have not reported theirs; they are unknown here.")
		}
		if len(r.ctx.Threads) == 0 && len(r.loads) > 1 {
			out = append(out, "Thread dumps: they would tell for sure to which vertex a function belongs.")
		}
	}
	if len(r.family(mechanisms.FamilyWall)) == 0 {
		out = append(out, "A WALL capture: it would show sleeping and blocking functions, and thread equivalents.")
	}
	if len(r.family(mechanisms.FamilyCPU)) == 0 {
		out = append(out, "An ITIMER capture: it would show CPU work in more detail, and CPU starvation.")
	}
	return out
}
