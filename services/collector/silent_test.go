package collector

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// A TaskManager that does not answer any more is one line of the history, whatever becomes of it, and its exceptions are
// nowhere.
func TestSilentTaskManager(t *testing.T) {
	gone, back := flinktest.Script{Lost: true}, flinktest.Script{}
	for name, c := range map[string]struct {
		then  *flinktest.Script
		state run.CaptureState
		note  string
	}{
		"for ever":             {nil, run.CaptureLost, "the TaskManager does not answer Flink any more"},
		"Flink gives it up":    {&gone, run.CaptureLost, "the TaskManager is gone"},
		"it answers after all": {&back, run.CaptureStored, ""},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2, modes(events.ModeWall))
			w.flink.play(0, flinktest.Script{Unreachable: true})
			if c.then != nil {
				go w.when("does not answer Flink; it is waited for", func() { w.flink.play(0, *c.then) })
			}
			rec := w.finish()
			if rec.State != events.StateCaptured || len(rec.Captures) != 2 {
				t.Fatalf("%s: %+v", rec.State, rec.Outcome)
			}
			if got := rec.Captures[0]; got.State != c.state || got.Note != c.note {
				t.Errorf("capture %+v", got)
			}
			if got := rec.Captures[1]; got.State != run.CaptureStored {
				t.Errorf("the other one: %+v", got)
			}
			if n := noted(rec, "does not answer Flink; it is waited for"); n != 1 {
				t.Errorf("%d lines about it: %+v", n, rec.History)
			}
			all, _ := json.Marshal(rec)
			if text := string(all); strings.Contains(text, "Exception") || noted(rec, "collector waits") > 0 {
				t.Errorf("the record is too loud: %s", text)
			}
		})
	}
}

// when does something once the record of the run says a text, or the test is over.
func (w *world) when(said string, do func()) {
	for ; w.t.Context().Err() == nil; time.Sleep(10 * time.Millisecond) {
		if rec, err := run.New(w.bus).Get(w.t.Context(), w.plan.Run); err == nil && noted(rec, said) > 0 {
			do()
			return
		}
	}
}

// A JVM in which somebody else profiles is waited for, and the record says what runs there and what is next; once.
func TestBusy_IsTold(t *testing.T) {
	w := newWorld(t, 1, modes(events.ModeWall))
	stranger(w.flink)
	told := make(chan string, 1)
	go func() {
		for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
			rec, err := run.New(w.bus).Get(t.Context(), w.plan.Run)
			if err == nil && strings.HasPrefix(rec.Step, "waiting: ") {
				told <- rec.Step
				break
			}
		}
		close(told)
		w.flink.play(0, flinktest.Script{})
	}()
	rec := w.finish()
	step := <-told
	if rec.State != events.StateCaptured {
		t.Fatalf("%s: %+v", rec.State, rec.Outcome)
	}
	for _, want := range []string{"another ", " profile of ", " runs in " + flinktest.TaskManagerID(0) + ", since "} {
		if !strings.Contains(step, want) {
			t.Errorf("the step %q lacks %q", step, want)
		}
	}
	if n := noted(rec, "by that machine's clock; WALL is next"); n != 1 {
		t.Errorf("%d lines about it: %+v", n, rec.History)
	}
}
