package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/netguard"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// ask asks the JobManager of a place for its jobs and for its profiler.
func (r *Resolver) ask(ctx context.Context, p place, wanted string) (Found, error) {
	found := Found{Identity: p.id, RestURL: p.url}
	if wanted == "" && p.session {
		wanted = p.jobID // another job of the session is never meant
	}
	hc, done := r.client(p.guard)
	defer done()
	client, err := flink.New(p.url, hc)
	if err != nil {
		return found, refusal.New(events.CodeInvalidRequest, "field target.url: %w", err)
	}
	err = r.patiently(ctx, func(ctx context.Context) error {
		return classify(p, found.fill(ctx, client, p, wanted))
	})
	return found, err
}

// fill completes what is known about the job of a place.
func (f *Found) fill(ctx context.Context, client *flink.Client, p place, wanted string) error {
	overview, err := client.Overview(ctx)
	if err != nil {
		return err
	}
	f.Flink = overview.Version
	jobs, err := client.Jobs(ctx)
	if err != nil {
		return err
	}
	job, err := choose(jobs, wanted, p.jobID)
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
	return canProfile(config, overview.Version)
}

// classify turns what a client says into refusals; what stays may pass.
func classify(p place, err error) error {
	at := host(p.url)
	switch {
	case err == nil || refusal.Is(err):
		return err
	case errors.Is(err, netguard.ErrRefused):
		if op, ok := errors.AsType[*net.OpError](err); ok {
			err = op.Err
		}
		return refusal.New(events.CodeForbidden, "%w", err)
	case errors.Is(err, flink.ErrMalformed), errors.Is(err, flink.ErrTooLarge), errors.Is(err, flink.ErrNotFound):
		return refusal.New(events.CodeUnknownTarget, "the server at %s does not answer as a JobManager of Flink does: %w", at, err)
	case errors.Is(err, flink.ErrUnavailable):
		return fmt.Errorf("the JobManager at %s does not answer: %w", at, err)
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

// choose picks the running job that is wanted by id or name, or that started is the id of, or the only one.
func choose(jobs []flink.JobSummary, wanted, started string) (flink.JobSummary, error) {
	var running, named, matches []flink.JobSummary
	for _, j := range jobs {
		is := strings.EqualFold(j.ID, wanted) || j.Name == wanted
		if is {
			named = append(named, j)
		}
		if j.State != flink.JobRunning {
			continue
		}
		running = append(running, j)
		if is {
			matches = append(matches, j)
		}
		if wanted == "" && j.ID == started {
			return j, nil
		}
	}
	switch {
	case wanted == "":
		return only(running)
	case len(matches) > 0:
		return only(matches)
	case len(named) > 0:
		return flink.JobSummary{}, refusal.New(events.CodeNoRunningJob, "job %q is %s", wanted, named[0].State)
	}
	return flink.JobSummary{}, refusal.New(events.CodeUnknownJob, "there is no job %q; running are %s", wanted, list(running))
}

func only(jobs []flink.JobSummary) (flink.JobSummary, error) {
	switch len(jobs) {
	case 0:
		return flink.JobSummary{}, refusal.New(events.CodeNoRunningJob, "no job is running there")
	case 1:
		return jobs[0], nil
	}
	return flink.JobSummary{}, refusal.New(events.CodeSeveralJobs, "%d jobs are running: %s", len(jobs), list(jobs))
}

// list names a few jobs for a message.
func list(jobs []flink.JobSummary) string {
	if len(jobs) == 0 {
		return "none"
	}
	const most, longest = 4, 50
	names := make([]string, 0, most+1)
	for i, j := range jobs {
		if i == most {
			names = append(names, fmt.Sprintf("and %d more", len(jobs)-most))
			break
		}
		name := strings.ToValidUTF8(j.Name[:min(len(j.Name), longest)], "")
		names = append(names, fmt.Sprintf("%q (%s)", name, j.ID))
	}
	return strings.Join(names, ", ")
}

// canProfile refuses a Flink whose profiler's routes do not exist.
func canProfile(config flink.Config, version string) error {
	if config.ProfilingEnabled() {
		return nil
	}
	if !flink.HasProfiler(version) {
		return refusal.New(events.CodeProfilingDisabled, "Flink %s has no profiler; it came with Flink %s", version, flink.FirstWithProfiler)
	}
	state := "is not set"
	if value, set := config["rest.profiling.enabled"]; set {
		state = "is " + strconv.Quote(value)
	}
	return refusal.New(events.CodeProfilingDisabled, "the profiler of Flink %s is off: rest.profiling.enabled %s", version, state)
}
