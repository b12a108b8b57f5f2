package collector

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

const divided = `{"exceptionHistory":{"entries":[{"exceptionName":"java.lang.ArithmeticException",` +
	`"stacktrace":"java.lang.ArithmeticException: / by zero\n\tat Rates.map(Rates.java:7)\n","timestamp":%d,"taskName":"map (1/2)"}]}}`

var itsState = regexp.MustCompile(`"state": *"RUNNING"`)

// inState lets the job be in the states one after the other, each for so many looks, and in the last one for ever. While it
// is not RUNNING it has just failed.
func inState(f *flinks, looks int, states ...string) {
	looked := 0
	f.instead(func(w http.ResponseWriter, r *http.Request) {
		state := states[min(looked/looks, len(states)-1)]
		switch r.URL.Path {
		case "/jobs/" + flinktest.RecordedJobID:
			looked++
			if state == "RUNNING" {
				break
			}
			answer := httptest.NewRecorder()
			f.tms[0].ServeHTTP(answer, r)
			_, _ = w.Write(itsState.ReplaceAll(answer.Body.Bytes(), []byte(`"state": "`+state+`"`)))
			return
		case "/jobs/" + flinktest.RecordedJobID + "/exceptions":
			_, _ = fmt.Fprintf(w, divided, time.Date(2026, 1, 2, 3, 4, looked, 0, time.UTC).UnixMilli())
			return
		}
		f.serve(w, r)
	})
}

func noted(rec run.Record, text string) int {
	n := 0
	for _, l := range rec.History {
		if strings.Contains(l.Text, text) {
			n++
		}
	}
	return n
}

// A job that starts or restarts is profiled once it runs. The history says what was waited for, each state once, and why.
func TestAwait_ComesBack(t *testing.T) {
	for name, states := range map[string][]string{
		"starting":     {"INITIALIZING", "CREATED", "RUNNING"},
		"restarting":   {"FAILING", "RESTARTING", "CREATED", "RUNNING"},
		"restart loop": {"RESTARTING", "FAILING", "RESTARTING", "FAILING", "RESTARTING", "RUNNING"},
		"reconciling":  {"RECONCILING", "RUNNING"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1)
			inState(w.flink, 2, states...)
			rec := w.finish()
			if rec.State != events.StateCaptured {
				t.Fatalf("%s: %+v", rec.State, rec.Outcome)
			}
			for _, state := range slices.Compact(slices.Sorted(slices.Values(states))) {
				want := 1
				if state == "RUNNING" {
					want = 0
				}
				if n := noted(rec, "is "+state+", not RUNNING; its last failure: java.lang.ArithmeticException: / by zero, in map (1/2)"); n != want {
					t.Errorf("%d lines about %s, want %d: %+v", n, state, want, rec.History)
				}
			}
		})
	}
}

// A job that does not run for as long as it is waited for fails the run, with its state and what it failed with.
func TestAwait_StaysAway(t *testing.T) {
	for state, code := range map[string]events.Code{
		"INITIALIZING": events.CodeTargetNotReady, "CREATED": events.CodeTargetNotReady,
		"RESTARTING": events.CodeJobRestarting, "FAILING": events.CodeJobRestarting,
	} {
		t.Run(state, func(t *testing.T) {
			w := newWorld(t, 1)
			inState(w.flink, 1, state)
			c := w.collector()
			c.jobWait = 300 * time.Millisecond
			w.work(c)
			w.request()
			rec := w.until(in(events.StateFailed, events.StateCaptured))
			want := "is " + state + ", not RUNNING; its last failure: java.lang.ArithmeticException: / by zero, in map (1/2)"
			if o := rec.Outcome; o == nil || o.Code != code || !strings.Contains(o.Message, want) || !strings.Contains(o.Message, "not within 300ms") {
				t.Errorf("%s: %+v", rec.State, o)
			}
			if n := len(w.flink.starts()); n != 0 {
				t.Errorf("%d profiles were started", n)
			}
		})
	}
}

// A job that ends while it is waited for is told of with its end.
func TestAwait_Fails(t *testing.T) {
	w := newWorld(t, 1)
	inState(w.flink, 2, "RESTARTING", "FAILED")
	w.plan.JobName = "another"
	rec := w.finish()
	if o := rec.Outcome; o == nil || o.Code != events.CodeJobGone || !strings.Contains(o.Message, "is FAILED, and 0 running jobs") ||
		!strings.Contains(o.Message, "ArithmeticException: / by zero") {
		t.Errorf("%s: %+v", rec.State, o)
	}
}

// A job that is RUNNING while all of its tasks still start is waited for like one that is not, and their state is named.
func TestAwait_TasksStart(t *testing.T) {
	w := newWorld(t, 1)
	running := regexp.MustCompile(`"status": *"RUNNING"`)
	w.flink.instead(func(out http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		w.flink.serve(answer, r)
		_, _ = out.Write(running.ReplaceAll(answer.Body.Bytes(), []byte(`"status": "INITIALIZING"`)))
	})
	c := w.collector()
	c.jobWait = 300 * time.Millisecond
	w.work(c)
	w.request()
	rec := w.until(in(events.StateFailed, events.StateCaptured))
	if o := rec.Outcome; o == nil || o.Code != events.CodeTargetNotReady || !strings.Contains(o.Message, "runs on no TaskManager yet: its tasks are INITIALIZING") {
		t.Errorf("%s: %+v", rec.State, o)
	}
}
