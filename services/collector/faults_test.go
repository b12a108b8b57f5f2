package collector

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go/jetstream"

	"squirrly.dev/internal/artifact"
	"squirrly.dev/internal/bus/bustest"
	"squirrly.dev/internal/flink/flinktest"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

const perfEvents = "Start profiler failed. java.lang.IllegalStateException: No access to perf events. Try --fdtransfer or --all-user option"

// outcome is what a test expects of a run.
type outcome struct {
	code     events.Code       // of a failed run; empty is a captured one
	says     string            // in the message of a failed run, or in a capture's note
	captures string            // "<TaskManager number> <mode> <state>", one a line
	waits    events.Code       // what the run waited for at least once
	starts   int               // profiles started in all; -1 is any number
	missing  string            // in the job context
	replaced map[string]string // requested mode by used mode
}

func TestRun_Faults(t *testing.T) {
	const both = "1 ITIMER stored\n2 ITIMER stored\n1 WALL stored\n2 WALL stored"
	tests := map[string]struct {
		plan func(*events.Plan)
		play func(*flinks)
		want outcome
	}{
		"profiling disabled": {
			play: all(flinktest.Script{Disabled: true}),
			want: outcome{code: events.CodeProfilingDisabled, says: "flink 1.20.5: rest.profiling.enabled is not true"},
		},
		"profiling disabled, no web UI": {
			play: all(flinktest.Script{Disabled: true, NoWebUI: true}),
			want: outcome{code: events.CodeProfilingDisabled, says: "rest.profiling.enabled"},
		},
		"duration above the limit": {
			plan: func(p *events.Plan) { p.Duration = events.Duration(time.Hour) },
			want: outcome{code: events.CodeDurationRange, says: "the limit is 5m0s"},
		},
		"a start is refused as busy": {
			play: one(0, flinktest.Script{Busy: 3}),
			want: outcome{captures: both, starts: 4},
		},
		"a JVM stays busy for a while": {
			play: one(0, flinktest.Script{Busy: 120}),
			want: outcome{captures: both, starts: 4, waits: events.CodeProfilerBusy},
		},
		"a stranger profiles": {
			play: stranger,
			want: outcome{captures: both, starts: 5, waits: events.CodeProfilerBusy},
		},
		"a stranger has profiled in the same mode": {
			play: func(f *flinks) { f.tms[0].AddProfile("ITIMER", 1) },
			want: outcome{captures: both, starts: 4},
		},
		"CPU refused": {
			plan: modes(events.ModeCPU, events.ModeWall),
			play: one(1, flinktest.Script{RefuseStart: perfEvents, RefuseMode: "CPU"}),
			want: outcome{
				captures: "1 CPU stored\n2 ITIMER stored\n1 WALL stored\n2 WALL stored", says: "No access to perf events",
				starts: 4, replaced: map[string]string{"ITIMER": "CPU"},
			},
		},
		"CPU refused, ITIMER is planned": {
			plan: modes(events.ModeCPU, events.ModeITimer),
			play: all(flinktest.Script{RefuseStart: perfEvents, RefuseMode: "CPU"}),
			want: outcome{captures: "1 CPU lost\n2 CPU lost\n1 ITIMER stored\n2 ITIMER stored", says: "mode_refused", starts: 2},
		},
		"the only mode is refused": {
			plan: modes(events.ModeAlloc),
			play: all(flinktest.Script{RefuseStart: "Start profiler failed. java.lang.IllegalStateException: No AllocTracer symbols found."}),
			want: outcome{code: events.CodeModeRefused, says: "No AllocTracer symbols", captures: "1 ALLOC lost\n2 ALLOC lost"},
		},
		"a profile fails": {
			play: one(0, flinktest.Script{FailStop: "Stop profiler failed. Could not open output file"}),
			want: outcome{captures: "1 ITIMER lost\n2 ITIMER stored\n1 WALL lost\n2 WALL stored", says: "profiler_failed", starts: 4},
		},
		"all profiles fail": {
			play: all(flinktest.Script{FailStop: "Stop profiler failed. Could not open output file"}),
			want: outcome{
				code: events.CodeProfilerFailed, says: "Could not open output file",
				captures: "1 ITIMER lost\n2 ITIMER lost\n1 WALL lost\n2 WALL lost", starts: 4,
			},
		},
		"a TaskManager is gone": {
			play: one(1, flinktest.Script{Lost: true}),
			want: outcome{
				captures: "1 ITIMER stored\n2 ITIMER lost\n1 WALL stored\n2 WALL lost", says: "the TaskManager is gone",
				starts: 2, missing: "thread dump of taskmanager-2:6122",
			},
		},
		"all TaskManagers are gone": {
			play: all(flinktest.Script{Lost: true}),
			want: outcome{
				code: events.CodeAllCapturesLost, says: "taskmanager-1:6122 ITIMER",
				captures: "1 ITIMER lost\n2 ITIMER lost\n1 WALL lost\n2 WALL lost",
			},
		},
		"a file is gone": {
			play: one(0, flinktest.Script{MissingFile: true}),
			want: outcome{captures: "1 ITIMER lost\n2 ITIMER stored\n1 WALL lost\n2 WALL stored", says: "does not exist", starts: 4},
		},
		"a page is broken off": {
			play: func(f *flinks) { f.play(0, flinktest.Script{Page: half(t)}) },
			want: outcome{captures: "1 ITIMER lost\n2 ITIMER stored\n1 WALL lost\n2 WALL stored", says: "bad_profile", starts: 4},
		},
		"a page is hostile": {
			play: all(flinktest.Script{Page: []byte("<html><script>alert(1)</script></html>")}),
			want: outcome{
				code: events.CodeBadProfile, says: "not a whole flame graph",
				captures: "1 ITIMER lost\n2 ITIMER lost\n1 WALL lost\n2 WALL lost", starts: 4,
			},
		},
		"all profiles are empty": {
			play: func(f *flinks) {
				for i := range f.tms {
					f.play(i, flinktest.Script{Page: empty(t)})
				}
			},
			want: outcome{code: events.CodeEmptyProfile, captures: both, starts: 4},
		},
		"one profile is empty": {
			play: func(f *flinks) { f.play(0, flinktest.Script{Page: empty(t)}) },
			want: outcome{captures: both, starts: 4},
		},
		"the job is gone": {
			plan: func(p *events.Plan) { p.JobID, p.JobName = "00000000000000000000000000000000", "another" },
			want: outcome{code: events.CodeJobGone, says: `0 running jobs are named "another"`},
		},
		"the job was replaced": {
			plan: func(p *events.Plan) { p.JobID = "00000000000000000000000000000000" },
			want: outcome{captures: both, starts: 4},
		},
		"one TaskManager is wanted": {
			plan: func(p *events.Plan) { p.Scope.TaskManagers = []string{flinktest.TaskManagerID(1)} },
			want: outcome{captures: "2 ITIMER stored\n2 WALL stored", starts: 2, missing: "1 of 2 were profiled"},
		},
		"a TaskManager is wanted that does not run the job": {
			plan: func(p *events.Plan) { p.Scope.TaskManagers = []string{"nobody"} },
			want: outcome{code: events.CodeInvalidRequest, says: "scope.taskManagers"},
		},
		"Flink is away for a moment": {
			play: func(f *flinks) { away(f, 200*time.Millisecond) },
			want: outcome{captures: both, starts: 4},
		},
		"Flink is away for longer": {
			play: func(f *flinks) { away(f, 1500*time.Millisecond) },
			want: outcome{captures: both, starts: 4, waits: events.CodeUnreachable},
		},
		"no URL": {
			plan: func(p *events.Plan) { p.RestURL = "ftp://host" },
			want: outcome{code: events.CodeInvalidRequest, says: "scheme"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2)
			if test.plan != nil {
				test.plan(&w.plan)
			}
			if test.play != nil {
				test.play(w.flink)
			}
			check(t, w, w.finish(), test.want)
		})
	}
}

