package chain_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/pkg/events"
)

// Each fault of a request on a real Flink ends with its reason code and a hint.
func TestFaults(t *testing.T) {
	s := newStack(t)
	off := startFlink(t, flinktest.Options{TaskManagers: 1, Slots: 2})
	on := startFlink(t, flinktest.Options{TaskManagers: 1, Slots: 4, Profiling: true})
	reject := func(name string, want events.Code, body string) {
		t.Run(name, func(t *testing.T) {
			s.t = t
			rec := s.ask(t, body)
			if rec.State != events.StateRejected && rec.State != events.StateFailed || rec.Outcome == nil {
				t.Fatalf("the run is %s, want it refused with %s", rec.State, want)
			}
			if rec.Outcome.Code != want || rec.Outcome.Hint == "" || rec.Outcome.Message == "" {
				t.Errorf("outcome %+v, want %s", rec.Outcome, want)
			}
			t.Logf("%s: %s", rec.Outcome.Code, rec.Outcome.Message)
		})
	}
	url := func(u, rest string) string { return fmt.Sprintf(`{"target":{"url":%q%s}`, u, rest) }
	reject("no running job", events.CodeNoRunningJob, url(on.URL, "}"))
	runSample(t, off, "--parallelism=1")
	reject("profiling disabled", events.CodeProfilingDisabled, url(off.URL, "}"))
	first := runSample(t, on, "--parallelism=1")
	reject("unknown job", events.CodeUnknownJob, url(on.URL, `,"job":"nope"}`))
	reject("duration out of range", events.CodeDurationRange, url(on.URL, `},"duration":"2h"`))
	reject("nobody there", events.CodeUnreachable, url("http://"+freeAddr(t), "}"))
	reject("a typo", events.CodeInvalidRequest, `{"tarket":1}`)
	reject("not allowed", events.CodeForbidden, url("http://169.254.169.254", "}"))
	runSample(t, on, "--parallelism=1")
	reject("several jobs", events.CodeSeveralJobs, url(on.URL, "}"))
	t.Run("one of several, by id", func(t *testing.T) {
		s.t = t
		rec := s.ask(t, url(on.URL, `,"job":"`+first+`"},"duration":"2s"`))
		if rec.State != events.StateAnalyzed || rec.Plan.JobID != first {
			t.Errorf("run is %s for job %s: %+v", rec.State, rec.Plan.JobID, rec.Outcome)
		}
	})
	t.Run("CPU refused or labelled", func(t *testing.T) {
		s.t = t
		rec := s.ask(t, url(on.URL, `,"job":"`+first+`"},"modes":["CPU"],"duration":"2s"`))
		if rec.State != events.StateAnalyzed {
			t.Errorf("run is %s: %+v", rec.State, rec.Outcome)
		}
	})
	t.Run("undecodable", func(t *testing.T) {
		s.t = t
		if err := s.bus.Request(t.Context(), events.SubjectRequested, "", "", []byte(`{"target":`)); err != nil {
			t.Fatal(err)
		}
		until(t, 20*time.Second, "dead letter", func() bool {
			letters, err := s.bus.DeadLetters(t.Context(), 10)
			return err == nil && len(letters) > 0 && string(letters[len(letters)-1].Body) == `{"target":`
		})
		if out, err := s.squirrly("dead", "ls"); err != nil || !strings.Contains(out, "trigger") {
			t.Errorf("dead ls: %v\n%s", err, out)
		}
	})
}

// A profile of somebody else in the same JVM is waited for.
func TestBusyProfiler(t *testing.T) {
	s := newStack(t)
	c := startFlink(t, flinktest.Options{Profiling: true})
	runSample(t, c)
	client := newFlinkClient(t, c.URL)
	if _, err := client.StartProfile(t.Context(), flinktest.TaskManagerID(0), "WALL", 12*time.Second); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	rec := s.ask(t, fmt.Sprintf(`{"target":{"url":%q},"modes":["WALL"],"duration":"2s"}`, c.URL))
	if rec.State != events.StateAnalyzed {
		t.Fatalf("run is %s: %+v", rec.State, rec.Outcome)
	}
	if waited := time.Since(began); waited < 10*time.Second {
		t.Errorf("done after %s although the profiler was busy for 12 s", waited)
	}
	for _, cp := range rec.Captures {
		if cp.Adopted {
			t.Error("the stranger's profile was adopted")
		}
	}
}

// A TaskManager that dies during the profile costs its captures; the run goes on with the other.
func TestTaskManagerDies(t *testing.T) {
	s := newStack(t)
	c := startFlink(t, flinktest.Options{TaskManagers: 2, Slots: 1, Profiling: true, Config: map[string]string{
		"restart-strategy.type": "none",
	}})
	runSample(t, c)
	run := s.request(t, c.URL, "2s")
	until(t, 30*time.Second, "profiling", func() bool {
		rec, ok := s.record(run)
		return ok && capture(events.ModeITimer, "running")(rec)
	})
	if err := c.KillTaskManager(1); err != nil {
		t.Fatal(err)
	}
	until(t, 3*time.Minute, "the run is over", func() bool {
		rec, ok := s.record(run)
		return ok && rec.State.Terminal()
	})
	rec, _ := s.record(run)
	lost, stored := 0, 0
	for _, cp := range rec.Captures {
		t.Logf("%s %s %s %s", cp.JVM, cp.Mode, cp.State, cp.Note)
		switch cp.State {
		case "lost":
			lost++
		case "stored":
			stored++
		}
	}
	if rec.State != events.StateAnalyzed || lost == 0 || stored == 0 {
		t.Errorf("run is %s with %d lost and %d stored captures: %+v", rec.State, lost, stored, rec.Outcome)
	}
}
