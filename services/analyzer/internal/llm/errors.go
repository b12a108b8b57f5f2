package llm

import (
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The kinds of errors. Every error of a Provider wraps one of them, or the error of the context.
var (
	ErrRateLimited    = errors.New("the provider's rate limit or quota is exhausted")
	ErrAuth           = errors.New("the provider refused the key")
	ErrContextTooLong = errors.New("the prompt is too long for the model")
	ErrRefused        = errors.New("the model refused to answer")
	ErrTruncated      = errors.New("the answer was cut off at the limit of output tokens")
	ErrUnavailable    = errors.New("the provider is not available")
	ErrRequest        = errors.New("the provider refused the request")
	ErrBadOutput      = errors.New("the answer is not a JSON object")
)

// Error is an error of a provider.
type Error struct {
	Kind       error         // one of the Err… of this package
	Status     int           // of HTTP; 0 when there was no response
	Message    string        // of the provider, shortened, without the key
	RequestID  string        // of the provider, for its support
	RetryAfter time.Duration // that the provider asked for; 0 is not told
	Err        error         // what lies below, may be nil
}

// Error implements error.
func (e *Error) Error() string {
	parts := []string{e.Kind.Error()}
	if e.Status != 0 {
		parts = append(parts, "HTTP status "+strconv.Itoa(e.Status))
	}
	if e.Message != "" {
		parts = append(parts, e.Message)
	}
	if e.RequestID != "" {
		parts = append(parts, "request "+e.RequestID)
	}
	return strings.Join(parts, ": ")
}

// Unwrap makes errors.Is and errors.As see the kind and the cause.
func (e *Error) Unwrap() []error {
	if e.Err == nil {
		return []error{e.Kind}
	}
	return []error{e.Kind, e.Err}
}

// Temporary reports whether asking again later may succeed.
func Temporary(err error) bool {
	return errors.Is(err, ErrRateLimited) || errors.Is(err, ErrUnavailable)
}

// Unasked reports whether err means that no model read the question, so that nothing is to be paid. A filter for content,
// a time-out and a bad gateway may come after the model has worked.
func Unasked(err error) bool {
	if errors.Is(err, ErrOpen) {
		return true
	}
	e, ok := errors.AsType[*Error](err)
	if !ok {
		return false
	}
	switch e.Status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity:
		return errors.Is(e.Kind, ErrRequest) || errors.Is(e.Kind, ErrAuth)
	case http.StatusUnauthorized, http.StatusPaymentRequired, http.StatusForbidden, http.StatusNotFound,
		http.StatusTooManyRequests, http.StatusNotImplemented, http.StatusServiceUnavailable, overloaded:
		return true
	}
	return false
}

// overloaded is the status of a provider that turns requests away, at Anthropic.
const overloaded = 529

// NoAnswer reports whether err means that no answer could be had at all, rather than one of no use.
func NoAnswer(err error) bool {
	return Temporary(err) || errors.Is(err, ErrAuth) || errors.Is(err, ErrRequest) || errors.Is(err, ErrOpen)
}
