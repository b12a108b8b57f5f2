package diagnose

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
)

// A job that fails again and again has one finding, however its tasks spend the time between.
func TestRestarts(t *testing.T) {
	restarting := func(attempts int, failures ...jobcontext.Failure) *jobcontext.Context {
		j := newJob("tm-1").vertex("Source: in", nil, load{0.1, 0, 500}).vertex("work", []string{"Source: in"}, load{0.99, 0.01, 500})
		j.Version = jobcontext.Version
		for w := range j.Windows {
			for s := range j.Windows[w].Samples {
				for i := range j.Windows[w].Samples[s].Subtasks {
					c := &j.Windows[w].Samples[s].Subtasks[i]
					c.Attempt, c.StartTime, c.Status = s*attempts, int64(1000+5000*s), "RUNNING"
				}
			}
		}
		j.Failures = failures
		return j.Context
	}
	page := graph(t, "TASK;MAP;com/shop/Work.map;java/util/regex/Pattern.compile 160", "TASK;SOURCE 16")
	for name, test := range map[string]struct {
		context  *jobcontext.Context
		limit    events.Limit
		headline string
		severity events.Severity
	}{
		"a loop": {
			restarting(5, jobcontext.Failure{At: 3000, Name: "java.lang.ArithmeticException", Message: "/ by zero", Cause: "java.lang.ArithmeticException", Task: "work (1/1)"}),
			events.LimitRestarting, "The job restarted at least 5 times in 8 s, ArithmeticException: / by zero.", events.SeverityCritical,
		},
		"one failure": {
			restarting(1, jobcontext.Failure{At: 3000, Name: "java.io.IOException", Message: "gone", Cause: "java.io.IOException"}),
			events.LimitRestarting, "The job restarted at least once in 8 s, IOException: gone.", events.SeverityWarning,
		},
		"a rescale":      {restarting(1), events.LimitStarting, "rescale", events.SeverityNone},
		"nothing at all": {restarting(0), events.LimitStarting, "rescale", events.SeverityNone}, // a later start of the same attempt
	} {
		t.Run(name, func(t *testing.T) {
			r := diagnoseOK(t, Input{Context: test.context, Captures: []Capture{capture("tm-1", events.ModeWall, page), capture("tm-1", events.ModeITimer, page)}})
			a := r.Analysis
			if a.Verdict.Limit != test.limit || !strings.Contains(a.Verdict.Headline, test.headline) || a.Severity != test.severity {
				t.Errorf("%s, %s: %s", a.Verdict.Limit, a.Severity, a.Verdict.Headline)
			}
			for _, f := range a.Findings {
				if f.Rule != "S2" {
					t.Errorf("finding %s of a job that did not run", f.Rule)
				}
			}
			if restarted := test.limit == events.LimitRestarting; restarted != (len(a.Findings) == 1) || restarted != (a.Verdict.Fix != "") {
				t.Errorf("%d findings, fix %q", len(a.Findings), a.Verdict.Fix)
			}
			checkForm(t, r)
		})
	}
}

// Pages alone show that state is restored: what RocksDB writes then is no fault of the job.
func TestRestoringState(t *testing.T) {
	const restore = "java/lang/Thread.run;org/apache/flink/runtime/taskmanager/Task.run;org/apache/flink/runtime/taskmanager/Task.doRun;" +
		"org/apache/flink/runtime/taskmanager/Task.restoreAndInvoke;org/apache/flink/streaming/runtime/tasks/StreamTask.restore;" +
		"org/apache/flink/streaming/runtime/tasks/StreamTask.restoreInternal;" +
		"org/apache/flink/contrib/streaming/state/restore/RocksDBIncrementalRestoreOperation.restore;org/rocksdb/RocksDB.write 600"
	for _, mode := range []events.Mode{events.ModeWall, events.ModeITimer} {
		r := diagnoseOK(t, Input{Captures: []Capture{capture("tm-1", mode, graph(t, restore))}})
		if v := r.Analysis.Verdict; v.Limit != events.LimitStarting || !strings.Contains(v.Headline, "restore their state") || len(r.Analysis.Findings) != 0 {
			t.Errorf("%s: %s: %s, %d findings", mode, v.Limit, v.Headline, len(r.Analysis.Findings))
		}
		checkForm(t, r)
	}
}

func TestHeldBack(t *testing.T) {
	page := graph(t, "TASK;MAP;com/shop/Work.map 48", "TASK;IDLE 272")
	for name, test := range map[string]struct {
		source, work load
		limit        events.Limit
		headline     []string
	}{
		"endless input": {load{0.02, 0, 100}, load{0.3, 0.7, 100}, events.LimitVertex, []string{"it is backpressured though nothing behind it is busy"}},
		"bursts":        {load{0.1, 0.3, 100}, load{0.6, 0.4, 100}, events.LimitBursts, []string{"Source: in is backpressured for 60 % of its time and idle for 30 %"}},
		"short bursts":  {load{0.1, 0.76, 100}, load{0.5, 0.5, 100}, events.LimitNone, []string{"Not limited", "Source: in is backpressured for 14 % of its time, in short bursts"}},
		"next to none":  {load{0.1, 0.84, 100}, load{0.5, 0.5, 100}, events.LimitNone, []string{"no vertex is backpressured for more than 6.0 % of its time"}},
		"none":          {load{0.1, 0.9, 100}, load{0.5, 0.5, 100}, events.LimitNone, []string{"nothing is backpressured"}},
	} {
		j := newJob("tm-1").vertex("Source: in", nil, test.source).vertex("work", []string{"Source: in"}, test.work)
		r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{capture("tm-1", events.ModeWall, page)}})
		v := r.Analysis.Verdict
		if v.Limit != test.limit {
			t.Errorf("%s: %s: %s", name, v.Limit, v.Headline)
		}
		for _, part := range test.headline {
			if !strings.Contains(v.Headline, part) {
				t.Errorf("%s: %s", name, v.Headline)
			}
		}
		checkForm(t, r)
	}
}

