package run_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

var collect = run.Step{Service: "collector", Working: events.StateProfiling, Done: events.StateCaptured}

var identity = events.Identity{Cluster: "local", Namespace: "flink", Job: "orders"}

func plan(id string) events.Plan {
	return events.Plan{
		Run: id, Identity: identity, RestURL: "http://localhost:8081", JobID: "j", Modes: []events.Mode{events.ModeWall},
		Duration: events.Duration(time.Second), Deadline: time.Now().Add(time.Minute), RequestedAt: time.Now(),
		Target: events.Target{URL: "http://localhost:8081"},
	}
}

func ready(id string) events.ArtifactReady {
	ref := events.ObjectRef{Key: "k", SHA256: fmt.Sprintf("%064d", 1), Size: 1}
	return events.ArtifactReady{Run: id, Identity: identity, Manifest: ref, Captures: []events.CaptureRef{
		{JVM: "tm", Mode: events.ModeWall, Status: events.CaptureStored, ObjectRef: ref},
	}}
}

// start creates a run and publishes its plan, as the intake does.
func start(t *testing.T, b *bus.Bus, p events.Plan) {
	t.Helper()
	rec := run.Record{Run: p.Run, State: events.StatePlanned, Plan: p}
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

// work runs a worker until the returned function is called.
func work(t *testing.T, b *bus.Bus, h run.Handler) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = run.New(b).Work(ctx, collect, 1, h)
	}()
	stop = func() { cancel(); <-done }
	t.Cleanup(stop)
	return stop
}

// until polls the run r1 until its record satisfies ok.
func until(t *testing.T, b *bus.Bus, ok func(run.Record) bool) run.Record {
	t.Helper()
	const id = "r1"
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		rec, err := run.New(b).Get(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if ok(rec) {
			return rec
		}
	}
	rec, _ := run.New(b).Get(t.Context(), id)
	t.Fatalf("run %s did not get there: %+v", id, rec)
	return run.Record{}
}

func inState(s events.State) func(run.Record) bool {
	return func(r run.Record) bool { return r.State == s }
}

// published counts the stored messages on a subject.
func published(t *testing.T, b *bus.Bus, subject string) uint64 {
	t.Helper()
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamEvents)
	if err != nil {
		t.Fatal(err)
	}
	return subjectCount(t, s, subject)
}

func TestWork_Done(t *testing.T) {
	b := bustest.Start(t)
	var got events.Event
	work(t, b, func(_ context.Context, c *run.Claim) (events.Payload, error) {
		got = c.Event
		return ready("r1"), nil
	})
	start(t, b, plan("r1"))
	rec := until(t, b, inState(events.StateCaptured))
	if rec.Owner != "" || rec.Crashes != 0 {
		t.Errorf("owner %q, crashes %d; want none", rec.Owner, rec.Crashes)
	}
	if p, err := events.Data[events.ProfilePlanned](got); err != nil || p.Plan.Run != "r1" {
		t.Errorf("handler saw %+v, %v", p, err)
	}
	if n := published(t, b, identity.Subject(events.TypeArtifactReady, "r1")); n != 1 {
		t.Errorf("%d artifact.ready, want 1", n)
	}
}

func TestWork_LongJobIsDeliveredOnce(t *testing.T) {
	b := bustest.Start(t)
	var calls atomic.Int32
	work(t, b, func(ctx context.Context, _ *run.Claim) (events.Payload, error) {
		calls.Add(1)
		select {
		case <-time.After(3 * bustest.AckWait):
		case <-ctx.Done():
		}
		return ready("r1"), nil
	})
	start(t, b, plan("r1"))
	until(t, b, inState(events.StateCaptured))
	if calls.Load() != 1 {
		t.Errorf("%d handler calls, want 1", calls.Load())
	}
}

func TestWork_PermanentFails(t *testing.T) {
	b := bustest.Start(t)
	work(t, b, func(context.Context, *run.Claim) (events.Payload, error) {
		return nil, bus.Permanent(events.CodeProfilingDisabled, errors.New("the profiler answers 404"))
	})
	start(t, b, plan("r1"))
	rec := until(t, b, inState(events.StateFailed))
	if rec.Outcome == nil || rec.Outcome.Code != events.CodeProfilingDisabled || rec.Outcome.Hint == "" {
		t.Errorf("outcome %+v", rec.Outcome)
	}
	if n := published(t, b, identity.Subject(events.TypeRunFailed, "r1")); n != 1 {
		t.Errorf("%d run.failed, want 1", n)
	}
	letters := waitLetters(t, b)
	if l := letters[0]; l.Reason != events.CodeProfilingDisabled || l.Run != "r1" || l.Service != "collector" || len(l.Body) == 0 {
		t.Errorf("dead letter %+v", l)
	}
	if _, err := run.New(b).Replay(t.Context(), letters[0].Seq); err != nil {
		t.Errorf("replay: %v", err)
	}
	s, err := bustest.JetStream(b).Stream(t.Context(), events.StreamRequests)
	if err != nil {
		t.Fatal(err)
	}
	if n := subjectCount(t, s, events.SubjectRequested); n != 1 {
		t.Errorf("replay put %d requests into the inbox, want 1", n)
	}
}

