package diagnose

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// windowSeconds returns the duration that was asked for in a mode; 0 is unknown.
func windowSeconds(c *jobcontext.Context, mode events.Mode) float64 {
	if c == nil {
		return 0
	}
	for _, w := range c.Windows {
		if w.Mode == string(mode) {
			return float64(w.Seconds)
		}
	}
	return 0
}

// loadsDuring are the loads in the windows of one mode; none without such windows.
func loadsDuring(c *jobcontext.Context, mode events.Mode) []limits.Load {
	one := *c
	one.Windows = slices.DeleteFunc(slices.Clone(c.Windows), func(w jobcontext.Window) bool { return w.Mode != string(mode) })
	if len(one.Windows) == 0 {
		return nil
	}
	return limits.Loads(&one)
}

// coresUsed returns the CPU time of a JVM over the time that passed in the windows of a mode, or in all windows when
// that mode has none, as when another one replaced it; 0 is unknown.
func coresUsed(c *jobcontext.Context, jvm string, mode events.Mode) float64 {
	of := func(j *jobcontext.JVMCounter) int64 { return j.CPUNanos }
	cpu, passed := jvmDelta(c, jvm, mode, of)
	if passed <= 0 {
		cpu, passed = jvmDelta(c, jvm, "", of)
	}
	if passed <= 0 {
		return 0
	}
	return float64(cpu) / 1e6 / passed
}

// jvmDelta returns how much a counter of a JVM grew in the windows of a mode (of all modes when it is empty), and the
// milliseconds that passed.
func jvmDelta(
	c *jobcontext.Context, jvm string, mode events.Mode, of func(*jobcontext.JVMCounter) int64,
) (grown int64, passed float64) {
	if c == nil {
		return 0, 0
	}
	for _, w := range c.Windows {
		if mode != "" && w.Mode != string(mode) {
			continue
		}
		g, p := windowDelta(&w, jvm, of)
		grown += g
		passed += p
	}
	return grown, passed
}

// windowDelta compares the first and the last reading of a window that know the counter.
func windowDelta(w *jobcontext.Window, jvm string, of func(*jobcontext.JVMCounter) int64) (grown int64, passed float64) {
	var first, last, from, to int64 = -1, -1, 0, 0
	for _, s := range w.Samples {
		i := slices.IndexFunc(s.TaskManagers, func(j jobcontext.JVMCounter) bool { return j.ID == jvm && of(&j) >= 0 })
		if i < 0 {
			continue
		}
		last, to = of(&s.TaskManagers[i]), s.AtMillis
		if first < 0 {
			first, from = last, to
		}
	}
	if first < 0 || last < first || to <= from {
		return 0, 0
	}
	return last - first, float64(to - from)
}
