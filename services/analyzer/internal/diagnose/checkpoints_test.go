package diagnose

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// taken are checkpoints of a job that all went alike: their times are in ms.
func taken(n int, one jobcontext.Checkpoint) []jobcontext.Checkpoint {
	var out []jobcontext.Checkpoint
	for i := range n {
		one.ID = int64(n - i)
		out = append(out, one)
	}
	return out
}

// slowCheckpoints takes a limited job whose checkpoints wait for their barriers, and changes something about it.
func slowCheckpoints(change func(c *jobcontext.Checkpoints)) *job {
	j := limited()
	j.Vertices[1].Inputs[0].Ship = "HASH"
	j.Config = map[string]string{"state.backend.type": "rocksdb", "execution.checkpointing.incremental": "false"}
	j.Checkpoints = &jobcontext.Checkpoints{
		Config: &jobcontext.CheckpointConfig{Mode: "exactly_once", IntervalMS: 60_000, TimeoutMS: 600_000, StateBackend: "EmbeddedRocksDBStateBackend"},
		Recent: taken(3, jobcontext.Checkpoint{Status: "COMPLETED", DurationMS: 30_000, StartDelayMS: 22_000, AlignmentMS: 4000, SyncMS: 20, AsyncMS: 900}),
	}
	change(j.Checkpoints)
	return j
}

// each changes all recent checkpoints.
func each(change func(one *jobcontext.Checkpoint)) func(*jobcontext.Checkpoints) {
	return func(c *jobcontext.Checkpoints) {
		for i := range c.Recent {
			change(&c.Recent[i])
		}
	}
}

func checked1(t *testing.T, j *job) Result {
	t.Helper()
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, graph(t, "TASK;MAP;com/shop/Work.map 150", "TASK;IDLE 170"))}})
	checkForm(t, r)
	return r
}

// TestCheckpoints: what recent checkpoints show, and each time the one thing without which it is not so.
func TestCheckpoints(t *testing.T) {
	expired := func(c *jobcontext.Checkpoints) {
		c.Recent = taken(4, jobcontext.Checkpoint{
			Status: "FAILED", DurationMS: 600_000, StartDelayMS: -1, AlignmentMS: -1, SyncMS: -1, AsyncMS: -1, Failure: "Checkpoint expired before completing.",
		})
	}
	writes := each(func(one *jobcontext.Checkpoint) {
		one.DurationMS, one.StartDelayMS, one.AlignmentMS, one.AsyncMS = 90_000, 20, 0, 80_000
	})
	for name, test := range map[string]struct {
		change   func(*jobcontext.Checkpoints)
		want     string // D10, D28, D29, or none of them
		severity events.Severity
	}{
		"late":                {func(*jobcontext.Checkpoints) {}, "D10", events.SeverityInfo},
		"late, and longer":    {func(c *jobcontext.Checkpoints) { c.Config.IntervalMS = 20_000 }, "D10", events.SeverityInfo},
		"late, at least once": {func(c *jobcontext.Checkpoints) { c.Config.Mode = "at_least_once" }, "D10", events.SeverityInfo},
		"off":                 {func(c *jobcontext.Checkpoints) { c.Config.IntervalMS = 0 }, "", ""},
		"one only":            {func(c *jobcontext.Checkpoints) { c.Recent = c.Recent[:1] }, "", ""},
		"savepoints":          {each(func(one *jobcontext.Checkpoint) { one.Savepoint = true }), "", ""},
		"on time":             {each(func(one *jobcontext.Checkpoint) { one.StartDelayMS, one.AlignmentMS = 3000, 1000 }), "", ""},
		"short":               {each(func(one *jobcontext.Checkpoint) { one.StartDelayMS, one.AlignmentMS, one.DurationMS = 900, 20, 1000 }), "", ""},
		"short, and longer": {func(c *jobcontext.Checkpoints) {
			each(func(one *jobcontext.Checkpoint) { one.StartDelayMS, one.AlignmentMS, one.DurationMS = 900, 20, 1000 })(c)
			c.Config.IntervalMS = 900
		}, "D10", events.SeverityInfo},
		"not known":             {each(func(one *jobcontext.Checkpoint) { one.StartDelayMS = -1 }), "", ""},
		"long":                  {writes, "D28", events.SeverityInfo},
		"long, of a longer one": {func(c *jobcontext.Checkpoints) { writes(c); c.Config.IntervalMS = 100_000 }, "", ""},
		"long, and stands still": {func(c *jobcontext.Checkpoints) {
			writes(c)
			each(func(one *jobcontext.Checkpoint) { one.SyncMS = 9000 })(c)
		}, "D28", events.SeverityWarning},
		"long, parts not known": {func(c *jobcontext.Checkpoints) {
			writes(c)
			each(func(one *jobcontext.Checkpoint) { one.AsyncMS = -1 })(c)
		}, "D28", events.SeverityInfo},
		"none has completed":      {each(func(one *jobcontext.Checkpoint) { one.Status, one.DurationMS = "IN_PROGRESS", 200_000 }), "D28", events.SeverityInfo},
		"the first one":           {each(func(one *jobcontext.Checkpoint) { one.Status, one.DurationMS = "IN_PROGRESS", 70_000 }), "", ""},
		"expired":                 {expired, "D29", events.SeverityWarning},
		"expired, then completed": {func(c *jobcontext.Checkpoints) { expired(c); c.Recent[0].Status, c.Recent[0].Failure = "COMPLETED", "" }, "", ""},
		"given up by the job": {func(c *jobcontext.Checkpoints) {
			expired(c)
			each(func(one *jobcontext.Checkpoint) { one.Failure = "Checkpoint Coordinator is suspending." })(c)
		}, "", ""},
		"nobody knows any of them": {func(c *jobcontext.Checkpoints) { c.Recent = nil }, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r := checked1(t, slowCheckpoints(test.change))
			for _, id := range []string{"D10", "D28", "D29"} {
				switch f := ruleOf(r.Analysis, id); {
				case (f != nil) != (id == test.want):
					t.Errorf("fired %v", fired(r))
				case f != nil && (f.Severity != test.severity || f.OnPath):
					t.Errorf("%s is %s, on the path %t", id, f.Severity, f.OnPath)
				}
			}
		})
	}
}

