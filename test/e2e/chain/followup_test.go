package chain_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
	"squirrly.dev/test/e2e/parts"
)

// Threads that wait for a lock lead to one more run by themselves: a LOCK capture, whose result is a whole one, and which
// has no follow-up of its own.
func TestFollowUp(t *testing.T) {
	s := newStack(t)
	c := startFlink(t, flinktest.Options{Profiling: true, Slots: 4, Config: map[string]string{"parallelism.default": "4"}})
	runCase(t, c, "dev.squirrly.cases.SharedLock", "--variant", "bad")
	time.Sleep(warmUp)
	first := s.ask(t, `{"target":{"url":"`+c.URL+`"},"duration":"8s"}`)
	if first.State != events.StateAnalyzed || !slices.Equal(first.FollowUps, []events.Mode{events.ModeLock}) {
		s.explain(t)
		t.Fatalf("run is %s with follow-ups %v, want analyzed with LOCK: %+v", first.State, first.FollowUps, first.Outcome)
	}
	var second run.Record
	until(t, 2*time.Minute, "the follow-up is over", func() bool {
		all, err := run.New(s.bus).List(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if len(all) > 2 {
			t.Fatalf("%d runs, want the first and its follow-up", len(all))
		}
		at := slices.IndexFunc(all, func(r run.Record) bool { return r.Plan.Parent == first.Run })
		if at >= 0 {
			second = all[at]
		}
		return second.State.Terminal()
	})
	checkFollowUp(t, s, second)
}

func checkFollowUp(t *testing.T, s *stack, rec run.Record) {
	t.Helper()
	if rec.State != events.StateAnalyzed || rec.Plan.Depth != 1 || !slices.Equal(rec.Plan.Modes, []events.Mode{events.ModeLock}) {
		t.Fatalf("the follow-up is %s, depth %d, modes %v: %+v", rec.State, rec.Plan.Depth, rec.Plan.Modes, rec.Outcome)
	}
	if len(rec.FollowUps) > 0 {
		t.Errorf("the follow-up asks for %v", rec.FollowUps)
	}
	a := s.analysis(t, rec)
	var modes []events.Mode
	for _, capture := range a.Captures {
		modes = append(modes, capture.Mode)
	}
	slices.Sort(modes)
	if !slices.Equal(modes, []events.Mode{events.ModeITimer, events.ModeLock, events.ModeWall}) || a.Parent != rec.Plan.Parent {
		t.Errorf("the result has captures of %v and parent %q, want those of both runs", modes, a.Parent)
	}
	if len(a.Findings) == 0 || a.Findings[0].Rule != "A16" || a.Verdict.VertexName != "rate" {
		t.Errorf("verdict: %s", a.Verdict.Headline)
	}
}

// runCase runs one of the jobs with a planted bottleneck.
func runCase(t testing.TB, c *flinktest.Cluster, class string, args ...string) string {
	t.Helper()
	root, err := parts.Root()
	if err != nil {
		t.Fatal(err)
	}
	jar, err := flinktest.BuildJar(t.Context(), filepath.Join(root, "test", "diagnosis", "jobs"), flinktest.DefaultVersion)
	if err != nil {
		t.Fatal(err)
	}
	job, err := c.RunJar(t.Context(), jar, class, args...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.WaitRunning(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	return job
}
