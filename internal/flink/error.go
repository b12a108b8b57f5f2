package flink

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// What an [*Error] can be, for errors.Is.
var (
	// ErrNotFound is any answer 404, and the file of a profile that is gone.
	ErrNotFound = errors.New("not found")
	// ErrUnavailable is no answer, a broken one, or one that says that Flink or the TaskManager cannot be reached: trying
	// again may help, or turn up as ErrUnknownTaskManager when the JVM is dead, which Flink notices after some 10 s.
	ErrUnavailable = errors.New("flink is not available")
	// ErrTaskManagerSilent says that the JobManager does not reach the TaskManager, which has died, hangs, or is cut off. It is
	// also an ErrUnavailable, and turns into ErrUnknownTaskManager when Flink gives the TaskManager up (heartbeat.timeout, 50 s).
	ErrTaskManagerSilent = errors.New("the TaskManager does not answer Flink")
	// ErrTooLarge is an answer over the limit of this package.
	ErrTooLarge = errors.New("answer is too large")
	// ErrMalformed is an answer that is not what Flink gives: often another server at that address.
	ErrMalformed = errors.New("answer is malformed")

	// ErrProfilerBusy says that somebody profiles that JVM already; it passes.
	ErrProfilerBusy = errors.New("a profile is already running in this JVM")
	// ErrProfilerUnavailable says that Flink has no profiler: rest.profiling.enabled is false, or Flink is older than 1.19.
	ErrProfilerUnavailable = errors.New("the profiler is disabled, or this Flink is too old")
	// ErrDurationOutOfRange says that the duration is not positive or above Error.MaxDuration.
	ErrDurationOutOfRange = errors.New("the duration is out of range")
	// ErrUnknownTaskManager says that no TaskManager of that id is registered (any more).
	ErrUnknownTaskManager = errors.New("unknown TaskManager")
	// ErrModeRefused says that the profiler cannot use the mode on that machine, such as CPU without perf events.
	ErrModeRefused = errors.New("the profiling mode is refused on this machine")
	// ErrProfileFailed says that the profiler did not start or not finish, for another reason.
	ErrProfileFailed = errors.New("the profile failed")
)

// Error is a call that did not succeed. Its text has method and path, and neither host nor credentials.
type Error struct {
	Status      int           // HTTP status; 0 when there was no answer
	Method      string        // such as GET
	Path        string        // escaped, without prefix and query
	Messages    []string      // what Flink says, as it says it; may hold stack traces
	MaxDuration time.Duration // the limit behind ErrDurationOutOfRange; 0 when unknown

	kind  error // one of the sentinels, or nil
	cause error // of the transport or the decoder, or nil
}

// Error is one line: the call, the status, what it means and what Flink says in short.
func (e *Error) Error() string {
	parts := []string{e.Method + " " + e.Path}
	if e.Status != 0 && e.Status != http.StatusOK {
		parts = append(parts, fmt.Sprintf("HTTP %d", e.Status))
	}
	if e.kind != nil {
		parts = append(parts, e.kind.Error())
	}
	if e.MaxDuration > 0 {
		parts = append(parts, fmt.Sprintf("the limit is %s", e.MaxDuration))
	}
	if e.cause != nil {
		parts = append(parts, e.cause.Error())
	}
	if summary := e.summary(); summary != "" && !errors.Is(e.kind, ErrTaskManagerSilent) { // else it holds only addresses of actors
		parts = append(parts, summary)
	}
	return strings.Join(parts, ": ")
}

// Is sorts the error into the sentinels of this package.
func (e *Error) Is(target error) bool {
	return target == e.kind || target == ErrNotFound && e.Status == http.StatusNotFound || target == ErrUnavailable && implied(e.kind) == target
}

// Unwrap returns the failure of the transport or the decoder, if that is what happened.
func (e *Error) Unwrap() error { return e.cause }

// summary is the last cause that a message names, else its first line; Flink's own "Internal server error." says nothing.
func (e *Error) summary() string {
	for _, message := range e.Messages {
		lines := strings.Split(message, "\n")
		summary := strings.TrimSpace(lines[0])
		for _, line := range lines {
			if cause, ok := strings.CutPrefix(line, "Caused by: "); ok {
				summary = strings.TrimSpace(cause)
			}
		}
		if summary == "<Exception on server side:" && len(lines) > 1 {
			summary = strings.TrimSpace(lines[1])
		}
		if summary != "" && summary != "Internal server error." {
			return shorten(summary, 300)
		}
	}
	return ""
}

// failed is a call that Flink did not answer as it should.
func (r call) failed(status int, kind, cause error) *Error {
	return &Error{Status: status, Method: r.method, Path: r.name(), kind: kind, cause: cause}
}

// refused is a call that was answered with another status than 200.
func (c *Client) refused(r call, res *http.Response) *Error {
	e := &Error{Status: res.StatusCode, Method: r.method, Path: r.name()}
	text, err := io.ReadAll(io.LimitReader(res.Body, maxErrorAnswer))
	if err != nil {
		e.cause = withoutURL(err)
	}
	var answer struct {
		Errors []string `json:"errors"`
	}
	if json.Unmarshal(text, &answer) == nil {
		e.Messages = answer.Errors
	}
	e.classify(r.isProfiler())
	if e.kind == nil {
		e.kind = deniedKind(res, string(text))
	}
	switch {
	case errors.Is(e.kind, ErrRedirects):
		e.cause = errors.New(whereTo(res))
	case errors.Is(e.kind, ErrUnauthorized) && c.Shows != nil:
		e.cause = errors.New(c.Shows())
	}
	return e
}

// isProfiler tells the routes that exist only where the profiler is enabled.
func (r call) isProfiler() bool {
	return len(r.path) >= 3 && r.path[0] == "taskmanagers" && r.path[2] == "profiler"
}

var durationLimit = regexp.MustCompile(`must be set between \(0s, (\d{1,9})s\]`)

// classify works on texts, since Flink answers a busy profiler, a bad duration and a lost TaskManager alike with 500.
func (e *Error) classify(profiler bool) {
	text := strings.Join(e.Messages, "\n")
	says := func(part string) bool { return strings.Contains(text, part) }
	switch {
	case says("is still under profiling"):
		e.kind = ErrProfilerBusy
	case durationLimit.MatchString(text):
		e.kind = ErrDurationOutOfRange
		seconds, _ := strconv.Atoi(durationLimit.FindStringSubmatch(text)[1]) // digits only
		e.MaxDuration = time.Duration(seconds) * time.Second
	case says("No TaskExecutor registered under"), says("Could not find TaskExecutor"),
		says("from TaskExecutor") && says("because it was unknown"):
		e.kind = ErrUnknownTaskManager
	case says("does not exist on the TaskExecutor"):
		e.kind = ErrNotFound
	case e.Status == http.StatusServiceUnavailable, e.Status == http.StatusBadGateway,
		e.Status == http.StatusGatewayTimeout, e.Status == http.StatusTooManyRequests,
		says("Cannot connect to ResourceManager right now"):
		e.kind = ErrUnavailable
	case says("RecipientUnreachableException"), says("RemoteRpcInvocation(TaskExecutorGateway") && says("timed out"):
		e.kind = ErrTaskManagerSilent
	case e.Status == http.StatusNotFound && profiler:
		e.kind = ErrProfilerUnavailable
	}
}

// withoutURL drops the URL that net/http puts into its errors, since it may hold credentials.
func withoutURL(err error) error {
	if ue, ok := errors.AsType[*url.Error](err); ok {
		return ue.Err
	}
	return err
}

func shorten(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
