package capture

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/reach"
	"squirrly.dev/internal/redact"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// settle decides what an error means: the capture is lost or tried in another mode, and the run goes on (nil); or the
// run waits or fails.
func (t *take) settle(ctx context.Context, c run.Capture, err error) error {
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		return stopped(ctx)
	}
	if answer, ok := errors.AsType[*flink.Error](err); ok { // everywhere else it is one line
		t.Log.DebugContext(ctx, "Flink's answer in full", "jvm", c.JVM, "mode", c.Mode, "error", err,
			"messages", redact.Text(strings.Join(answer.Messages, "\n")))
	}
	if errors.Is(err, flink.ErrModeRefused) && t.canFallBack(c) {
		why := reasonOf(events.CodeModeRefused, err)
		return t.mutate(ctx, func(rec *run.Record, c *run.Capture) {
			*c = run.Capture{
				JVM: c.JVM, Mode: events.ModeITimer, Requested: events.ModeCPU, State: run.CapturePending,
				Code: why.code, Note: "CPU was refused: " + why.text, Hint: why.hint,
			}
			rec.Note("%s: CPU was refused, ITIMER instead", c.JVM)
		})
	}
	code, lost := lostBy(err)
	if !lost {
		return t.asRunFault(err)
	}
	if c.Code == events.CodeArtifactCorrupt { // stored once, and Flink cannot give it again
		code = events.CodeArtifactCorrupt
	}
	why := reasonOf(code, err)
	return t.mutate(ctx, func(rec *run.Record, c *run.Capture) {
		c.State, c.Code, c.Note, c.Hint = run.CaptureLost, why.code, why.text, why.hint
		rec.Note("%s: %s lost: %s", c.JVM, c.Mode, why.text)
	})
}

// canFallBack reports whether ITIMER can stand in for a refused CPU profile.
func (t *take) canFallBack(c run.Capture) bool {
	return c.Mode == events.ModeCPU && !slices.Contains(t.Plan.Modes, events.ModeITimer)
}

// lostBy reports whether an error concerns one capture only, and its reason code; empty is a TaskManager that is gone.
func lostBy(err error) (events.Code, bool) {
	if _, ok := errors.AsType[badPage](err); ok {
		if errors.Is(err, flink.ErrLoginPage) {
			return events.CodeLoginPage, true
		}
		return events.CodeBadProfile, true
	}
	switch {
	case errors.Is(err, flink.ErrUnknownTaskManager), errors.Is(err, errForgotten), errors.Is(err, errSilent):
		return "", true
	case errors.Is(err, flink.ErrModeRefused):
		return events.CodeModeRefused, true
	case errors.Is(err, flink.ErrProfileFailed), errors.Is(err, errOverdue):
		return events.CodeProfilerFailed, true
	case errors.Is(err, flink.ErrTooLarge):
		return events.CodeBadProfile, true
	case isRunFault(err):
		return "", false
	}
	if _, known := reach.Code(err); known {
		return "", false
	}
	_, answered := errors.AsType[*flink.Error](err)
	return events.CodeProfilerFailed, answered // the file is gone, or an answer nobody knows
}

// isRunFault reports whether an error concerns the whole run.
func isRunFault(err error) bool {
	return slices.ContainsFunc([]error{
		flink.ErrMalformed, flink.ErrProfilerUnavailable, flink.ErrDurationOutOfRange,
	}, func(kind error) bool { return errors.Is(err, kind) })
}

// asRunFault turns an error of the whole run into what the bus understands.
func (t *take) asRunFault(err error) error {
	if storeIsDown(err) {
		return StoreFault(err, t.Timing)
	}
	return Fault(err, t.Timing)
}

// Fault says what an error of Flink means for a run: one that may pass is waited for, any other ends it. Errors that
// are not of Flink stay as they are.
func Fault(err error, t Timing) error {
	code, known := reach.Code(err)
	switch {
	case known && !errors.Is(err, flink.ErrUnavailable): // somebody has to act
		return bus.Permanent(code, err)
	case known:
		return bus.Wait(code, t.Later, err)
	case errors.Is(err, flink.ErrProfilerUnavailable):
		return bus.Permanent(events.CodeProfilingDisabled, err)
	case errors.Is(err, flink.ErrDurationOutOfRange):
		return bus.Permanent(events.CodeDurationRange, err)
	case errors.Is(err, flink.ErrTooLarge): // it is as large when it is asked for again
		return bus.Permanent(events.CodeUnknownTarget, err)
	case errors.Is(err, flink.ErrMalformed), errors.Is(err, flink.ErrNotFound):
		return bus.Wait(events.CodeUnreachable, t.Later, err)
	}
	return err
}

// StoreFault says what an error of the artifact store means for a run.
func StoreFault(err error, t Timing) error {
	if storeIsDown(err) {
		return bus.Wait(events.CodeStoreUnavailable, t.Later, err)
	}
	return err
}

func storeIsDown(err error) bool {
	return errors.Is(err, artifact.ErrUnavailable) || errors.Is(err, artifact.ErrCorrupt)
}

// Verdict is the error of a run whose captures hold nothing to analyze: all lost, or all empty. It is nil otherwise.
func Verdict(captures []run.Capture) error {
	var notes []string
	codes, hints := map[events.Code]bool{}, map[string]bool{}
	stored, samples := 0, int64(0)
	for _, c := range captures {
		if c.State == run.CaptureStored {
			stored++
			samples += c.Samples
			continue
		}
		codes[cmp.Or(c.Code, events.CodeAllCapturesLost)] = true
		hints[c.Hint] = true
		notes = append(notes, fmt.Sprintf("%s %s: %s", c.JVM, c.Mode, c.Note))
	}
	switch {
	case stored > 0 && samples > 0:
		return nil
	case stored > 0:
		return bus.Permanent(events.CodeEmptyProfile, fmt.Errorf("%d captures without a single sample", stored))
	}
	err := fmt.Errorf("no capture: %s", strings.Join(notes, "; "))
	return bus.PermanentWithHint(common(codes, events.CodeAllCapturesLost), common(hints, ""), err)
}

// common is what all losses share, or the given value when they differ.
func common[T comparable](of map[T]bool, otherwise T) T {
	if len(of) == 1 {
		for one := range of {
			return one
		}
	}
	return otherwise
}
