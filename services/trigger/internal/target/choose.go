package target

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/redact"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/trigger/internal/refusal"
)

// choose picks the running job that is wanted by id or name, or that started is the id of, or the only one. Where there
// is none, but jobs that may run again, the error is [notRunning].
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
	case len(waiting) > 0:
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

// mayRun reports that a job does not run, but may later.
func mayRun(j flink.JobSummary) bool {
	return !isRunning(j) && !flink.JobEnded(j.State) && j.State != flink.JobCancelling
}

// notRunning are jobs that do not run now and may run again, none of which is running.
type notRunning []flink.JobSummary

// Error implements error.
func (n notRunning) Error() string { return n.state() }

// refuse says which state they are in, and of one that fails and restarts what it fails with.
func (n notRunning) refuse(ctx context.Context, client *flink.Client) error {
	code, job := events.CodeTargetNotReady, n[0]
	for _, j := range n {
		if j.State == flink.JobRestarting || j.State == flink.JobFailing {
			code, job = events.CodeJobRestarting, j
			break
		}
	}
	failures, err := client.Exceptions(ctx, job.ID, 1)
	if err != nil || len(failures) == 0 {
		return refusal.New(code, "%s", n.state())
	}
	return refusal.New(code, "%s; the last failure of %q: %s", n.state(), short(job.Name), failure(failures[0]))
}

// state is what a reader has to know first.
func (n notRunning) state() string {
	if len(n) == 1 {
		return fmt.Sprintf("job %q (%s) is %s, not RUNNING", short(n[0].Name), n[0].ID, n[0].State)
	}
	var each []string
	for _, j := range n[:min(len(n), maxListed)] {
		each = append(each, fmt.Sprintf("%q (%s) is %s", short(j.Name), j.ID, j.State))
	}
	if more := len(n) - maxListed; more > 0 {
		each = append(each, fmt.Sprintf("and %d more", more))
	}
	return "no job is RUNNING there: " + strings.Join(each, ", ")
}

// failure is what happened, where and when, without secrets.
func failure(e flink.Exception) string {
	text := cmp.Or(e.Cause, e.Name)
	if e.Message != "" {
		text += ": " + e.Message
	}
	const longest = 160 // bytes
	text = redact.Text(text)
	if len(text) > longest {
		text = strings.ToValidUTF8(text[:longest], "") + "…"
	}
	if e.Task != "" {
		text += ", in " + short(redact.Text(e.Task))
	}
	if e.Time > 0 {
		text += ", at " + time.UnixMilli(e.Time).UTC().Format(time.RFC3339)
	}
	return text
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
		names = append(names, fmt.Sprintf("%q (%s)", short(j.Name), j.ID))
	}
	return strings.Join(names, ", ")
}

// short is a name of somebody else's for a message.
func short(name string) string {
	const longest = 50 // bytes
	return strings.ToValidUTF8(name[:min(len(name), longest)], "")
}
