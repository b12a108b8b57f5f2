// Package capture drives Flink's profiler: it takes every capture of a run from pending to stored or lost, so that no
// JVM is profiled twice in a mode and no profile of a stranger is taken for ours, whoever takes the run over and when.
//
// The truth is the run's record: a capture is intended before a profile is started and running after. What is around
// the profiles (graph, counters, threads) does not belong here, and neither does what they mean.
package capture

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/panics"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// Profiler is Flink's profiler; *[flink.Client] is one.
type Profiler interface {
	ListProfiles(ctx context.Context, taskManager string) ([]flink.Profile, error)
	StartProfile(ctx context.Context, taskManager string, mode flink.Mode, duration time.Duration) (flink.Profile, error)
	DownloadProfile(ctx context.Context, taskManager, file string, w io.Writer) (int64, error)
}

// Store keeps pages; *[artifact.Store] is one.
type Store interface {
	PutFrom(ctx context.Context, ref events.ObjectRef, body io.ReaderAt) error
}

// Claim is the hold on a run; *[run.Claim] is one.
type Claim interface {
	Record() run.Record
	Mutate(ctx context.Context, fn func(*run.Record) error) error
	Check(ctx context.Context) error
}

// Window is told when profiles of a mode run.
type Window interface {
	Began() // before a profile is started
	Ended() // when one was seen to be finished
}

// Runner takes the captures of one run. It is made for one attempt at it.
type Runner struct {
	Profiler Profiler
	Store    Store
	Claim    Claim
	Plan     events.Plan
	Timing   Timing
	Log      *slog.Logger // for what Flink says in full, at debug

	room      *Room
	pageSlots chan struct{} // bounds the pages of the run that are worked on
}

// New returns a runner with the usual timing.
func New(p Profiler, s Store, c Claim, plan events.Plan, room *Room) *Runner {
	return &Runner{
		Profiler: p, Store: s, Claim: c, Plan: plan, Timing: DefaultTiming(), Log: slog.New(slog.DiscardHandler),
		room: room, pageSlots: make(chan struct{}, maxPages),
	}
}

// Plan lays the captures of a run out: every mode on every JVM.
func Plan(modes []events.Mode, jvms []string) []run.Capture {
	all := make([]run.Capture, 0, len(modes)*len(jvms))
	for _, mode := range modes {
		for _, jvm := range jvms {
			all = append(all, run.Capture{JVM: jvm, Mode: mode, State: run.CapturePending})
		}
	}
	return all
}

// Mode takes all captures that were asked for in one mode, all JVMs at the same time. It returns when each is stored,
// lost, or cannot go on for now; the error is the worst, after every JVM had its chance.
func (r *Runner) Mode(ctx context.Context, mode events.Mode, w Window) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	captures := r.Claim.Record().Captures
	errs := make([]error, len(captures))
	var all sync.WaitGroup
	for i := range captures {
		if asked(&captures[i]) != mode {
			continue
		}
		all.Go(func() {
			errs[i] = panics.Catch(func() error { return r.run(ctx, i, w) })
			if errs[i] != nil && !isTemporary(errs[i]) {
				cancel() // no use in going on with the others
			}
		})
	}
	all.Wait()
	return worst(errs)
}

// asked is the mode in which the plan wants a capture.
func asked(c *run.Capture) events.Mode {
	if c.Requested != "" {
		return c.Requested
	}
	return c.Mode
}

// run takes one capture as far as it goes.
func (r *Runner) run(ctx context.Context, i int, w Window) error {
	t := &take{Runner: r, index: i, window: w}
	for {
		c, err := t.capture()
		if err != nil {
			return err
		}
		switch c.State {
		case run.CapturePending, run.CaptureIntended:
			err = t.start(ctx, c)
		case run.CaptureRunning:
			err = t.finish(ctx, c)
		case run.CaptureStored, run.CaptureLost:
			return nil
		default:
			return bus.Permanent(events.CodeInternal, fmt.Errorf("capture of %s is in state %q", c.JVM, c.State))
		}
		if err = t.settle(ctx, c, err); err != nil {
			return err
		}
	}
}

// take is one capture being taken.
type take struct {
	*Runner
	index  int
	window Window

	unanswered int       // starts that got no answer: each may have started a profile
	posted     time.Time // when this attempt started the profile; zero when an earlier one did
	busySince  time.Time // when the JVM was first seen busy
	bad        int       // downloads that were no whole page

	silentSince time.Time // when the TaskManager was first seen not to answer
	stepBefore  string    // the record's step before it said that a busy JVM is waited for
}

// errNoCapture says that the record has fewer captures than it had. The run is taken up again.
var errNoCapture = errors.New("the record lacks this capture")

func (t *take) capture() (run.Capture, error) {
	all := t.Claim.Record().Captures
	if t.index >= len(all) {
		return run.Capture{}, errNoCapture
	}
	return all[t.index], nil
}

// mutate changes the capture in the record.
func (t *take) mutate(ctx context.Context, fn func(*run.Record, *run.Capture)) error {
	return t.Claim.Mutate(ctx, func(rec *run.Record) error {
		if t.index >= len(rec.Captures) {
			return errNoCapture
		}
		fn(rec, &rec.Captures[t.index])
		return nil
	})
}

func (t *take) seconds() int { return t.Plan.Duration.Seconds() }

// isTemporary reports whether the run goes on later after this error.
func isTemporary(err error) bool {
	f, ok := errors.AsType[*bus.Fault](err)
	return ok && f.After > 0
}

// worst picks the error that decides about the run: one that ends it, before one that it waits for.
func worst(errs []error) error {
	var decides error
	for _, err := range errs {
		switch {
		case err == nil:
		case decides == nil, isTemporary(decides) && !isTemporary(err):
			decides = err
		case errors.Is(decides, context.Canceled) && !isTemporary(err):
			decides = err // the cancelled ones followed it
		}
	}
	return decides
}
