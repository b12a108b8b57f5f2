package capture

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

func TestAdoptable(t *testing.T) {
	list := []flink.Profile{ // newest first
		{Mode: "WALL", TriggerTime: 60, Duration: 30},
		{Mode: "ITIMER", TriggerTime: 50, Duration: 30},
		{Mode: "ITIMER", TriggerTime: 40, Duration: 30},
		{Mode: "ITIMER", TriggerTime: 30, Duration: 10},
		{Mode: "WALL", TriggerTime: 20, Duration: 30},
		{Mode: "ITIMER", TriggerTime: 10, Duration: 30},
	}
	tests := map[string]struct {
		seen    int64
		mode    events.Mode
		seconds int
		want    int64 // 0 is none
	}{
		"the oldest after the newest seen":    {10, events.ModeITimer, 30, 40},
		"nothing was seen":                    {0, events.ModeITimer, 30, 10},
		"another mode":                        {20, events.ModeWall, 30, 60},
		"another duration":                    {10, events.ModeITimer, 10, 30},
		"none of that duration":               {10, events.ModeITimer, 20, 0},
		"none in that mode":                   {0, events.ModeAlloc, 30, 0},
		"none after the newest that was seen": {60, events.ModeWall, 30, 0},
	}
	for name, test := range tests {
		p, ok := adoptable(list, run.Capture{Mode: test.mode, Seen: test.seen}, test.seconds)
		if ok != (test.want != 0) || p.TriggerTime != test.want {
			t.Errorf("%s: %d, %t, want %d", name, p.TriggerTime, ok, test.want)
		}
	}
}

func TestWorst(t *testing.T) {
	wait := bus.Wait(events.CodeProfilerBusy, time.Second, errors.New("busy"))
	end := bus.Permanent(events.CodeDurationRange, errors.New("too long"))
	for name, test := range map[string]struct {
		errs []error
		want error
	}{
		"none":                         {[]error{nil, nil}, nil},
		"a wait":                       {[]error{nil, wait}, wait},
		"an end before a wait":         {[]error{wait, end, nil}, end},
		"an end after what it stopped": {[]error{context.Canceled, end}, end},
		"superseded before a wait":     {[]error{wait, run.ErrSuperseded}, run.ErrSuperseded},
	} {
		if got := worst(test.errs); !errors.Is(got, test.want) || (got == nil) != (test.want == nil) {
			t.Errorf("%s: %v, want %v", name, got, test.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	lost := func(code events.Code) run.Capture {
		return run.Capture{State: run.CaptureLost, Code: code, Note: "x", Hint: "about " + string(code)}
	}
	stored := func(samples int64) run.Capture { return run.Capture{State: run.CaptureStored, Samples: samples} }
	for name, test := range map[string]struct {
		captures []run.Capture
		want     events.Code
	}{
		"one is enough":     {[]run.Capture{lost(""), stored(1), stored(0)}, ""},
		"all are empty":     {[]run.Capture{stored(0), lost("")}, events.CodeEmptyProfile},
		"all are lost":      {[]run.Capture{lost(""), lost(events.CodeModeRefused)}, events.CodeAllCapturesLost},
		"all by one reason": {[]run.Capture{lost(events.CodeModeRefused), lost(events.CodeModeRefused)}, events.CodeModeRefused},
	} {
		err := Verdict(test.captures)
		var code events.Code
		if f, ok := errors.AsType[*bus.Fault](err); ok {
			code = f.Code
		}
		if code != test.want {
			t.Errorf("%s: %v, want %q", name, err, test.want)
		}
	}
}

func TestNextLook(t *testing.T) {
	take := &take{Runner: &Runner{Timing: DefaultTiming()}}
	for left, want := range map[time.Duration]time.Duration{
		time.Minute:            5 * time.Second,
		time.Second:            850 * time.Millisecond,
		100 * time.Millisecond: 100 * time.Millisecond,
		-time.Second:           100 * time.Millisecond,
	} {
		if got := take.nextLook(left); got != want {
			t.Errorf("nextLook(%s) = %s, want %s", left, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	got := Plan([]events.Mode{events.ModeITimer, events.ModeWall}, []string{"a", "b"})
	want := []run.Capture{
		{JVM: "a", Mode: "ITIMER", State: run.CapturePending},
		{JVM: "b", Mode: "ITIMER", State: run.CapturePending},
		{JVM: "a", Mode: "WALL", State: run.CapturePending},
		{JVM: "b", Mode: "WALL", State: run.CapturePending},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}
