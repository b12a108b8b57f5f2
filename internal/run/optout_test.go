package run_test

import (
	"errors"
	"testing"
	"time"

	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// Who died of a profile, and who did not.
func TestRecord_Died(t *testing.T) {
	stored := run.Capture{JVM: "tm-1", Mode: events.ModeITimer, State: run.CaptureStored, TriggerTime: 1}
	for name, c := range map[string]struct {
		captures []run.Capture
		code     events.Code
		want     int
	}{
		"during its profile":      {[]run.Capture{{JVM: "tm-1", State: run.CaptureLost, TriggerTime: 1}}, "", 1},
		"between two":             {[]run.Capture{stored, {JVM: "tm-1", Mode: events.ModeWall, State: run.CaptureLost}}, "", 1},
		"alive":                   {[]run.Capture{stored}, "", 0},
		"let go on purpose":       {[]run.Capture{{JVM: "spared", State: run.CaptureLost, TriggerTime: 1}}, "", 0},
		"never profiled":          {[]run.Capture{{JVM: "tm-1", State: run.CaptureLost}}, "", 0},
		"lost for another reason": {[]run.Capture{{JVM: "tm-1", State: run.CaptureLost, TriggerTime: 1, Code: events.CodeProfilerFailed}}, "", 0},
		"another one is gone":     {[]run.Capture{stored, {JVM: "tm-2", State: run.CaptureLost}}, "", 0},
		"the job was replaced":    {[]run.Capture{{JVM: "tm-1", State: run.CaptureLost, TriggerTime: 1}}, events.CodeJobGone, 0},
	} {
		rec := run.Record{Collected: run.Collected{Captures: c.captures, Spared: []string{"spared"}}}
		if c.code != "" {
			rec.Outcome = &events.Outcome{Code: c.code}
		}
		if died := rec.Died(); len(died) != c.want {
			t.Errorf("%s: %v died", name, died)
		}
	}
}

// A job opts out with the end of the run, before its target is free, and until somebody lifts it.
func TestOptOuts(t *testing.T) {
	b := bustest.Start(t)
	runs := run.New(b)
	for name, died := range map[string]bool{"dead": true, "alive": false} {
		id := events.Identity{Cluster: "c", Namespace: "n", Job: name}
		rec := run.Record{
			Run: name, State: events.StateProfiling, Plan: events.Plan{Run: name, Identity: id, Deadline: time.Now().Add(time.Hour)},
			Collected: run.Collected{Captures: []run.Capture{{JVM: "tm-1", State: run.CaptureStored, TriggerTime: 1}}},
		}
		if died {
			rec.Captures[0].State = run.CaptureLost
		}
		if _, err := runs.Create(t.Context(), rec); err != nil {
			t.Fatal(err)
		}
		err := runs.End(t.Context(), run.End{
			Run: name, State: events.StateFailed, Code: events.CodeAllCapturesLost, Why: errors.New("all are lost"), Step: "collector",
			Allowed: func(*run.Record) error { return nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		o, out, err := runs.OptOuts.Get(t.Context(), id)
		if err != nil || out != died || out && (o.Run != name || o.Identity != id) {
			t.Errorf("%s: opted out %t: %+v, %v", name, out, o, err)
		}
		if err := runs.OptOuts.Lift(t.Context(), id); err != nil {
			t.Fatal(err)
		}
	}
	if all, err := runs.OptOuts.List(t.Context()); len(all) > 0 || err != nil {
		t.Errorf("after lifting: %v, %v", all, err)
	}
}
