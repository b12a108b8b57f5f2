package flink

import (
	"regexp"
	"strings"
)

// modeRefusals are what async-profiler 2.9 says, in its own words, when a JVM or a machine cannot do a mode at all.
var modeRefusals = []string{
	"perf events", "Perf events", "perf_event", "perf_mmap", // CPU
	"AllocTracer",                                 // ALLOC
	"LockTracer", "UnsafePark", "contended locks", // LOCK
	"ITIMER_PROF", "is not supported on this", "UnsupportedOperation",
}

// refusesMode reports whether a profile's message says that its mode cannot be used there.
func refusesMode(message string) bool {
	for _, part := range modeRefusals {
		if strings.Contains(message, part) {
			return true
		}
	}
	return false
}

var startFailed = regexp.MustCompile(`^(?:Start profiler failed\.|Failed to (?:start|stop) profiler:)\s+(?:[\w$]+\.)+[\w$]+(?:Exception|Error):?\s*`)

// Reason is what Flink says in one line, without the call and without the class of the exception that it wraps around
// the profiler's words; empty when it says nothing.
func (e *Error) Reason() string {
	summary := e.summary()
	if rest := startFailed.ReplaceAllString(summary, ""); rest != "" {
		return rest
	}
	return summary
}