func all(s flinktest.Script) func(*flinks) {
	return func(f *flinks) {
		for i := range f.tms {
			f.play(i, s)
		}
	}
}

func one(tm int, s flinktest.Script) func(*flinks) { return func(f *flinks) { f.play(tm, s) } }

func modes(m ...events.Mode) func(*events.Plan) { return func(p *events.Plan) { p.Modes = m } }

// stranger starts a profile that takes a while in the first JVM.
func stranger(f *flinks) {
	f.play(0, flinktest.Script{Polls: 1 << 30})
	req, _ := http.NewRequestWithContext(context.Background(), http.MethodPost, f.url+"/taskmanagers/"+flinktest.TaskManagerID(0)+"/profiler",
		strings.NewReader(`{"mode":"ITIMER","duration":1}`))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		panic(err)
	}
	_ = res.Body.Close()
	time.AfterFunc(2500*time.Millisecond, func() { f.play(0, flinktest.Script{}) })
}

// away lets Flink answer as during a change of its leader, for some time from the first request on.
func away(f *flinks, d time.Duration) {
	var first sync.Once
	f.instead(func(w http.ResponseWriter, _ *http.Request) {
		first.Do(func() { time.AfterFunc(d, func() { f.instead(nil) }) })
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte(`{"errors":["Service temporarily unavailable due to an ongoing leader election. Please refresh."]}`))
	})
}