func TestWork_WaitsAndResumes(t *testing.T) {
	b := bustest.Start(t)
	sweep(t, b)
	var calls atomic.Int32
	work(t, b, func(context.Context, *run.Claim) (events.Payload, error) {
		if calls.Add(1) < 3 {
			return nil, bus.Wait(events.CodeProfilerBusy, 200*time.Millisecond, errors.New("still under profiling"))
		}
		return ready("r1"), nil
	})
	start(t, b, plan("r1"))
	rec := until(t, b, inState(events.StateCaptured))
	if calls.Load() != 3 {
		t.Errorf("%d calls, want 3", calls.Load())
	}
	if rec.WaitsFor != "" || !rec.NotBefore.IsZero() {
		t.Errorf("record still waits: %+v", rec)
	}
}

func TestWork_WaitPastDeadlineFails(t *testing.T) {
	b := bustest.Start(t)
	work(t, b, func(context.Context, *run.Claim) (events.Payload, error) {
		return nil, bus.Wait(events.CodeStoreUnavailable, time.Hour, errors.New("no store"))
	})
	start(t, b, plan("r1"))
	rec := until(t, b, inState(events.StateFailed))
	if rec.Outcome.Code != events.CodeDeadlineExceeded {
		t.Errorf("code %s, want deadline_exceeded", rec.Outcome.Code)
	}
}

func TestWork_PanicsBecomeACrashLoop(t *testing.T) {
	b := bustest.Start(t)
	var calls atomic.Int32
	work(t, b, func(context.Context, *run.Claim) (events.Payload, error) {
		calls.Add(1)
		panic("boom")
	})
	start(t, b, plan("r1"))
	rec := until(t, b, inState(events.StateFailed))
	if rec.Outcome.Code != events.CodeCrashLoop || calls.Load() != 5 {
		t.Errorf("code %s after %d calls, want crash_loop after 5", rec.Outcome.Code, calls.Load())
	}
}

func TestWork_Cancel(t *testing.T) {
	b := bustest.Start(t)
	began := make(chan struct{})
	work(t, b, func(ctx context.Context, _ *run.Claim) (events.Payload, error) {
		close(began)
		<-ctx.Done()
		return nil, ctx.Err()
	})
	start(t, b, plan("r1"))
	<-began
	if _, err := run.New(b).Update(t.Context(), "r1", func(r *run.Record) error { r.Cancel = true; return nil }); err != nil {
		t.Fatal(err)
	}
	until(t, b, inState(events.StateCancelled))
	if n := published(t, b, identity.Subject(events.TypeRunCancelled, "r1")); n != 1 {
		t.Errorf("%d run.cancelled, want 1", n)
	}
}

// A worker that is frozen beyond AckWait and wakes up again must not publish, write or acknowledge anything.
func TestWork_ZombieSettlesNothing(t *testing.T) {
	b := bustest.Start(t)
	asleep, wake, woke := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	var calls atomic.Int32
	zombie := func(ctx context.Context, c *run.Claim) (events.Payload, error) {
		if calls.Add(1) == 1 {
			close(asleep)
			<-wake // the heartbeat of this claim is stopped by the takeover below
			woke <- c.Check(context.WithoutCancel(ctx))
		}
		return ready("r1"), nil
	}
	work(t, b, zombie)
	start(t, b, plan("r1"))
	<-asleep
	// Somebody else takes the run over while the first worker sleeps.
	if _, err := run.New(b).Update(t.Context(), "r1", func(r *run.Record) error { r.Owner = "somebody-else"; return nil }); err != nil {
		t.Fatal(err)
	}
	close(wake)
	if err := <-woke; !errors.Is(err, run.ErrSuperseded) {
		t.Errorf("Check = %v, want superseded", err)
	}
	rec := until(t, b, inState(events.StateCaptured)) // by redelivery: the zombie did not acknowledge
	if calls.Load() != 2 || rec.Owner != "" {
		t.Errorf("%d calls, owner %q", calls.Load(), rec.Owner)
	}
	if n := published(t, b, identity.Subject(events.TypeArtifactReady, "r1")); n != 1 {
		t.Errorf("%d artifact.ready, want 1", n)
	}
}

func TestWork_StopHandsBack(t *testing.T) {
	b := bustest.Start(t)
	began := make(chan struct{}, 1)
	stop := work(t, b, func(ctx context.Context, _ *run.Claim) (events.Payload, error) {
		began <- struct{}{}
		<-ctx.Done()
		return nil, ctx.Err()
	})
	start(t, b, plan("r1"))
	<-began
	stop()
	rec := until(t, b, func(r run.Record) bool { return r.Owner == "" })
	if rec.State != events.StateProfiling {
		t.Errorf("state %s, want profiling", rec.State)
	}
	work(t, b, func(context.Context, *run.Claim) (events.Payload, error) { return ready("r1"), nil })
	rec = until(t, b, inState(events.StateCaptured))
	if rec.Crashes != 0 {
		t.Errorf("%d crashes counted for a clean stop", rec.Crashes)
	}
}
