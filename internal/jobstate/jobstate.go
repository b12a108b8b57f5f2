// Package jobstate says of a job that does not run what state it is in, whether it may run again, and what it failed with
// last. Whoever finds such a job, before a run or within one, says the same of it.
package jobstate

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/redact"
	"squirrly.dev/pkg/events"
)

// MayRun reports whether a job in that state does not run now, and may later.
func MayRun(state string) bool {
	return state != flink.JobRunning && state != flink.JobCancelling && !flink.JobEnded(state)
}

// Restarts reports whether a job in that state has failed and is on its way to another attempt.
func Restarts(state string) bool { return state == flink.JobRestarting || state == flink.JobFailing }

// Code is the reason for which a job in that state is not profiled.
func Code(state string) events.Code {
	if Restarts(state) {
		return events.CodeJobRestarting
	}
	return events.CodeTargetNotReady
}

// NotRunning is the sentence about one job.
func NotRunning(name, id, state string) string {
	return fmt.Sprintf("job %q (%s) is %s, not RUNNING", Short(name), id, state)
}

// LastFailure asks for what a job failed with last: what happened, where and when, in one line without secrets. It is empty
// when nothing is known.
func LastFailure(ctx context.Context, client *flink.Client, id string) string {
	failures, err := client.Exceptions(ctx, id, 1)
	if err != nil || len(failures) == 0 {
		return ""
	}
	return failure(failures[0])
}

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
		text += ", in " + Short(redact.Text(e.Task))
	}
	if e.Time > 0 {
		text += ", at " + time.UnixMilli(e.Time).UTC().Format(time.RFC3339)
	}
	return text
}

// Short is a name of somebody else's for a message, cut to 50 bytes.
func Short(name string) string {
	const longest = 50
	return strings.ToValidUTF8(name[:min(len(name), longest)], "")
}
