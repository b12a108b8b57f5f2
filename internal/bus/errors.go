package bus

import (
	"errors"
	"time"

	"squirrly.dev/pkg/events"
)

// ErrSuperseded says that another worker owns the run. Whoever gets it stops everything and settles nothing: the
// acknowledgement of a zombie would destroy the live owner's message.
var ErrSuperseded = errors.New("superseded: another worker owns the run")

// ErrCancelled is the cause of a handler's context when the run was cancelled on request.
var ErrCancelled = errors.New("run cancelled on request")

// ErrNoRecord says that a run has no record.
var ErrNoRecord = errors.New("no record of this run")

// Fault is an error with a reason code. Its kind says what becomes of the run.
type Fault struct {
	Code  events.Code
	After time.Duration // of a wait: when to try again
	Hint  string        // what to do about this very case; empty: the hint of the code
	final bool
	err   error
}

// Error implements error.
func (f *Fault) Error() string { return f.err.Error() }

// Unwrap gives access to the cause.
func (f *Fault) Unwrap() error { return f.err }

// Permanent marks an error that no retry mends: the run is failed (or the request rejected) and kept as a dead letter.
func Permanent(code events.Code, err error) error {
	return &Fault{Code: code, final: true, err: err}
}

// PermanentWithHint is [Permanent] for a case that has a better hint than its code.
func PermanentWithHint(code events.Code, hint string, err error) error {
	return &Fault{Code: code, Hint: hint, final: true, err: err}
}

// hintOf is what to do about an error: its own hint, else that of the code.
func hintOf(err error, code events.Code) string {
	if f, ok := errors.AsType[*Fault](err); ok && f.Hint != "" {
		return f.Hint
	}
	return code.Hint()
}

// Wait marks an error that may pass: the run is taken up again after the given time, until its deadline.
func Wait(code events.Code, after time.Duration, err error) error {
	return &Fault{Code: code, After: after, err: err}
}

// asFault classifies any error of a handler; one without a code is waited for with a growing delay.
func asFault(err error, attempts int) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	const first, most = 2 * time.Second, 2 * time.Minute
	return &Fault{Code: events.CodeInternal, After: min(first<<min(attempts, 10), most), err: err}
}