// TestBarriersWithoutBackpressure: barriers that are late without full buffers are so for another reason.
func TestBarriersWithoutBackpressure(t *testing.T) {
	j := slowCheckpoints(func(*jobcontext.Checkpoints) {})
	for w := range j.Windows {
		for i := range j.Windows[w].Samples[1].Subtasks {
			j.Windows[w].Samples[1].Subtasks[i].BackPressuredMillis = 3
		}
	}
	if r := checked1(t, j); ruleOf(r.Analysis, "D10") != nil {
		t.Errorf("fired %v", fired(r))
	}
}

// changes are all that a finding offers, in its order.
func changes(f *events.Finding) []events.Recommendation {
	return slices.Concat([]events.Recommendation{f.Recommendation}, f.Alternatives)
}

// offers reports that a finding offers a change that speaks of something, or that sets a key of that name.
func offers(f *events.Finding, what string) bool {
	return slices.ContainsFunc(changes(f), func(r events.Recommendation) bool {
		return strings.Contains(r.Change, what) || slices.ContainsFunc(r.Config, func(c events.ConfigChange) bool { return c.Key == what })
	})
}

// TestCheckpointSettings: nothing is offered that is so already, or that the job cannot use.
func TestCheckpointSettings(t *testing.T) {
	const unaligned, debloat = "execution.checkpointing.unaligned.enabled", "taskmanager.network.memory.buffer-debloat.enabled"
	for name, test := range map[string]struct {
		change             func(*jobcontext.Checkpoints)
		debloat            string
		unaligned, shrinks bool
	}{
		"aligned":       {func(*jobcontext.Checkpoints) {}, "false", true, true},
		"debloated":     {func(*jobcontext.Checkpoints) {}, "true", true, false},
		"unaligned":     {func(c *jobcontext.Checkpoints) { c.Config.Unaligned = true }, "false", false, true},
		"at least once": {func(c *jobcontext.Checkpoints) { c.Config.Mode = "at_least_once" }, "false", false, true},
		"both are on":   {func(c *jobcontext.Checkpoints) { c.Config.Unaligned = true }, "true", false, false},
	} {
		j := slowCheckpoints(test.change)
		j.Config[debloat] = test.debloat
		f := ruleOf(checked1(t, j).Analysis, "D10")
		if f == nil || offers(f, unaligned) != test.unaligned || offers(f, debloat) != test.shrinks || !offers(f, "Speed up what limits") {
			t.Errorf("%s: %+v", name, f)
		}
	}
	oneToOne := slowCheckpoints(func(*jobcontext.Checkpoints) {})
	oneToOne.Vertices[1].Inputs[0].Ship = "FORWARD"
	if f := ruleOf(checked1(t, oneToOne).Analysis, "D10"); f == nil || offers(f, unaligned) || !offers(f, debloat) {
		t.Errorf("one to one: %+v", f)
	}
	long := each(func(one *jobcontext.Checkpoint) {
		one.DurationMS, one.StartDelayMS, one.AlignmentMS, one.AsyncMS = 90_000, 20, 0, 80_000
	})
	const incremental, interval = "execution.checkpointing.incremental", "execution.checkpointing.interval"
	for name, test := range map[string]struct {
		change func(*job)
		want   bool
	}{
		"full":         {func(*job) {}, true},
		"incremental":  {func(j *job) { j.Config[incremental] = "true" }, false},
		"on the heap":  {func(j *job) { j.Checkpoints.Config.StateBackend = "HashMapStateBackend" }, false},
		"quick writes": {func(j *job) { each(func(one *jobcontext.Checkpoint) { one.AsyncMS = 900 })(j.Checkpoints) }, false},
	} {
		j := slowCheckpoints(long)
		test.change(j)
		f := ruleOf(checked1(t, j).Analysis, "D28")
		if f == nil || offers(f, incremental) != test.want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
