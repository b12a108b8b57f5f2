package run_test

import (
	"context"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/panics"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// owned makes the record of r1 what a worker of the given process leaves behind, then delivers its plan.
func owned(t *testing.T, b *bus.Bus, process string, crashes int) {
	t.Helper()
	p := plan("r1")
	rec := run.Record{Run: p.Run, State: events.StateProfiling, Plan: p, Ownership: run.Ownership{
		Owner: "before", OwnerStep: collect.Service, OwnerSeq: 1, OwnerProcess: process, Crashes: crashes,
	}}
	if created, err := run.New(b).Create(t.Context(), rec); err != nil || !created {
		t.Fatalf("create: %v, %v", created, err)
	}
	e, err := rec.Event("trigger", events.ProfilePlanned{Plan: p})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.PublishFact(t.Context(), p.Identity.Subject(e.Type, p.Run), e); err != nil {
		t.Fatal(err)
	}
}

// crashesSeen returns how many crashes the record has when a worker takes it over.
func crashesSeen(t *testing.T, b *bus.Bus) int {
	t.Helper()
	seen := make(chan int, 1)
	work(t, b, func(_ context.Context, c *run.Claim) (events.Payload, error) {
		seen <- c.Record().Crashes
		return ready("r1"), nil
	})
	select {
	case n := <-seen:
		return n
	case <-time.After(20 * time.Second):
		t.Fatal("nobody took the run over")
		return 0
	}
}

func TestClaim_OwnerIsGone(t *testing.T) {
	for name, process := range map[string]string{"process": "collector.gone", "older version": ""} {
		t.Run(name, func(t *testing.T) {
			b := bustest.Start(t)
			owned(t, b, process, 0)
			if n := crashesSeen(t, b); n != 1 {
				t.Errorf("%d crashes, want 1", n)
			}
		})
	}
}

// A worker whose process lives has lost its hold, but did not crash.
func TestClaim_OwnerLives(t *testing.T) {
	b := bustest.Start(t)
	const process = "collector.other"
	leases := bus.OpenBucket[map[string]string](b, events.BucketLeases)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	t.Cleanup(func() { cancel(); <-done })
	if err := leases.Put(ctx, process, nil); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			_ = leases.Put(ctx, process, nil)
			time.Sleep(50 * time.Millisecond)
		}
	}()
	owned(t, b, process, 0)
	if n := crashesSeen(t, b); n != 0 {
		t.Errorf("%d crashes, want none", n)
	}
}

// The fifth owner that is gone is the last: the message kills whoever handles it.
func TestClaim_FiveOwnersAreGone(t *testing.T) {
	b := bustest.Start(t)
	owned(t, b, "collector.gone", 4)
	work(t, b, func(context.Context, *run.Claim) (events.Payload, error) {
		t.Error("it was handled once more")
		return ready("r1"), nil
	})
	if rec := until(t, b, inState(events.StateFailed)); rec.Outcome.Code != events.CodeCrashLoop {
		t.Errorf("code %s", rec.Outcome.Code)
	}
}

// A process that stops gives its lease up.
func TestWork_Lease(t *testing.T) {
	b := bustest.Start(t)
	leases := bus.OpenBucket[map[string]string](b, events.BucketLeases)
	held := func() int {
		all, err := leases.List(t.Context(), ">")
		if err != nil {
			t.Fatal(err)
		}
		return len(all)
	}
	stop := work(t, b, func(context.Context, *run.Claim) (events.Payload, error) { return ready("r1"), nil })
	for range 30 { // longer than a lease counts
		time.Sleep(50 * time.Millisecond)
		if n := held(); n > 1 {
			t.Fatalf("%d leases", n)
		}
	}
	if n := held(); n != 1 {
		t.Errorf("%d leases of a process that works", n)
	}
	stop()
	if n := held(); n != 0 {
		t.Errorf("%d leases of a process that has stopped", n)
	}
}

// The panic of a goroutine of one run is a crash of that run; others go on.
func TestWork_PanicOfAGoroutine(t *testing.T) {
	b := bustest.Start(t)
	going, end := make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run.New(b).Work(ctx, collect, 2, func(_ context.Context, c *run.Claim) (events.Payload, error) {
			if c.Record().Run == "r2" {
				close(going)
				<-end
				return ready("r2"), nil
			}
			var g panics.Group
			g.Go(func() { _ = []int{}[len(c.Record().Captures)] })
			g.Wait()
			return ready("r1"), nil
		})
	}()
	t.Cleanup(func() { cancel(); <-done })
	start(t, b, plan("r2"))
	<-going
	start(t, b, plan("r1"))
	if rec := until(t, b, inState(events.StateFailed)); rec.Outcome.Code != events.CodeCrashLoop {
		t.Errorf("code %s", rec.Outcome.Code)
	}
	close(end)
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if rec, err := run.New(b).Get(t.Context(), "r2"); err == nil && rec.State == events.StateCaptured {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the other run did not end")
		}
	}
}
