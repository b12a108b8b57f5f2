package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"squirrly.dev/cmd/squirrly/internal/progress"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// patience says how long a run is waited for. Zero is until its end.
type patience struct {
	timeout     time.Duration // then nobody waits any longer; a run of a server goes on
	cancelAfter time.Duration // then the run is cancelled
	remote      bool          // a server does the work, and outlives this command
}

var (
	errTimeout     = errors.New("not waited for any longer")
	errCancelAfter = errors.New("it is to be cancelled")
)

// await follows a run to its end. A request that was rejected because another run is under way for the job is answered by
// that one, which is followed instead; it belongs to somebody else and is never cancelled from here.
func (a *app) await(ctx context.Context, b *bus.Bus, id string, p patience) (run.Record, error) {
	wait, cancel := p.until(ctx)
	defer cancel()
	rec, err := a.follow(wait, b, id)
	theirs := ""
	if err == nil && rec.Outcome != nil && rec.Outcome.Code == events.CodeCoalesced && rec.Existing != "" {
		theirs = rec.Existing
		fmt.Fprintf(a.err, "squirrly: run %s is under way for this job already%s; following it\n", theirs, a.described(wait, b, theirs))
		rec, err = a.follow(wait, b, theirs)
	}
	if err == nil || wait.Err() == nil {
		return rec, err
	}
	return a.stopWaiting(ctx, wait, b, cmp.Or(theirs, id), theirs != "", p)
}

// until ends with the first of the two times, and says by its cause which one it was.
func (p patience) until(ctx context.Context) (context.Context, context.CancelFunc) {
	stop := func() {}
	if p.cancelAfter > 0 {
		ctx, stop = context.WithTimeoutCause(ctx, p.cancelAfter, errCancelAfter)
	}
	if p.timeout > 0 {
		outer := stop
		var inner context.CancelFunc
		ctx, inner = context.WithTimeoutCause(ctx, p.timeout, errTimeout)
		stop = func() { inner(); outer() }
	}
	return ctx, stop
}

// stopWaiting is for an interrupt, and for when one of the two times is over.
func (a *app) stopWaiting(ctx, wait context.Context, b *bus.Bus, id string, theirs bool, p patience) (run.Record, error) {
	why, code := "interrupted", exitInterrupted
	switch cause := context.Cause(wait); {
	case ctx.Err() != nil:
	case errors.Is(cause, errCancelAfter):
		why, code = "not done after "+p.cancelAfter.String(), exitTimeout
	default:
		why, code = "not done after "+p.timeout.String(), exitTimeout
		if p.remote {
			return run.Record{}, goesOn(code, why, id)
		}
	}
	if theirs {
		return run.Record{}, goesOn(code, why, id)
	}
	return a.cancelRun(ctx, b, id, why, code)
}

// cancelRun cancels a run and waits for its end, for 15 seconds at most. The error says what goes on: without an answer of NATS
// the run, and a profile that Flink has begun.
func (a *app) cancelRun(ctx context.Context, b *bus.Bus, id, why string, code int) (run.Record, error) {
	fmt.Fprintln(a.err, "squirrly: cancelling run", id)
	const grace = 15 * time.Second
	last, stop := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer stop()
	before, _ := run.New(b).Get(last, id) // without one nothing is profiled that is known of
	if err := b.Cancel(last, id); err != nil {
		return run.Record{}, goesOn(code, fmt.Sprintf("%s, and the run could not be cancelled (%v)", why, err), id)
	}
	rec, err := a.followOn(last, b, id, progress.New(io.Discard, false, 0)) // its story was told
	if err == nil && rec.State == events.StateAnalyzed {
		return rec, nil // it was done already
	}
	return rec, &coded{code: code, err: fmt.Errorf("%s; run %s is cancelled%s", why, id, profilesOn(before))}
}

// profilesOn says that Flink goes on with what it has begun; nothing where it has begun nothing.
func profilesOn(rec run.Record) string {
	begun := func(c run.Capture) bool { return c.State == run.CaptureRunning || c.State == run.CaptureIntended }
	if !slices.ContainsFunc(rec.Captures, begun) {
		return ""
	}
	return fmt.Sprintf(". Flink profiles on until its %s are over: it has no way to stop a profile", time.Duration(rec.Plan.Duration))
}

func goesOn(code int, why, id string) error {
	return &coded{code: code, err: fmt.Errorf("%s; run %s goes on: `squirrly runs watch %s` follows it, `squirrly runs cancel %s` ends it", why, id, id, id)}
}

// described says what another run does and for whom, for people; nothing when that is not known.
func (a *app) described(ctx context.Context, b *bus.Bus, id string) string {
	rec, err := run.New(b).Get(ctx, id)
	if err != nil || len(rec.Plan.Modes) == 0 {
		return ""
	}
	var modes []string
	for _, m := range rec.Plan.Modes {
		modes = append(modes, string(m))
	}
	text := fmt.Sprintf(" (%s for %s", strings.Join(modes, ", "), time.Duration(rec.Plan.Duration))
	if rec.Requester != "" {
		text += ", for " + clean(rec.Requester)
	}
	return text + ", since " + rec.Created.Local().Format(time.TimeOnly) + ")"
}
