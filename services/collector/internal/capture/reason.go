package capture

import (
	"errors"
	"strings"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/redact"
	"squirrly.dev/pkg/events"
)

// reason is why a capture is lost, or was taken in another mode.
type reason struct {
	code events.Code // empty: the TaskManager is gone
	text string      // one line for people
	hint string      // what to do about this very reason
}

// remedies are what to do about what a profiler says, by a part of its words. The first that fits is taken; without one
// the hint of the code is.
var remedies = []struct{ says, hint string }{
	{"perf", "Use ITIMER instead of CPU, or allow perf events in the container (kernel.perf_event_paranoid=1, and seccomp must let perf_event_open pass)."},
	{"AllocTracer", "Install the debug symbols of the JDK in the image, or run Flink on a JDK of version 11 or later, whose object sampler needs none."},
	{"LockTracer", "Install the debug symbols of the JDK in the image; WALL shows threads that wait for locks meanwhile."},
	{"UnsafePark", "Install the debug symbols of the JDK in the image; WALL shows threads that wait for locks meanwhile."},
	{"ITIMER_PROF", "Use WALL, or CPU where perf events are allowed: this kernel has no such timer."},
	{"ld-linux", "Use an image with glibc (Debian, Ubuntu): the profiler in Flink does not load on musl (Alpine)."},
	{"musl", "Use an image with glibc (Debian, Ubuntu): the profiler in Flink does not load on musl (Alpine)."},
	{"failed to map segment", "Let the temporary directory of the TaskManager (io.tmp.dirs, java.io.tmpdir) be mounted without noexec: the profiler's library is loaded from there."},
	{"Read-only file system", "Give the TaskManager a directory that it can write to (rest.profiling.dir, java.io.tmpdir)."},
	{"No space left", "Make room where the TaskManager writes its profiles (rest.profiling.dir)."},
	{"Could not initialize class", "The profiler's library failed to load before in this JVM: the log of the TaskManager has the first failure; mend that and restart the TaskManager."},
	{"UnsatisfiedLinkError", "The profiler's library does not load in this image: see the message, and the log of the TaskManager."},
	{"VMStructs", "Run Flink on a HotSpot JVM (OpenJDK, Temurin, Corretto): the profiler knows no other."},
	{"AsyncGetCallTrace", "Run Flink on a HotSpot JVM (OpenJDK, Temurin, Corretto): the profiler knows no other."},
}

// reasonOf says why an error lost a capture.
func reasonOf(code events.Code, err error) reason {
	r := reason{code: code, text: redact.Text(summary(err)), hint: code.Hint()}
	answer, ok := errors.AsType[*flink.Error](err)
	if !ok || code != events.CodeModeRefused && code != events.CodeProfilerFailed {
		return r
	}
	if text := answer.Reason(); text != "" {
		r.text = redact.Text(shortened(text))
	}
	said := strings.Join(answer.Messages, "\n")
	for _, m := range remedies {
		if strings.Contains(said, m.says) {
			r.hint = m.hint
			break
		}
	}
	return r
}

// maxText bounds what is kept of an error in a capture, in bytes.
const maxText = 300

// summary is one line for people.
func summary(err error) string {
	if errors.Is(err, flink.ErrUnknownTaskManager) {
		return "the TaskManager is gone"
	}
	return shortened(err.Error())
}

func shortened(text string) string {
	text, _, _ = strings.Cut(text, "\n")
	if len(text) > maxText {
		text = strings.ToValidUTF8(text[:maxText], "") + "…"
	}
	return text
}
