package run_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// What comes after a step is repeated until it succeeds, once the fact is out and the record says so, although the step
// itself is done once.
func TestWork_After(t *testing.T) {
	b := bustest.Start(t)
	var calls, handled atomic.Int32
	told := func() uint64 { return published(t, b, identity.Subject(events.TypeArtifactReady, "r1")) }
	step := collect
	step.After = func(ctx context.Context, rec run.Record) error {
		if rec.State != events.StateCaptured || told() != 1 {
			t.Errorf("called in state %s", rec.State)
		}
		if calls.Add(1) < 3 {
			return errors.New("not yet")
		}
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run.New(b).Work(ctx, step, 1, func(context.Context, *run.Claim) (events.Payload, error) {
			handled.Add(1)
			return ready("r1"), nil
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	start(t, b, plan("r1"))
	until(t, b, func(run.Record) bool { return calls.Load() == 3 })
	if n := handled.Load(); n != 1 {
		t.Errorf("handled %d times", n)
	}
}

// What is too early comes later: the slot is free meanwhile, also when the run is over by then.
func TestWork_AfterLater(t *testing.T) {
	b := bustest.Start(t)
	var calls atomic.Int32
	due := time.Now().Add(2 * time.Second)
	step := collect
	step.After = func(ctx context.Context, rec run.Record) error {
		if rec.Run == "r2" {
			return nil
		}
		calls.Add(1)
		if early := time.Until(due); early > 0 {
			return run.Later(early)
		}
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run.New(b).Work(ctx, step, 1, func(_ context.Context, c *run.Claim) (events.Payload, error) { return ready(c.Record().Run), nil })
	}()
	t.Cleanup(func() { cancel(); <-done })
	start(t, b, plan("r1"))
	until(t, b, func(run.Record) bool { return calls.Load() == 1 })
	start(t, b, plan("r2"))
	for published(t, b, identity.Subject(events.TypeArtifactReady, "r2")) == 0 && time.Now().Before(due) {
		time.Sleep(10 * time.Millisecond)
	}
	if time.Now().After(due) || calls.Load() != 1 {
		t.Errorf("the only slot was kept for what comes later; %d calls", calls.Load())
	}
	over := func(rec *run.Record) error { rec.State = events.StateAnalyzed; return nil }
	if _, err := run.New(b).Update(t.Context(), "r1", over); err != nil {
		t.Fatal(err)
	}
	until(t, b, func(run.Record) bool { return calls.Load() == 2 })
}