func half(t *testing.T) []byte {
	t.Helper()
	page, err := flinktest.Page("1.20.5", "WALL")
	if err != nil {
		t.Fatal(err)
	}
	return page[:len(page)/2]
}

// empty is the recorded page without its frames.
func empty(t *testing.T) []byte {
	t.Helper()
	page, err := flinktest.Page("1.20.5", "WALL")
	if err != nil {
		t.Fatal(err)
	}
	var kept []string
	for line := range strings.Lines(string(page)) {
		switch {
		case strings.HasPrefix(line, "f(0,0,"):
			kept = append(kept, "f(0,0,0,2,'all')\n")
		case !strings.HasPrefix(line, "f("):
			kept = append(kept, line)
		}
	}
	return []byte(strings.Join(kept, ""))
}

func check(t *testing.T, w *world, rec run.Record, want outcome) {
	t.Helper()
	history := ""
	for _, l := range rec.History {
		history += l.Text + "\n"
	}
	if want.code != "" && (rec.State != events.StateFailed || rec.Outcome.Code != want.code || !strings.Contains(rec.Outcome.Message, want.says)) {
		t.Errorf("state %s, outcome %+v, want %s with %q", rec.State, rec.Outcome, want.code, want.says)
	}
	if want.code == "" && rec.State != events.StateCaptured {
		t.Fatalf("state %s, outcome %+v\n%s", rec.State, rec.Outcome, history)
	}
	notes := ""
	var captures []string
	replaced := map[string]string{}
	for _, c := range rec.Captures {
		for i := range w.flink.tms {
			if c.JVM == flinktest.TaskManagerID(i) {
				captures = append(captures, fmt.Sprintf("%d %s %s", i+1, c.Mode, c.State))
			}
		}
		if c.Requested != "" {
			replaced[string(c.Mode)] = string(c.Requested)
		}
		notes += string(c.Code) + ": " + c.Note + ". " + c.Hint + "\n"
	}
	if got := strings.Join(captures, "\n"); want.captures != "" && got != want.captures {
		t.Errorf("captures (-want +got):\n%s\n%s%s", cmp.Diff(want.captures, got), notes, history)
	}
	if want.code == "" && !strings.Contains(notes, want.says) {
		t.Errorf("notes %q do not say %q", notes, want.says)
	}
	if len(replaced)+len(want.replaced) > 0 && !cmp.Equal(replaced, want.replaced) {
		t.Errorf("replaced %v, want %v", replaced, want.replaced)
	}
	total := 0
	for _, n := range w.flink.starts() {
		total += n
	}
	if total != want.starts {
		t.Errorf("%d profiles were started, want %d:\n%s", total, want.starts, history)
	}
	for _, c := range rec.Captures {
		if c.Adopted {
			t.Errorf("%s %s was adopted, but nobody left one", c.JVM, c.Mode)
		}
	}
	if waited := strings.Contains(history, "collector waits"); waited != (want.waits != "") {
		t.Errorf("waited: %t, want %q:\n%s", waited, want.waits, history)
	}
	if want.code == "" && want.missing != "" {
		if got := strings.Join(w.context(w.ready()).Missing, "\n"); !strings.Contains(got, want.missing) {
			t.Errorf("missing = %q, want %q", got, want.missing)
		}
	}
}

// failingStore is a store that may be down.
type failingStore struct {
	Store
	down atomic.Bool
}

// PutFrom implements Store.
func (f *failingStore) PutFrom(ctx context.Context, ref events.ObjectRef, body io.ReaderAt) error {
	if f.down.Load() {
		return artifact.ErrUnavailable
	}
	return f.Store.PutFrom(ctx, ref, body)
}

// Put implements Store.
func (f *failingStore) Put(ctx context.Context, key string, body []byte) (events.ObjectRef, error) {
	if f.down.Load() {
		return events.ObjectRef{}, artifact.ErrUnavailable
	}
	return f.Store.Put(ctx, key, body)
}

