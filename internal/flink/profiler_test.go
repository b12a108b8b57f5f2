package flink_test

import (
	"bytes"
	"cmp"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/flink/flinktest"
)

func TestProfile_StartPollDownload(t *testing.T) {
	forEachFlink(t, func(t *testing.T, c *flink.Client, r *flinktest.Replay) {
		tm := flinktest.TaskManagerID(0)
		r.Play(flinktest.Script{Polls: 2})
		before, err := c.Job(t.Context(), flinktest.RecordedJobID)
		if err != nil {
			t.Fatal(err)
		}
		started, err := c.StartProfile(t.Context(), tm, flink.ModeWALL, 7500*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		if started.Status != flink.ProfileRunning || started.Mode != flink.ModeWALL || started.Duration != 8 || started.FinishedTime != 0 {
			t.Errorf("started = %+v", started)
		}
		var seen []string
		var last flink.Profile
		for range 3 {
			list, err := c.ListProfiles(t.Context(), tm)
			if err != nil {
				t.Fatal(err)
			}
			last = list[0]
			seen = append(seen, last.Status)
		}
		if diff := gocmp.Diff([]string{"RUNNING", "RUNNING", "FINISHED"}, seen); diff != "" {
			t.Errorf("states (-want +got):\n%s", diff)
		}
		if last.TriggerTime != started.TriggerTime || last.FinishedTime < last.TriggerTime+8000 {
			t.Errorf("finished = %+v, started = %+v", last, started)
		}
		var page bytes.Buffer
		n, err := c.DownloadProfile(t.Context(), tm, last.OutputFile, &page)
		if err != nil {
			t.Fatal(err)
		}
		if int(n) != page.Len() || !strings.Contains(page.String(), "EvenStallingFunction.map") || !strings.HasSuffix(strings.TrimSpace(page.String()), "</html>") {
			t.Errorf("page of %d bytes is not the recorded one", n)
		}
		after, err := c.Job(t.Context(), flinktest.RecordedJobID)
		if err != nil {
			t.Fatal(err)
		}
		if after.Vertices[2].Metrics.Busy <= before.Vertices[2].Metrics.Busy {
			t.Errorf("counters did not advance: %+v, then %+v", before.Vertices[2].Metrics, after.Vertices[2].Metrics)
		}
	})
}

func TestProfile_Refusals(t *testing.T) {
	tests := map[string]struct {
		script flinktest.Script
		tm     string
		length time.Duration
		want   error
		text   string
	}{
		"busy":                {script: flinktest.Script{Busy: 1}, want: flink.ErrProfilerBusy, text: "is still under profiling"},
		"disabled":            {script: flinktest.Script{Disabled: true}, want: flink.ErrProfilerUnavailable},
		"disabled, no web UI": {script: flinktest.Script{Disabled: true, NoWebUI: true}, want: flink.ErrProfilerUnavailable},
		"duration 0":          {length: -time.Second, want: flink.ErrDurationOutOfRange, text: "the limit is 5m0s"},
		"duration too long":   {length: 100000 * time.Second, want: flink.ErrDurationOutOfRange, text: "the limit is 5m0s"},
		"unknown TaskManager": {tm: "nobody:6122", want: flink.ErrUnknownTaskManager, text: "No TaskExecutor registered under nobody:6122."},
		"lost TaskManager":    {script: flinktest.Script{Lost: true}, want: flink.ErrUnknownTaskManager},
		"dead TaskManager":    {script: flinktest.Script{Unreachable: true}, want: flink.ErrTaskManagerSilent, text: "does not answer Flink"},
		"another agent": {
			script: flinktest.Script{RefuseStart: "Start profiler failed. java.lang.IllegalStateException: Profiler already started"},
			want:   flink.ErrProfilerBusy,
		},
		"no perf events": {
			script: flinktest.Script{RefuseStart: "Start profiler failed. java.lang.IllegalStateException: No access to perf events. Try --fdtransfer or --all-user option or 'sysctl kernel.perf_event_paranoid=1'"},
			want:   flink.ErrModeRefused, text: "No access to perf events",
		},
		"no symbols": {
			script: flinktest.Script{RefuseStart: "Start profiler failed. java.lang.IllegalStateException: No AllocTracer symbols found. Are JDK debug symbols installed?"},
			want:   flink.ErrModeRefused,
		},
		"anything else": {script: flinktest.Script{RefuseStart: "Start profiler failed. java.lang.Error: x"}, want: flink.ErrProfileFailed},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forEachFlink(t, func(t *testing.T, c *flink.Client, r *flinktest.Replay) {
				r.Play(test.script)
				tm := cmp.Or(test.tm, flinktest.TaskManagerID(0))
				_, err := c.StartProfile(t.Context(), tm, flink.ModeITIMER, cmp.Or(test.length, 8*time.Second))
				if !errors.Is(err, test.want) {
					t.Fatalf("error = %v, want %v", err, test.want)
				}
				if !strings.Contains(err.Error(), test.text) || strings.Contains(err.Error(), "\n") || len(err.Error()) > 700 {
					t.Errorf("text = %q, want one line with %q", err, test.text)
				}
				if fe, ok := errors.AsType[*flink.Error](err); !ok || fe.Method != http.MethodPost || !strings.HasSuffix(fe.Path, "/profiler") {
					t.Errorf("error = %#v", fe)
				} else if errors.Is(err, flink.ErrDurationOutOfRange) && fe.MaxDuration != 5*time.Minute {
					t.Errorf("MaxDuration = %s", fe.MaxDuration)
				}
			})
		})
	}
}