// The samples of other TaskManagers say nothing about the subtask that limits.
func TestUnprofiled(t *testing.T) {
	j := newJob("tm-1", "tm-2").vertex("Source: in", nil, load{0.05, 0, 500}, load{0.05, 0, 500}).
		vertex("count", []string{"Source: in"}, load{0.05, 0.95, 10}, load{0.99, 0.01, 990})
	page := graph(t, "TASK;IDLE 300", "TASK;MAP;com/shop/Count.map;java/lang/Thread.sleep 20")
	at := func(jvms ...string) Result {
		in := Input{Context: j.Context}
		for _, jvm := range jvms {
			in.Captures = append(in.Captures, capture(jvm, events.ModeWall, page))
		}
		return diagnoseOK(t, in)
	}
	r := at("tm-1")
	if v := r.Analysis.Verdict; v.VertexName != "count" || !strings.Contains(v.Headline, "(1 of 2 subtasks)") ||
		!strings.Contains(v.Headline, "tm-2, which was not profiled") || v.Anchor != "" {
		t.Errorf("%s, at %q", v.Headline, v.Anchor)
	}
	for _, f := range r.Analysis.Findings {
		if f.OnPath && f.Samples > 0 {
			t.Errorf("%s is said to be the time of the subtask that limits", f.Rule)
		}
	}
	checkForm(t, r)
	if v := at("tm-1", "tm-2").Analysis.Verdict; strings.Contains(v.Headline, "not profiled") {
		t.Errorf("%s", v.Headline)
	}
}

// Where most of the time of what limits was not profiled, the profiles of the rest say less; a little that is not matters to
// nobody.
func TestUnseen(t *testing.T) {
	page := graph(t, "TASK;IDLE 300", "TASK;MAP;com/shop/Count.map;java/lang/Thread.sleep 2000")
	j := newJob("tm-1", "tm-2", "tm-3", "tm-4").vertex("Source: in", nil, slices.Repeat([]load{{0.05, 0, 500}}, 4)...).
		vertex("count", []string{"Source: in"}, slices.Repeat([]load{{0.99, 0.01, 500}}, 4)...)
	for _, test := range []struct {
		jvms       []string
		confidence events.Confidence
		text       string
	}{
		{[]string{"tm-1", "tm-2", "tm-3", "tm-4"}, events.ConfidenceMedium, ""},
		{[]string{"tm-1", "tm-2", "tm-3"}, events.ConfidenceMedium, "25 % of the job's busy time was spent on TaskManagers that were not profiled"},
		{[]string{"tm-1"}, events.ConfidenceLow, "75 % of the job's busy time was spent on TaskManagers that were not profiled"},
	} {
		in := Input{Context: j.Context}
		for _, jvm := range test.jvms {
			in.Captures = append(in.Captures, capture(jvm, events.ModeWall, page))
		}
		r := diagnoseOK(t, in)
		told := ""
		for _, f := range r.Analysis.Evidence {
			if strings.Contains(f.Text, "not profiled") {
				told = f.Text
			}
		}
		if v := r.Analysis.Verdict; v.VertexName != "count" || v.Confidence != test.confidence || !strings.Contains(told, test.text) || (test.text == "") != (told == "") {
			t.Errorf("%v: %s, confidence %s, %q", test.jvms, v.Headline, v.Confidence, told)
		}
		checkForm(t, r)
	}
}

// What Flink marks as incomplete is unknown, and no zero.
func TestIncompleteCounts(t *testing.T) {
	j := sampleJob()
	for w := range j.Windows {
		for s := range j.Windows[w].Samples {
			for i := range j.Windows[w].Samples[s].Subtasks {
				c := &j.Windows[w].Samples[s].Subtasks[i]
				c.ReadRecords, c.ReadIncomplete = 0, true
			}
		}
	}
	r := diagnoseOK(t, Input{Context: j.Context, Captures: []Capture{recorded(t, "1.20.5", events.ModeWall)}})
	for _, v := range r.Analysis.Vertices {
		if v.RecordsIn != -1 || v.RecordsOut < 0 {
			t.Errorf("%s: %.0f in, %.0f out", v.Name, v.RecordsIn, v.RecordsOut)
		}
	}
	if !strings.Contains(strings.Join(r.Analysis.Missing, "\n"), "incomplete") {
		t.Errorf("missing: %v", r.Analysis.Missing)
	}
	checkForm(t, r)
}
