package capture

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// start brings a capture to running: it finds the profile that an earlier attempt started, or starts one.
func (t *take) start(ctx context.Context, c run.Capture) error {
	list, err := t.list(ctx, c.JVM)
	if err != nil {
		return err
	}
	if c.State == run.CaptureIntended {
		if p, ok := adoptable(list, c, t.seconds()); ok {
			return t.mutate(ctx, func(rec *run.Record, c *run.Capture) {
				c.State, c.TriggerTime, c.Adopted = run.CaptureRunning, p.TriggerTime, true
				rec.Note("%s: %s profile of an earlier attempt taken over", c.JVM, c.Mode)
			})
		}
	}
	if len(list) > 0 && list[0].Status == flink.ProfileRunning {
		return t.busy(ctx, c.JVM, list[0])
	}
	return t.post(ctx, c, newest(list))
}

// post starts the profile, with the intention in the record before and the trigger time after.
func (t *take) post(ctx context.Context, c run.Capture, seen int64) error {
	err := t.mutate(ctx, func(_ *run.Record, c *run.Capture) {
		c.State, c.Seen = run.CaptureIntended, seen
	})
	if err != nil {
		return err
	}
	checked := time.Now()
	if err := t.Claim.Check(ctx); err != nil {
		return err
	}
	t.window.Began()
	// A process that was frozen since it looked does not act on what it saw then: nothing is sent after this moment. An
	// answer that comes later is as good as none, and the next look at the list finds the profile.
	call, cancel := context.WithDeadline(ctx, checked.Add(t.Timing.Stale))
	defer cancel()
	if call.Err() != nil {
		return nil // and looks again
	}
	p, err := t.Profiler.StartProfile(call, c.JVM, flink.Mode(c.Mode), time.Duration(t.seconds())*time.Second)
	if err != nil {
		return t.refused(ctx, c.JVM, err)
	}
	t.posted, t.busySince = time.Now(), time.Time{}
	return t.mutate(ctx, func(rec *run.Record, c *run.Capture) {
		c.State, c.TriggerTime = run.CaptureRunning, p.TriggerTime
		if t.stepBefore != "" && strings.HasPrefix(rec.Step, waiting) {
			rec.Step, t.stepBefore = t.stepBefore, ""
		}
	})
}

// refused decides what a start without success means for the intention.
func (t *take) refused(ctx context.Context, jvm string, err error) error {
	switch {
	case errors.Is(err, flink.ErrUnavailable):
		t.unanswered++ // a profile may run now: the intention stays, and the next look finds it
		const most = 5
		if t.unanswered > most || ctx.Err() != nil {
			return err
		}
		return pause(ctx, t.Timing.Look)
	case errors.Is(err, flink.ErrProfilerBusy) && t.unanswered == 0:
		// Whoever runs there is a stranger, since this start was refused: nothing may be adopted.
		if err := t.mutate(ctx, func(_ *run.Record, c *run.Capture) { c.State = run.CapturePending }); err != nil {
			return err
		}
		return t.busy(ctx, jvm, flink.Profile{})
	case errors.Is(err, flink.ErrProfilerBusy):
		return t.busy(ctx, jvm, flink.Profile{}) // perhaps with our own: the next look tells
	}
	return err
}

// busy waits a little for a JVM in which somebody else profiles, then gives the run up for later. other is the profile that
// runs there, as far as it is known.
func (t *take) busy(ctx context.Context, jvm string, other flink.Profile) error {
	now := time.Now()
	length := time.Duration(other.Duration) * time.Second
	if t.busySince.IsZero() {
		t.busySince = now
		if err := t.tellBusy(ctx, jvm, other); err != nil {
			return err
		}
	}
	if now.Sub(t.busySince) < t.Timing.Busy {
		return pause(ctx, t.Timing.Look)
	}
	const least = 4 // times a long profile is looked at before it ends
	return bus.Wait(events.CodeProfilerBusy, max(t.Timing.Later, min(length/least, time.Minute)),
		fmt.Errorf("%s runs in %s", described(other), jvm))
}

// waiting is how the record's step begins while a JVM is busy.
const waiting = "waiting: "

// tellBusy says in the record who holds a JVM, since when, and that our profile is next.
func (t *take) tellBusy(ctx context.Context, jvm string, other flink.Profile) error {
	text := fmt.Sprintf("%s runs in %s", described(other), jvm)
	if other.TriggerTime > 0 {
		text += ", since " + time.UnixMilli(other.TriggerTime).Format(time.TimeOnly) + " by that machine's clock"
	}
	return t.mutate(ctx, func(rec *run.Record, c *run.Capture) {
		rec.NoteOnce("%s; %s is next", text, c.Mode)
		if !strings.HasPrefix(rec.Step, waiting) {
			t.stepBefore = rec.Step
		}
		rec.Step = waiting + text
	})
}

// described names a profile that is not of this run.
func described(other flink.Profile) string {
	what := "another profile"
	if other.Mode != "" {
		what = "another " + string(other.Mode) + " profile"
	}
	if other.Duration > 0 {
		what += " of " + (time.Duration(other.Duration) * time.Second).String()
	}
	return what
}

// adoptable finds the profile that an attempt which left no word may have started: the oldest in the same mode and for
// the same time after the newest that it had seen. All times are by the clock of that JVM.
func adoptable(list []flink.Profile, c run.Capture, seconds int) (flink.Profile, bool) {
	for _, p := range slices.Backward(list) {
		if p.TriggerTime > c.Seen && events.Mode(p.Mode) == c.Mode && p.Duration == int64(seconds) {
			return p, true
		}
	}
	return flink.Profile{}, false
}

func newest(list []flink.Profile) int64 {
	var last int64
	for _, p := range list {
		last = max(last, p.TriggerTime)
	}
	return last
}

// list asks for the profiles of a JVM, newest first, patiently. A TaskManager that does not answer is waited for until it does,
// or Flink gives it up.
func (t *take) list(ctx context.Context, jvm string) (list []flink.Profile, err error) {
	for {
		err = t.Timing.patiently(ctx, isUnavailable, func(ctx context.Context) error {
			call, cancel := context.WithTimeout(ctx, t.Timing.Call)
			defer cancel()
			list, err = t.Profiler.ListProfiles(call, jvm)
			return err
		})
		if !errors.Is(err, flink.ErrTaskManagerSilent) || ctx.Err() != nil {
			t.silentSince = time.Time{}
			return list, err
		}
		if err := t.silent(ctx, jvm); err != nil {
			return nil, err
		}
	}
}

// errSilent says that a TaskManager has not answered for too long.
var errSilent = errors.New("the TaskManager does not answer Flink any more")

// silent says once that a TaskManager does not answer, and gives it up after a while.
func (t *take) silent(ctx context.Context, jvm string) error {
	if t.silentSince.IsZero() {
		t.silentSince = time.Now()
		err := t.mutate(ctx, func(rec *run.Record, _ *run.Capture) {
			rec.NoteOnce("%s does not answer Flink; it is waited for until Flink gives it up, for up to %s", jvm, t.Timing.Silent)
		})
		if err != nil {
			return err
		}
	}
	if time.Since(t.silentSince) >= t.Timing.Silent {
		return errSilent
	}
	return pause(ctx, t.Timing.Look)
}

// isUnavailable reports whether an error may pass within seconds: also a token that is refused, or a file that cannot be used,
// since another one may be there by then.
func isUnavailable(err error) bool {
	return errors.Is(err, flink.ErrUnavailable) || errors.Is(err, flink.ErrUnauthorized) || errors.Is(err, flink.ErrAccess)
}
