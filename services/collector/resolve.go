package collector

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobstate"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/collector/internal/capture"
	"squirrly.dev/services/collector/internal/observe"
)

// resolve finds the job and, at the first claim, freezes the JVMs to profile: a later attempt takes the same ones.
func (r *attempt) resolve(ctx context.Context) (*observer, error) {
	if len(r.claim.Record().Captures) > 0 {
		return r.resume(ctx), nil
	}
	if err := r.claim.Mutate(ctx, func(rec *run.Record) error { rec.Step = "finding the TaskManagers"; return nil }); err != nil {
		return nil, err
	}
	graph, err := r.awaitJob(ctx)
	if err != nil {
		return nil, err
	}
	pick, err := r.choose(ctx, graph)
	if err != nil {
		return nil, err
	}
	o := newObserver(ctx, r, graph, pick)
	o.before(ctx)
	return o, r.claim.Mutate(ctx, func(rec *run.Record) error {
		rec.Captures, rec.Choice = capture.Plan(r.modes(), pick.chosen), pick.choice()
		rec.Plan.JobID, rec.Percent = r.plan.JobID, percentResolved
		rec.Note("job %s (%s): %s on %s: %s", r.plan.JobName, r.plan.JobID, vertices(len(graph.Vertices)),
			pick.count(), listed(pick.chosen))
		return nil
	})
}

// resume goes on with the JVMs of an earlier attempt, and with what it read. The job may be gone by now; its profiles
// are not.
func (r *attempt) resume(ctx context.Context) *observer {
	var jvms []string
	for _, c := range r.claim.Record().Captures {
		if !slices.Contains(jvms, c.JVM) {
			jvms = append(jvms, c.JVM)
		}
	}
	graph, err := observe.ReadGraph(ctx, r.flink, r.plan.JobID)
	o := newObserver(ctx, r, graph, r.chosenBefore(graph, jvms))
	r.recall(ctx, o)
	if err != nil {
		o.noteMissing("job graph: " + err.Error())
		return o
	}
	o.before(ctx)
	return o
}

// findJob reads the planned job, or the one that has replaced it under the same name.
func (r *attempt) findJob(ctx context.Context) (observe.Graph, error) {
	var graph observe.Graph
	err := r.patiently(ctx, func(ctx context.Context) error {
		var err error
		graph, err = observe.ReadGraph(ctx, r.flink, r.plan.JobID)
		switch {
		case errors.Is(err, flink.ErrNotFound):
			graph, err = r.replacement(ctx, "gone")
		case err == nil && flink.JobEnded(graph.Job.State):
			graph, err = r.replacement(ctx, graph.Job.State)
		}
		return err
	})
	if err != nil {
		return graph, r.explain(ctx, capture.Fault(err, r.timing))
	}
	r.plan.JobID = graph.Job.ID
	return graph, nil
}

// replacement is the one running job of the same name as one that is gone, or has ended.
func (r *attempt) replacement(ctx context.Context, state string) (observe.Graph, error) {
	jobs, err := r.flink.Jobs(ctx)
	if err != nil {
		return observe.Graph{}, err
	}
	var same []string
	for _, j := range jobs {
		if j.Name == r.plan.JobName && j.State == flink.JobRunning {
			same = append(same, j.ID)
		}
	}
	if len(same) != 1 {
		text := fmt.Sprintf("job %s is %s, and %d running jobs are named %q", r.plan.JobID, state, len(same), r.plan.JobName)
		if state == flink.JobFailed {
			text = withFailure(text, jobstate.LastFailure(ctx, r.flink, r.plan.JobID))
		}
		return observe.Graph{}, bus.Permanent(events.CodeJobGone, errors.New(text))
	}
	return observe.ReadGraph(ctx, r.flink, same[0])
}

// patiently repeats a call of Flink while Flink is away, for some seconds.
func (r *attempt) patiently(ctx context.Context, call func(context.Context) error) error {
	return r.timing.Retry(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, r.timing.Call)
		defer cancel()
		return call(ctx)
	})
}

// explain adds to a missing profiler why it is missing: an old Flink, or the switch.
func (r *attempt) explain(ctx context.Context, err error) error {
	if !errors.Is(err, flink.ErrProfilerUnavailable) {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	o, versionErr := r.flink.Overview(ctx)
	switch {
	case versionErr != nil:
		return err
	case !flink.HasProfiler(o.Version):
		err = fmt.Errorf("flink %s has no profiler: it came with %s", o.Version, flink.FirstWithProfiler)
	default:
		err = fmt.Errorf("flink %s: rest.profiling.enabled is not true in the configuration of the JobManager", o.Version)
	}
	return bus.Permanent(events.CodeProfilingDisabled, err)
}

func vertices(n int) string {
	if n == 1 {
		return "1 vertex"
	}
	return fmt.Sprintf("%d vertices", n)
}

// listed names the first of many.
func listed(names []string) string {
	const most = 8
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}
