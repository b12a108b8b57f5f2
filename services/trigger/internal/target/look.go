package target

import (
	"context"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// Look asks the JobManager of a URL, once and with no patience, which job is meant and in which state it is.
func (r *Resolver) Look(ctx context.Context, t events.Target) (flink.JobSummary, error) {
	p, err := r.byURL(t, Permit{})
	if err != nil {
		return flink.JobSummary{}, err
	}
	client, done, err := r.Flink.Client(ctx, access.Target{URL: p.url, Timeout: callTimeout})
	if err != nil {
		return flink.JobSummary{}, refusal.New(events.CodeInvalidRequest, "field target.url: %w", err)
	}
	defer done()
	jobs, err := client.Jobs(ctx)
	if err != nil {
		return flink.JobSummary{}, classify(p, err)
	}
	return choose(jobs, t.Job, "")
}
