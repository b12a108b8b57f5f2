package run_test

import (
	"context"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

func TestSweeper_FailsWhatIsPastItsDeadline(t *testing.T) {
	b := bustest.Start(t)
	p := plan("r1")
	p.Deadline = time.Now().Add(300 * time.Millisecond)
	start(t, b, p)
	sweep(t, b)
	rec := until(t, b, inState(events.StateFailed))
	if rec.Outcome.Code != events.CodeDeadlineExceeded {
		t.Errorf("code %s", rec.Outcome.Code)
	}
	if n := published(t, b, identity.Subject(events.TypeRunFailed, "r1")); n != 1 {
		t.Errorf("%d run.failed, want 1", n)
	}
}

// A worker killed after it has written what ends the run, and before or after that is published, leaves a run that is
// done: past its deadline its result is told, and it does not fail as well.
func TestEnd_TellsTheResultThatWasIntended(t *testing.T) {
	for name, told := range map[string]bool{"before its event": false, "after its event": true} {
		t.Run(name, func(t *testing.T) { tellsTheResult(t, told) })
	}
}

func tellsTheResult(t *testing.T, told bool) {
	t.Helper()
	b := bustest.Start(t)
	p := plan("r1")
	p.Deadline = time.Now().Add(200 * time.Millisecond)
	start(t, b, p)
	ref := ready("r1").Manifest
	e, err := events.New("test", "r1", time.Now(), events.RecommendationReady{
		Run: "r1", Identity: identity, Severity: events.SeverityNone, Analysis: ref,
		Verdict: events.Verdict{Headline: "h", Limit: events.LimitNone},
	})
	if err != nil {
		t.Fatal(err)
	}
	_, err = run.New(b).Update(t.Context(), "r1", func(r *run.Record) error {
		r.Ending, r.Result = events.StateAnalyzed, &e
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if told {
		if err := b.PublishFact(t.Context(), identity.Subject(e.Type, "r1"), e); err != nil {
			t.Fatal(err)
		}
	}
	sweep(t, b)
	if rec := until(t, b, inState(events.StateAnalyzed)); rec.Result != nil || rec.Outcome != nil || rec.Percent != 100 {
		t.Errorf("the record of a run that is over has %+v, %+v, %d %%", rec.Result, rec.Outcome, rec.Percent)
	}
	if n := published(t, b, identity.Subject(e.Type, "r1")); n != 1 {
		t.Errorf("%d recommendations, want 1", n)
	}
	if n := published(t, b, identity.Subject(events.TypeRunFailed, "r1")); n != 0 {
		t.Errorf("%d run.failed for a run with a result", n)
	}
}

// A power loss can leave a step acknowledged whose state did not advance.
func TestSweeper_ResumesAStepThatWasLost(t *testing.T) {
	b := bustest.Start(t)
	collected := func(context.Context, *run.Claim) (events.Payload, error) { return ready("r1"), nil }
	stop := work(t, b, collected)
	start(t, b, plan("r1"))
	until(t, b, inState(events.StateCaptured))
	stop()
	if _, err := run.New(b).Update(t.Context(), "r1", func(r *run.Record) error {
		r.State, r.Owner = events.StateProfiling, ""
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	sweep(t, b)
	work(t, b, collected)
	until(t, b, inState(events.StateCaptured))
}

func TestSweeper_LeavesQueuedRunsAlone(t *testing.T) {
	b := bustest.Start(t)
	start(t, b, plan("r1"))
	sweep(t, b)
	time.Sleep(3 * time.Second) // longer than the sweeper's idea of stale
	if n := published(t, b, events.ResumeSubject("collector", "r1")); n != 0 {
		t.Errorf("%d resumes for a run that merely queues", n)
	}
}

func TestTargets_Reserve(t *testing.T) {
	b := bustest.Start(t)
	claim := func(id, want string) {
		t.Helper()
		got, err := run.New(b).Targets.Reserve(t.Context(), "target", id)
		if err != nil || got != want {
			t.Fatalf("Reserve(%s) = %s, %v; want %s", id, got, err, want)
		}
	}
	start(t, b, plan("r1"))
	claim("r1", "r1")
	claim("r1", "r1") // a redelivery
	claim("r2", "r1") // coalesced
	if _, err := run.New(b).Update(t.Context(), "r1", func(r *run.Record) error { r.State = events.StateAnalyzed; return nil }); err != nil {
		t.Fatal(err)
	}
	claim("r2", "r2") // the first is over
	if err := run.New(b).Targets.Release(t.Context(), "target", "r1"); err != nil {
		t.Fatal(err)
	}
	claim("r3", "r2") // somebody else's claim stays; r2 claimed a moment ago and has no record yet
}

func TestRuns_Latest(t *testing.T) {
	b := bustest.Start(t)
	for _, id := range []string{"a", "b", "b", "c"} {
		if err := run.New(b).AddLatest(t.Context(), "target", id); err != nil {
			t.Fatal(err)
		}
	}
	got, err := run.New(b).Latest(t.Context(), "target")
	if err != nil || len(got) != 3 || got[0] != "c" || got[2] != "a" {
		t.Errorf("Latest = %v, %v", got, err)
	}
}
