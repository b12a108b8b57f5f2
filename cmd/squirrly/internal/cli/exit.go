package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/nats.go"

	"squirrly.dev/cmd/squirrly/internal/local"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// Exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitFindings    = 3 // the result has findings of the severity given with --fail-on
	exitRefuted     = 3 // the evidence refutes a claim
	exitAuth        = 4
	exitNotFound    = 5
	exitTimeout     = 6
	exitUndecided   = 7 // the evidence does not decide a claim
	exitInterrupted = 130
)

// coded is an error with an exit code of its own.
type coded struct {
	code  int
	err   error
	quiet bool // what there is to say was said already
}

// Error implements error.
func (c *coded) Error() string { return c.err.Error() }

// Unwrap gives access to the cause.
func (c *coded) Unwrap() error { return c.err }

func usage(format string, a ...any) error {
	return &coded{code: exitUsage, err: fmt.Errorf(format, a...)}
}

// refused is the error of input that cannot be read: wrong usage, unless the user has interrupted the reading.
func refused(ctx context.Context, format string, a ...any) error {
	if ctx.Err() != nil {
		return fmt.Errorf(format, a...)
	}
	return usage(format, a...)
}

func quietError(err error) bool {
	var c *coded
	return errors.As(err, &c) && c.quiet
}

// exitCode maps an error to the exit code of the process.
func exitCode(ctx context.Context, err error) int {
	var c *coded
	var settings *local.SettingsError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &c):
		return c.code
	case errors.As(err, &settings):
		return exitUsage
	case ctx.Err() != nil:
		return exitInterrupted
	case errors.Is(err, bus.ErrDenied):
		return exitAuth
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout):
		return exitTimeout
	case errors.Is(err, run.ErrNoRecord):
		return exitNotFound
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired):
		return exitAuth
	}
	return exitFailure
}

// said is an error as it is printed. What a call says that an interrupt has ended tells nobody more than that. What stands in
// it may come from outside: nothing steers the terminal.
func said(ctx context.Context, err error) string {
	var c *coded
	if ctx.Err() != nil && exitCode(ctx, err) == exitInterrupted && !errors.As(err, &c) {
		return "interrupted"
	}
	lines := strings.Split(err.Error(), "\n")
	for i := range lines {
		lines[i] = clean(lines[i])
	}
	return strings.Join(lines, "\n")
}

// outcomeError is the error of a run that ended without a result.
func outcomeError(state events.State, o *events.Outcome) error {
	if o == nil {
		return fmt.Errorf("the run is %s", state)
	}
	code := exitFailure
	switch o.Code {
	case events.CodeUnknownTarget, events.CodeUnknownJob, events.CodeNoRunningJob, events.CodeJobGone,
		events.CodeJobRestarting:
		code = exitNotFound
	case events.CodeForbidden, events.CodeUnauthorized, events.CodeTargetForbids, events.CodeKerberos, events.CodeLoginPage,
		events.CodeTLSClientCert, events.CodeProxyRefuses:
		code = exitAuth
	case events.CodeInvalidRequest, events.CodeSeveralJobs, events.CodeDurationRange, events.CodeUndecodable:
		code = exitUsage
	case events.CodeDeadlineExceeded:
		code = exitTimeout
	case events.CodeCancelled:
		code = exitInterrupted
	}
	return &coded{code: code, err: fmt.Errorf("%s (%s): %s\n  %s", state, o.Code, o.Message, o.Hint)}
}
