package analyzer_test

import (
	"slices"
	"strings"
	"testing"

	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// The result of a run names the TaskManagers that died of it, its report says so, and the job opts out; one that was let go is
// in none of them.
func TestRun_Died(t *testing.T) {
	lost := func(jvm string) run.Capture {
		return run.Capture{JVM: jvm, Mode: events.ModeWall, State: run.CaptureLost, TriggerTime: 1}
	}
	for name, c := range map[string]struct {
		spared []string
		want   []string
	}{
		"one died":         {[]string{"tm-2"}, []string{"tm-3"}},
		"both were let go": {[]string{"tm-2", "tm-3"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.captured(run1, sleepy(), nil)
			_, err := run.New(w.Bus).Update(t.Context(), run1, func(r *run.Record) error {
				r.Captures, r.Spared = []run.Capture{lost("tm-2"), lost("tm-3")}, c.spared
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
			w.serve()
			rec, an := w.result(run1)
			if !slices.Equal(an.Died, c.want) {
				t.Errorf("%v died, want %v", an.Died, c.want)
			}
			page, err := w.store.Get(t.Context(), rec.Reports["markdown"], 1<<20)
			if says := strings.Contains(string(page), "tm-3"); err != nil || says != (len(c.want) > 0) {
				t.Errorf("the report says it: %t, %v (reports %v)", says, err, rec.Reports)
			}
			w.until(run1, func(run.Record) bool { return w.settled() })
			_, out, err := run.New(w.Bus).OptOuts.Get(t.Context(), orders)
			if err != nil || out != (len(c.want) > 0) {
				t.Errorf("opted out %t, %v", out, err)
			}
		})
	}
}