func TestRun_StoreIsDown(t *testing.T) {
	w := newWorld(t, 1)
	c := w.collector()
	store := &failingStore{Store: c.store}
	store.down.Store(true)
	c.store = store
	w.work(c)
	w.sweep()
	w.request()
	w.until(func(r run.Record) bool { return r.WaitsFor == events.CodeStoreUnavailable })
	store.down.Store(false)
	rec := w.until(in(events.StateCaptured, events.StateFailed))
	check(t, w, rec, outcome{captures: "1 ITIMER stored\n1 WALL stored", starts: 2, waits: events.CodeStoreUnavailable})
}

func TestRun_Cancelled(t *testing.T) {
	w := newWorld(t, 1)
	w.flink.inTime = true
	w.plan.Duration = events.Duration(30 * time.Second)
	w.work(w.collector())
	w.request()
	w.until(func(r run.Record) bool { return len(r.Captures) > 0 && r.Captures[0].State == run.CaptureRunning })
	if _, err := run.New(w.bus).Update(t.Context(), w.plan.Run, func(r *run.Record) error { r.Cancel = true; return nil }); err != nil {
		t.Fatal(err)
	}
	w.until(in(events.StateCancelled))
	if n := w.published(events.TypeArtifactReady); n != 0 {
		t.Errorf("%d artifact.ready of a cancelled run", n)
	}
}

// losingStore is a store that loses the body of the first page that it is asked for.
type losingStore struct {
	Store
	w    *world
	and  func() // what happens then
	once sync.Once
}

// Check implements Store.
func (l *losingStore) Check(ctx context.Context, ref events.ObjectRef) error {
	var err error
	l.once.Do(func() {
		err = l.w.damage(ctx, ref.Key)
		l.and()
	})
	return errors.Join(err, l.Store.Check(ctx, ref))
}

// damage takes the chunks of a stored object away and leaves its metadata.
func (w *world) damage(ctx context.Context, key string) error {
	os, err := bustest.JetStream(w.bus).ObjectStore(ctx, events.BucketArtifacts)
	if err != nil {
		return err
	}
	info, err := os.GetInfo(ctx, key)
	if err != nil {
		return err
	}
	s, err := bustest.JetStream(w.bus).Stream(ctx, "OBJ_"+events.BucketArtifacts)
	if err != nil {
		return err
	}
	return s.Purge(ctx, jetstream.WithPurgeSubject("$O."+events.BucketArtifacts+".C."+info.NUID))
}

// A page that the store has lost is downloaded again, and the JVM is not profiled again.
func TestRun_StoreLosesAPage(t *testing.T) {
	w := newWorld(t, 1)
	c := w.collector()
	c.store = &losingStore{Store: c.store, w: w, and: func() {}}
	w.work(c)
	w.sweep()
	w.request()
	w.until(func(r run.Record) bool { return r.WaitsFor == events.CodeArtifactCorrupt })
	rec := w.until(in(events.StateCaptured, events.StateFailed))
	check(t, w, rec, outcome{captures: "1 ITIMER stored\n1 WALL stored", starts: 2, waits: events.CodeArtifactCorrupt})
	for _, c := range rec.Captures {
		if err := w.store(w.bus).Check(t.Context(), *c.Object); err != nil || c.Code != "" || c.Samples == 0 {
			t.Errorf("%s: %v, %+v", c.Mode, err, c)
		}
	}
}

// Where Flink does not have it any more, the capture is lost with that reason, and the run goes on with the others.
func TestRun_StoreLosesAPageThatFlinkForgot(t *testing.T) {
	w := newWorld(t, 1)
	c := w.collector()
	c.store = &losingStore{Store: c.store, w: w, and: func() {
		fresh, err := flinktest.NewReplay("1.20.5")
		if err != nil {
			t.Error(err)
		}
		w.flink.mu.Lock()
		defer w.flink.mu.Unlock()
		w.flink.tms[0] = fresh
	}}
	w.work(c)
	w.sweep()
	w.request()
	rec := w.until(in(events.StateCaptured, events.StateFailed))
	check(t, w, rec, outcome{
		captures: "1 ITIMER lost\n1 WALL stored", starts: 2, waits: events.CodeArtifactCorrupt, says: string(events.CodeArtifactCorrupt) + ": ",
	})
}
