package channel

import (
	"errors"
	"fmt"
	"time"
)

// ErrRefused says that the receiver wants no such message, now or later.
var ErrRefused = errors.New("refused for good")

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
