package bus

import (
	"errors"
	"time"

	"squirrly.dev/pkg/events"
)

// Fault is an error with a reason code. Its kind says what becomes of the run.
type Fault struct {
	Code  events.Code
	After time.Duration // of a wait: when to try again
	Hint  string        // what to do about this very case; empty: the hint of the code
	Final bool          // no retry mends it
	Err   error
}

// Error implements error.
func (f *Fault) Error() string { return f.Err.Error() }

// Unwrap gives access to the cause.
func (f *Fault) Unwrap() error { return f.Err }

// Permanent marks an error that no retry mends: the run is failed (or the request rejected) and kept as a dead letter.
func Permanent(code events.Code, err error) error {
	return &Fault{Code: code, Final: true, Err: err}
}

// PermanentWithHint is [Permanent] for a case that has a better hint than its code.
func PermanentWithHint(code events.Code, hint string, err error) error {
	return &Fault{Code: code, Hint: hint, Final: true, Err: err}
}

// HintOf is what to do about an error: its own hint, else that of the code.
func HintOf(err error, code events.Code) string {
	if f, ok := errors.AsType[*Fault](err); ok && f.Hint != "" {
		return f.Hint
	}
	return code.Hint()
}

// Wait marks an error that may pass: the run is taken up again after the given time, until its deadline.
func Wait(code events.Code, after time.Duration, err error) error {
	return &Fault{Code: code, After: after, Err: err}
}

// AsFault classifies any error of a handler; one without a code is waited for with a delay that grows with the attempts
// that there were before.
func AsFault(err error, attempts int) *Fault {
	if f, ok := errors.AsType[*Fault](err); ok {
		return f
	}
	const first, most = 2 * time.Second, 2 * time.Minute
	return &Fault{Code: events.CodeInternal, After: min(first<<min(attempts, 10), most), Err: err}
}
