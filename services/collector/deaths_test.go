package collector

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// dying lets TaskManager 0 be gone, or silent, as soon as a profile of it runs, and the job fail with it or not.
func dying(f *flinks, then flinktest.Script, fails bool) {
	f.instead(func(w http.ResponseWriter, r *http.Request) {
		began := false
		for what := range f.started {
			began = began || strings.HasPrefix(what, flinktest.TaskManagerID(0)+" ")
		}
		if began {
			f.tms[0].Play(then)
		}
		if strings.HasSuffix(r.URL.Path, "/exceptions") {
			failures(w, began && fails)
			return
		}
		f.serve(w, r)
	})
}

// failures answers with the failures of a job: one of now, or one of an hour ago.
func failures(w http.ResponseWriter, now bool) {
	at := time.Now()
	if !now {
		at = at.Add(-time.Hour)
	}
	_, _ = fmt.Fprintf(w, `{"exceptionHistory":{"entries":[{"exceptionName":"org.apache.flink.util.FlinkException","timestamp":%d,`+
		`"stacktrace":"org.apache.flink.util.FlinkException: TaskManager is no longer reachable\n"}]}}`, at.UnixMilli())
}

// A TaskManager that is gone after a profile of it was begun has died when its job failed; without a failure it was let go,
// and one that Flink still knows is silent. Only of the first the job opts out.
func TestDied_OrLetGo(t *testing.T) {
	for name, c := range map[string]struct {
		then   flinktest.Script
		fails  bool
		died   bool
		spared string
	}{
		"the job failed":     {flinktest.Script{Lost: true}, true, true, ""},
		"it was scaled down": {flinktest.Script{Lost: true}, false, false, letGo},
		"it is silent":       {flinktest.Script{Unreachable: true}, true, false, stillKnown},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2, modes(events.ModeWall))
			dying(w.flink, c.then, c.fails)
			rec := w.finish()
			if rec.State != events.StateCaptured || rec.Captures[0].State != run.CaptureLost {
				t.Fatalf("%s: %+v, %+v", rec.State, rec.Captures, rec.Outcome)
			}
			if died := slices.Contains(rec.Died(), flinktest.TaskManagerID(0)); died != c.died || len(rec.Died()) > 1 {
				t.Errorf("%v died: %+v", rec.Died(), rec.Captures)
			}
			if n := noted(rec, "did not die: "+c.spared); c.spared == "" && n > 0 || c.spared != "" && n != 1 {
				t.Errorf("%d lines about it: %+v", n, rec.History)
			}
		})
	}
}

// A TaskManager that dies within a minute after its last profile opts its job out, also when the collector was killed in
// between; the only slot profiles another run meanwhile. One that is let go does not.
func TestDied_SoonAfter(t *testing.T) {
	for name, dies := range map[string]bool{"it dies": true, "it is scaled down": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, modes(events.ModeWall))
			worker := w.collector()
			worker.timing.After = 6 * time.Second
			stop := w.work(worker)
			w.request()
			w.until(in(events.StateCaptured, events.StateFailed))
			w.flink.instead(func(rw http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "/exceptions") {
					failures(rw, dies)
					return
				}
				w.flink.serve(rw, r)
			})

			second := *w
			second.plan.Run, second.plan.Identity.Job = uuid.NewString(), "another"
			second.request()
			second.until(in(events.StateCaptured, events.StateFailed))
			runs := run.New(w.bus)
			if _, out, err := runs.OptOuts.Get(t.Context(), w.plan.Identity); out || err != nil {
				t.Errorf("it has opted out before it died: %v", err)
			}
			stop()
			w.flink.play(0, flinktest.Script{Lost: true})
			w.work(worker)
			w.settled()
			o, out, err := runs.OptOuts.Get(t.Context(), w.plan.Identity)
			if err != nil || out != dies || dies && (o.Run != w.plan.Run || !slices.Equal(o.JVMs, []string{flinktest.TaskManagerID(0)})) {
				t.Errorf("opted out %t: %+v, %v", out, o, err)
			}
			rec, err := runs.Get(t.Context(), w.plan.Run)
			if n := noted(rec, "died soon after the profile"); err != nil || (n == 1) != dies || rec.State != events.StateCaptured {
				t.Errorf("%s, %d lines about it: %+v, %v", rec.State, n, rec.History, err)
			}
		})
	}
}