// TestRecordedErrors sorts every refusal that was recorded, served at the route where it was recorded.
func TestRecordedErrors(t *testing.T) {
	list := func(tm string) func(*testing.T, *flink.Client) error {
		return func(t *testing.T, c *flink.Client) error { _, err := c.ListProfiles(t.Context(), tm); return err }
	}
	start := func(tm string) func(*testing.T, *flink.Client) error {
		return func(t *testing.T, c *flink.Client) error {
			_, err := c.StartProfile(t.Context(), tm, flink.ModeITIMER, time.Second)
			return err
		}
	}
	file := func(tm string) func(*testing.T, *flink.Client) error {
		return func(t *testing.T, c *flink.Client) error {
			_, err := c.DownloadProfile(t.Context(), tm, "nothing.html", io.Discard)
			return err
		}
	}
	known, nobody := flinktest.TaskManagerID(0), "nobody:6122"
	tests := map[string]struct {
		call func(*testing.T, *flink.Client) error
		want []error
	}{
		"error-busy":                            {start(known), []error{flink.ErrProfilerBusy}},
		"error-duration-0":                      {start(known), []error{flink.ErrDurationOutOfRange}},
		"error-duration-100000":                 {start(known), []error{flink.ErrDurationOutOfRange}},
		"error-mode-unknown":                    {start(known), nil},
		"error-mode-lower-case":                 {start(known), nil},
		"error-body-empty":                      {start(known), nil},
		"error-mode-missing":                    {start(known), []error{flink.ErrProfileFailed}},
		"error-disabled-start":                  {start(known), []error{flink.ErrProfilerUnavailable, flink.ErrNotFound}},
		"error-disabled-list":                   {list(known), []error{flink.ErrProfilerUnavailable, flink.ErrNotFound}},
		"error-disabled-file":                   {file(known), []error{flink.ErrProfilerUnavailable, flink.ErrNotFound}},
		"error-disabled-no-ui-start":            {start(known), []error{flink.ErrProfilerUnavailable, flink.ErrNotFound}},
		"error-disabled-no-ui-list":             {list(known), []error{flink.ErrProfilerUnavailable, flink.ErrNotFound}},
		"error-disabled-no-ui-file":             {file(known), []error{flink.ErrProfilerUnavailable, flink.ErrNotFound}},
		"error-file-missing":                    {file(known), []error{flink.ErrNotFound}},
		"error-taskmanager-unknown-start":       {start(nobody), []error{flink.ErrUnknownTaskManager}},
		"error-taskmanager-unknown-list":        {list(nobody), []error{flink.ErrUnknownTaskManager, flink.ErrNotFound}},
		"error-taskmanager-unknown-file":        {file(nobody), []error{flink.ErrUnknownTaskManager, flink.ErrNotFound}},
		"error-taskmanager-lost-list":           {list(known), []error{flink.ErrUnavailable}},
		"error-taskmanager-lost-start":          {start(known), []error{flink.ErrUnavailable}},
		"error-taskmanager-unknown":             {func(t *testing.T, c *flink.Client) error { _, err := c.TaskManager(t.Context(), nobody); return err }, []error{flink.ErrUnknownTaskManager}},
		"error-taskmanager-unknown-thread-dump": {func(t *testing.T, c *flink.Client) error { _, err := c.ThreadDump(t.Context(), nobody); return err }, []error{flink.ErrUnknownTaskManager}},
		"error-job-unknown":                     {func(t *testing.T, c *flink.Client) error { _, err := c.Job(t.Context(), "x"); return err }, []error{flink.ErrNotFound}},
		"error-job-malformed":                   {func(t *testing.T, c *flink.Client) error { _, err := c.Job(t.Context(), "no-job"); return err }, nil},
		"error-vertex-unknown":                  {func(t *testing.T, c *flink.Client) error { _, err := c.Vertex(t.Context(), "x", "y"); return err }, []error{flink.ErrNotFound}},
		"error-route-unknown":                   {func(t *testing.T, c *flink.Client) error { _, err := c.Overview(t.Context()); return err }, []error{flink.ErrNotFound}},
	}
	kinds := []error{
		flink.ErrNotFound, flink.ErrUnavailable, flink.ErrTooLarge, flink.ErrMalformed, flink.ErrProfilerBusy, flink.ErrProfilerUnavailable,
		flink.ErrDurationOutOfRange, flink.ErrUnknownTaskManager, flink.ErrModeRefused, flink.ErrProfileFailed,
	}
	forEachFlink(t, func(t *testing.T, _ *flink.Client, r *flinktest.Replay) {
		for name, test := range tests {
			e, ok := r.Exchange(name)
			if !ok {
				t.Errorf("%s was not recorded", name)
				continue
			}
			err := test.call(t, serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(e.Status)
				_, _ = w.Write(e.JSON)
			}))
			if err == nil {
				t.Errorf("%s: no error", name)
				continue
			}
			for _, kind := range kinds {
				if want := slices.Contains(test.want, kind); errors.Is(err, kind) != want {
					t.Errorf("%s: errors.Is(%v, %v) = %t", name, err, kind, !want)
				}
			}
			if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "\tat ") {
				t.Errorf("%s: %q has a stack trace", name, err)
			}
		}
	})
}

func TestDownloadProfile_Limits(t *testing.T) {
	endless := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		for page := bytes.Repeat([]byte("x"), 1<<20); ; {
			if _, err := w.Write(page); err != nil {
				return
			}
		}
	})
	_, err := endless.DownloadProfile(t.Context(), "tm", "f.html", io.Discard)
	if !errors.Is(err, flink.ErrTooLarge) {
		t.Errorf("error = %v, want ErrTooLarge", err)
	}
	short := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte("half a pa"))
	})
	n, err := short.DownloadProfile(t.Context(), "tm", "f.html", io.Discard)
	if !errors.Is(err, flink.ErrUnavailable) || n != 9 {
		t.Errorf("broken page: %d bytes, error = %v, want ErrUnavailable", n, err)
	}
	full := errors.New("disk is full")
	_, err = short.DownloadProfile(t.Context(), "tm", "f.html", writerFunc(func([]byte) (int, error) { return 0, full }))
	if !errors.Is(err, full) || errors.Is(err, flink.ErrUnavailable) {
		t.Errorf("error = %v, want only the writer's", err)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(b []byte) (int, error) { return f(b) }
