package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/reach"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// callTimeout bounds one call of a JobManager.
const callTimeout = 5 * time.Second

// ask asks the JobManager of a place for its jobs and for its profiler.
func (r *Resolver) ask(ctx context.Context, p place, wanted string) (Found, error) {
	found := Found{Identity: p.id, RestURL: p.url}
	if wanted == "" && p.session {
		wanted = p.jobID // another job of the session is never meant
	}
	to := access.Target{URL: p.url, Timeout: callTimeout}
	if p.host != "" {
		to.Hosts = []string{p.host}
	}
	client, done, err := r.Flink.Client(ctx, to)
	if err != nil {
		return found, refusal.New(events.CodeInvalidRequest, "field target.url: %w", err)
	}
	defer done()
	err = r.patiently(ctx, func(ctx context.Context) error {
		return classify(p, found.fill(ctx, client, p, wanted))
	})
	return found, err
}

// fill completes what is known about the job of a place.
func (f *Found) fill(ctx context.Context, client *flink.Client, p place, wanted string) error {
	jobs, err := client.Jobs(ctx)
	if err != nil {
		return err
	}
	job, err := choose(jobs, wanted, p.jobID)
	if waiting, ok := errors.AsType[notRunning](err); ok {
		return waiting.refuse(ctx, client)
	}
	if err != nil {
		return err
	}
	f.JobID, f.JobName = job.ID, job.Name
	switch {
	case p.id.Job == "":
		f.Identity.Job = job.Name
	case p.session:
		f.Identity.Job = p.id.Job + "--" + job.Name
	}
	config, err := client.JobManagerConfig(ctx)
	if errors.Is(err, flink.ErrNotFound) {
		return nil // hidden by a proxy; the profiler itself will tell
	}
	if err != nil {
		return err
	}
	f.MaxDuration = config.MaxProfile()
	if config.ProfilingEnabled() {
		return nil
	}
	overview, err := client.Overview(ctx)
	if err != nil {
		return err
	}
	return cannotProfile(config, overview.Version)
}

// classify turns what a client says into refusals; what stays may pass.
func classify(p place, err error) error {
	at := host(p.url)
	code, known := reach.Code(err)
	switch {
	case err == nil || refusal.Is(err):
		return err
	case code == events.CodeForbidden:
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return refusal.New(code, "%w", err)
	case errors.Is(err, flink.ErrUnavailable), errors.Is(err, flink.ErrAccess): // a file may be written anew just now
		return fmt.Errorf("the JobManager at %s does not answer: %w", at, err)
	case known:
		return refusal.New(code, "the way to the JobManager at %s is closed: %w", at, err)
	case errors.Is(err, flink.ErrMalformed), errors.Is(err, flink.ErrTooLarge), errors.Is(err, flink.ErrNotFound):
		return refusal.New(events.CodeUnknownTarget, "the server at %s does not answer as a JobManager of Flink does: %w", at, err)
	}
	return refusal.New(events.CodeUnreachable, "the JobManager at %s refuses: %w", at, err)
}

func host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "the target"
	}
	return u.Host
}

// cannotProfile refuses a Flink whose profiler's routes do not exist.
func cannotProfile(config flink.Config, version string) error {
	if !flink.HasProfiler(version) {
		return refusal.New(events.CodeProfilingDisabled, "Flink %s has no profiler; it came with Flink %s", version, flink.FirstWithProfiler)
	}
	state := "is not set"
	if value, set := config["rest.profiling.enabled"]; set {
		state = "is " + strconv.Quote(value)
	}
	return refusal.New(events.CodeProfilingDisabled, "the profiler of Flink %s is off: rest.profiling.enabled %s", version, state)
}
