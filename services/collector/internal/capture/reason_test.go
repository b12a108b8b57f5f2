package capture

import (
	"errors"
	"strings"
	"testing"

	"squirrly.dev/internal/bus"
	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/run"
	"squirrly.dev/pkg/events"
)

// TestReasonOf holds what profilers have said, and what helps.
func TestReasonOf(t *testing.T) {
	const state = "Start profiler failed. java.lang.IllegalStateException: "
	for message, want := range map[string]struct {
		code       events.Code
		text, hint string
	}{
		state + "No access to perf events. Try --fdtransfer or --all-user option or 'sysctl kernel.perf_event_paranoid=1'":                                              {events.CodeModeRefused, "No access to perf events.", "ITIMER instead of CPU"},
		state + "No AllocTracer symbols found. Are JDK debug symbols installed?":                                                                                        {events.CodeModeRefused, "No AllocTracer symbols found.", "debug symbols of the JDK"},
		state + "ITIMER_PROF is not supported on this system":                                                                                                           {events.CodeModeRefused, "ITIMER_PROF is not supported", "Use WALL"},
		"Start profiler failed. java.lang.UnsatisfiedLinkError: /tmp/libasyncProfiler.so: Error loading shared library ld-linux-x86-64.so.2: No such file or directory": {events.CodeProfilerFailed, "/tmp/libasyncProfiler.so: Error", "glibc"},
		"Start profiler failed. java.lang.UnsatisfiedLinkError: /tmp/libasyncProfiler-1.so: failed to map segment from shared object: Operation not permitted":          {events.CodeProfilerFailed, "/tmp/libasyncProfiler-1.so: failed", "noexec"},
		"Start profiler failed. java.lang.NoClassDefFoundError: Could not initialize class one.profiler.AsyncProfiler":                                                  {events.CodeProfilerFailed, "Could not initialize class", "restart the TaskManager"},
		state + "VMStructs unavailable. Unsupported JVM?":                                                                                                               {events.CodeProfilerFailed, "VMStructs unavailable.", "HotSpot"},
		"Start profiler failed. java.io.IOException: Read-only file system":                                                                                             {events.CodeProfilerFailed, "Read-only file system", "directory that it can write to"},
		"Failed to stop profiler: java.io.IOException: No space left on device":                                                                                         {events.CodeProfilerFailed, "No space left on device", "Make room"},
		"Start profiler failed. java.lang.IllegalStateException: something new with password=hunter2":                                                                   {events.CodeProfilerFailed, "something new with password=***", events.CodeProfilerFailed.Hint()},
	} {
		err := flink.Profile{Status: flink.ProfileFailed, Mode: "CPU", Message: message}.Failure()
		code, lost := lostBy(err)
		r := reasonOf(code, err)
		if !lost || r.code != want.code || !strings.HasPrefix(r.text, want.text) || !strings.Contains(r.hint, want.hint) {
			t.Errorf("%s:\ngot %+v\nwant %+v", message, r, want)
		}
	}
	if r := reasonOf("", flink.ErrUnknownTaskManager); r.code != "" || r.text != "the TaskManager is gone" || r.hint != "" {
		t.Errorf("a TaskManager that is gone: %+v", r)
	}
	if r := reasonOf(events.CodeBadProfile, badPage{errors.New("x")}); r.text != "not a whole flame graph: x" || r.hint != events.CodeBadProfile.Hint() {
		t.Errorf("a bad page: %+v", r)
	}
}

func TestVerdict_HintOfAll(t *testing.T) {
	lost := func(hint string) run.Capture {
		return run.Capture{State: run.CaptureLost, Code: events.CodeModeRefused, Note: "x", Hint: hint}
	}
	for name, test := range map[string]struct {
		captures []run.Capture
		want     string
	}{
		"the same": {[]run.Capture{lost("a"), lost("a")}, "a"},
		"two":      {[]run.Capture{lost("a"), lost("b")}, ""},
	} {
		f, ok := errors.AsType[*bus.Fault](Verdict(test.captures))
		if !ok || f.Code != events.CodeModeRefused || f.Hint != test.want {
			t.Errorf("%s: %+v", name, f)
		}
	}
}
