// Package refusal holds the one error with which a request is turned down for good. It knows no transport: what
// becomes of a refusal is decided by whoever took the request. Faults that may pass are not refusals.
package refusal

import (
	"errors"
	"fmt"
	"strings"

	"squirrly.dev/pkg/events"
)

// maxMessage bounds a message in bytes; names of jobs and servers in it are other people's text.
const maxMessage = 400

// Error says why a request is refused. Its text is one sentence for the requester, without control characters.
type Error struct {
	Code     events.Code
	Existing string // the run that answers the request instead; see [events.RunRejected]
	message  string
	cause    error
}

// New makes a refusal. Like fmt.Errorf it understands %w.
func New(code events.Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, message: clean(err.Error()), cause: errors.Unwrap(err)}
}

// For makes a refusal in favor of another run, which answers the request instead.
func For(existing string, code events.Code, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Existing: existing, message: clean(err.Error()), cause: errors.Unwrap(err)}
}

// Error implements error.
func (e *Error) Error() string { return e.message }

// Unwrap gives access to the cause, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// Is reports whether an error is a refusal.
func Is(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}

func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}
