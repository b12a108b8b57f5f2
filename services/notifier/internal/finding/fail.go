package finding

import (
	"slices"
	"time"

	"squirrly.dev/pkg/events"
)

// Fail takes a run that failed, and reports whether that is news: it is not while runs fail for the same reason, nor when
// a later one has succeeded meanwhile. Asked again about the same run it says the same, and changes nothing.
func (j *Job) Fail(run string, id events.Identity, code events.Code, at time.Time) (news, changed bool) {
	if slices.Contains(j.Failures, run) {
		return true, false
	}
	if j.Failing == code || at.Before(j.Last) {
		return false, false
	}
	j.Identity, j.Failing, j.Failures = id, code, append(j.Failures, run)
	j.Failures = j.Failures[max(0, len(j.Failures)-mostFailures):]
	return true, true
}

// Recovered returns why the runs before failed, when a run is the first that succeeded since; else it is empty.
func (j *Job) Recovered(run string) events.Code {
	if j.Again == nil || j.Again.Run != run {
		return ""
	}
	return j.Again.Code
}
