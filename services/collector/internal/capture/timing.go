package capture

import (
	"context"
	"fmt"
	"time"
)

// Timing says how patient a runner is. Tests shorten it.
type Timing struct {
	Look    time.Duration // between two looks at a profile that is about to end, or that keeps a JVM busy
	Far     time.Duration // between two looks at a profile that has time left
	Lead    time.Duration // how long before its expected end a profile is about to end
	Patient time.Duration // how long faults of Flink and of the store are retried in process
	Busy    time.Duration // how long a busy JVM is waited for in process
	Again   time.Duration // before a bad page is downloaded again: Flink keeps the file for 3 s
	Silent  time.Duration // how long a TaskManager that does not answer is waited for
	Overdue time.Duration // after its expected end, a profile that still runs is given up
	Call    time.Duration // of one call of the profiler
	Page    time.Duration // of one download
	Later   time.Duration // until a run that waits is taken up again
	Keep    time.Duration // between two parts of the counters that are kept for a takeover
	Job     time.Duration // between two looks at a job that does not run
	After   time.Duration // after the last profile, until it is looked which TaskManagers died
	Stale   time.Duration // how old the knowledge of owning the run may be when a profile is started
}

// DefaultTiming is that of production.
func DefaultTiming() Timing {
	return Timing{
		Look:    100 * time.Millisecond,
		Far:     5 * time.Second,
		Lead:    150 * time.Millisecond,
		Patient: 10 * time.Second,
		Busy:    5 * time.Second,
		Again:   3200 * time.Millisecond,
		Silent:  75 * time.Second, // longer than Flink's heartbeat.timeout, after which Flink says that it is gone
		Overdue: time.Minute,
		Call:    20 * time.Second,
		Page:    2 * time.Minute,
		Later:   10 * time.Second,
		Keep:    5 * time.Second,
		Job:     time.Second,
		After:   time.Minute,
		Stale:   3 * time.Second, // below the shortest time in which another worker can take over
	}
}

// pause waits, or returns what ended the context.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return stopped(ctx)
	}
}

// Wait waits before the next look at a job that does not run, or returns what ended the context.
func (t Timing) Wait(ctx context.Context) error { return pause(ctx, t.Job) }

// stopped is the error of an attempt whose context has ended.
func stopped(ctx context.Context) error { return fmt.Errorf("stopped: %w", context.Cause(ctx)) }

// patiently repeats a call while its error is of a kind that passes, for Timing.Patient.
func (t Timing) patiently(ctx context.Context, passing func(error) bool, call func(context.Context) error) error {
	const first, most = 100 * time.Millisecond, 2 * time.Second
	until := time.Now().Add(t.Patient)
	for wait := first; ; wait = min(2*wait, most) {
		err := call(ctx)
		if err == nil || !passing(err) || ctx.Err() != nil || time.Now().Add(wait).After(until) {
			return err
		}
		if err := pause(ctx, wait); err != nil {
			return err
		}
	}
}

// Retry repeats a call of Flink while it is away, for Timing.Patient.
func (t Timing) Retry(ctx context.Context, call func(context.Context) error) error {
	return t.patiently(ctx, isUnavailable, call)
}

// Patiently repeats a call of the artifact store while it is down, for Timing.Patient.
func (t Timing) Patiently(ctx context.Context, call func(context.Context) error) error {
	return t.patiently(ctx, storeIsDown, call)
}
