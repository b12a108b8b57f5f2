package target

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobstate"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// choose picks the running job that is wanted by id or name, or that started is the id of, or the only one; and where none
// is running, the only one that may run again: whoever profiles it waits for it. Where there are several of those, the
// error is [notRunning].
func choose(jobs []flink.JobSummary, wanted, started string) (flink.JobSummary, error) {
	named := jobs
	if wanted != "" {
		named = only(jobs, func(j flink.JobSummary) bool { return strings.EqualFold(j.ID, wanted) || j.Name == wanted })
	}
	matches, waiting := only(named, isRunning), only(named, mayRun)
	if i := slices.IndexFunc(matches, func(j flink.JobSummary) bool { return j.ID == started }); wanted == "" && i >= 0 {
		return matches[i], nil
	}
	switch {
	case len(matches) == 1:
		return matches[0], nil
	case len(matches) > 1:
		return flink.JobSummary{}, refusal.New(events.CodeSeveralJobs, "%d jobs are running: %s", len(matches), list(matches))
	case len(waiting) == 1:
		return waiting[0], nil
	case len(waiting) > 1:
		return flink.JobSummary{}, notRunning(waiting)
	case wanted == "":
		return flink.JobSummary{}, refusal.New(events.CodeNoRunningJob, "no job is running there")
	case len(named) > 0:
		return flink.JobSummary{}, refusal.New(events.CodeNoRunningJob, "job %q is %s", wanted, named[0].State)
	}
	return flink.JobSummary{}, refusal.New(events.CodeUnknownJob, "there is no job %q; running are %s", wanted, list(only(jobs, isRunning)))
}

func only(jobs []flink.JobSummary, are func(flink.JobSummary) bool) []flink.JobSummary {
	return slices.DeleteFunc(slices.Clone(jobs), func(j flink.JobSummary) bool { return !are(j) })
}

func isRunning(j flink.JobSummary) bool { return j.State == flink.JobRunning }

func mayRun(j flink.JobSummary) bool { return jobstate.MayRun(j.State) }

// notRunning are jobs that do not run now and may run again, none of which is running.
type notRunning []flink.JobSummary

// Error implements error.
func (n notRunning) Error() string { return n.state() }

// refuse says which state they are in, and of one that fails and restarts what it fails with.
func (n notRunning) refuse(ctx context.Context, client *flink.Client) error {
	job := n[0]
	if i := slices.IndexFunc(n, func(j flink.JobSummary) bool { return jobstate.Restarts(j.State) }); i >= 0 {
		job = n[i]
	}
	code := jobstate.Code(job.State)
	if why := jobstate.LastFailure(ctx, client, job.ID); why != "" {
		return refusal.New(code, "%s; the last failure of %q: %s", n.state(), jobstate.Short(job.Name), why)
	}
	return refusal.New(code, "%s", n.state())
}

// state is what a reader has to know first.
func (n notRunning) state() string {
	if len(n) == 1 {
		return jobstate.NotRunning(n[0].Name, n[0].ID, n[0].State)
	}
	var each []string
	for _, j := range n[:min(len(n), maxListed)] {
		each = append(each, fmt.Sprintf("%q (%s) is %s", jobstate.Short(j.Name), j.ID, j.State))
	}
	if more := len(n) - maxListed; more > 0 {
		each = append(each, fmt.Sprintf("and %d more", more))
	}
	return "no job is RUNNING there: " + strings.Join(each, ", ")
}

// maxListed is how many jobs a message names.
const maxListed = 4

// list names a few jobs for a message.
func list(jobs []flink.JobSummary) string {
	if len(jobs) == 0 {
		return "none"
	}
	names := make([]string, 0, maxListed+1)
	for i, j := range jobs {
		if i == maxListed {
			names = append(names, fmt.Sprintf("and %d more", len(jobs)-maxListed))
			break
		}
		names = append(names, fmt.Sprintf("%q (%s)", jobstate.Short(j.Name), j.ID))
	}
	return strings.Join(names, ", ")
}
