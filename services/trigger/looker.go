package trigger

import (
	"context"

	"squirrly.dev/internal/flink"
	"squirrly.dev/services/trigger/internal/policy"
	"squirrly.dev/services/trigger/internal/source/rollout"
	"squirrly.dev/services/trigger/internal/target"
)

// looker asks JobManagers what runs, for rollouts.
type looker struct{ resolver *target.Resolver }

// Look implements [rollout.Looker]: the release of a URL is the id of its job. job is the name that it had before.
func (l looker) Look(ctx context.Context, t policy.Target, job string) rollout.Seen {
	at := t.Target
	if at.Job == "" {
		at.Job = job
	}
	found, err := l.resolver.Look(ctx, at)
	if err != nil {
		return rollout.Seen{Note: err.Error()}
	}
	const digits = 12
	return rollout.Seen{
		Release: "job-" + found.ID[:min(digits, len(found.ID))], Job: found.Name, Running: found.State == flink.JobRunning,
		Note: stateNote(found),
	}
}

func stateNote(j flink.JobSummary) string {
	if j.State == flink.JobRunning {
		return ""
	}
	return "its job is " + j.State
}
