package channel

import (
	"errors"
	"fmt"
	"time"
)

var (
	// ErrRefused says that the receiver wants no such message, now or later: trying again does not help.
	ErrRefused = errors.New("refused for good")
	// ErrGone says that the receiver wants no message at all any more. It is an [ErrRefused].
	ErrGone = fmt.Errorf("the receiver is gone: %w", ErrRefused)
)

// RetryAfter says that the receiver wants to be left alone for a while.
type RetryAfter struct {
	After time.Duration
	Err   error
}

// Error implements error.
func (e *RetryAfter) Error() string {
	return fmt.Sprintf("%s (try again after %s)", e.Err, e.After.Round(time.Second))
}

// Unwrap gives access to the cause.
func (e *RetryAfter) Unwrap() error { return e.Err }
