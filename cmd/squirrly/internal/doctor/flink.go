package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/access"
	"squirrly.dev/internal/reach"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

const (
	flinkCall = 5 * time.Second // of one call
	mostTold  = 20              // TaskManagers that are told one by one
)

// Flink looks whether a JobManager can be reached, runs a job, and profiles on each of its TaskManagers. No profile is started.
func Flink(ctx context.Context, way *access.Access, rest string) []Finding {
	area := "Flink " + rest
	client, done, err := way.Client(ctx, access.Target{URL: rest, Timeout: flinkCall})
	if err != nil {
		return []Finding{{area, Fail, err.Error(), "Name the REST URL of the JobManager."}}
	}
	defer done()
	overview, err := client.Overview(ctx)
	if err != nil {
		return []Finding{unreached(area, err)}
	}
	on := profiler(ctx, client, area, overview.Version)
	found := append([]Finding{on}, jobs(ctx, client, area)...)
	if on.State == Fail {
		return found
	}
	return append(found, taskManagers(ctx, client, area)...)
}

func unreached(area string, err error) Finding {
	f := Finding{Area: area, State: Fail, Says: err.Error(), Do: events.CodeUnknownTarget.Hint()}
	if code, ok := reach.Code(err); ok {
		f.Do = code.Hint()
	}
	return f
}

// profiler says whether Flink's profiler is on.
func profiler(ctx context.Context, client *flink.Client, area, version string) Finding {
	f := Finding{Area: area, State: OK}
	config, err := client.JobManagerConfig(ctx)
	switch {
	case !flink.HasProfiler(version):
		f.State, f.Says, f.Do = Fail, fmt.Sprintf("Flink %s has no profiler", version), "Upgrade to Flink "+flink.FirstWithProfiler+" or later."
	case errors.Is(err, flink.ErrNotFound):
		f.State, f.Says = Note, fmt.Sprintf("Flink %s; a proxy hides its configuration, so whether the profiler is on shows when it is asked", version)
	case err != nil:
		return unreached(area, err)
	case !config.ProfilingEnabled():
		f.State, f.Says, f.Do = Fail, fmt.Sprintf("Flink %s; its profiler is off", version), events.CodeProfilingDisabled.Hint()
	default:
		f.Says = fmt.Sprintf("Flink %s; its profiler is on, for profiles of up to %.0f s", version, config.MaxProfile().Seconds())
	}
	return f
}

// jobs says what runs, and how far the JobManager's clock is off.
func jobs(ctx context.Context, client *flink.Client, area string) []Finding {
	all, err := client.Jobs(ctx)
	if err != nil {
		return []Finding{unreached(area, err)}
	}
	var running []flink.JobSummary
	for _, j := range all {
		if j.State == flink.JobRunning {
			running = append(running, j)
		}
	}
	if len(running) == 0 {
		return []Finding{{area, Note, "no job is running", events.CodeNoRunningJob.Hint()}}
	}
	found := []Finding{{area, OK, wording.Plural(len(running), "running job"), ""}}
	if job, err := client.Job(ctx, running[0].ID); err == nil && job.Now > 0 {
		found = append(found, clock(area, "the JobManager", time.Until(time.UnixMilli(job.Now))))
	}
	return found
}

// taskManagers says for each whether its profiler answers.
func taskManagers(ctx context.Context, client *flink.Client, area string) []Finding {
	all, err := client.TaskManagers(ctx)
	if err != nil {
		return []Finding{unreached(area, err)}
	}
	if len(all) == 0 {
		return []Finding{{area, Note, "there are no TaskManagers", ""}}
	}
	var found []Finding
	well := 0
	for _, tm := range all {
		_, err := client.ListProfiles(ctx, tm.ID)
		if err == nil {
			well++
			continue
		}
		if len(found) == mostTold {
			continue
		}
		f := unreached(area, err)
		if _, known := reach.Code(err); !known {
			f.Do = events.CodeProfilerFailed.Hint()
		}
		if errors.Is(err, flink.ErrProfilerUnavailable) {
			f.Do = events.CodeProfilingDisabled.Hint()
		}
		f.Says = "TaskManager " + tm.ID + ": " + f.Says
		found = append(found, f)
	}
	state := OK
	if well < len(all) {
		state = Fail
	}
	says := fmt.Sprintf("the profiler answers on %d of %s", well, wording.Plural(len(all), "TaskManager"))
	return append([]Finding{{area, state, says, ""}}, found...)
}
