package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/evidence"
	"squirrly.dev/services/analyzer/internal/rules"
)

// samplesPerSecond is how often a WALL profile sees each thread of a JVM.
const samplesPerSecond = 20

// jvmScan is one capture, read.
type jvmScan struct {
	*evidence.Scan
	JVM       string
	Mode      events.Mode
	Seconds   float64
	raw       *flamegraph.Graph
	perThread float64 // samples of a thread that was seen all the time; 0 is unknown
	cores     float64 // that the JVM used during the capture; 0 is unknown
}

// te turns samples of WALL into thread equivalents; 0 is unknown.
func (j *jvmScan) te(samples uint64) float64 {
	if j.perThread <= 0 || j.Family != rules.FamilyWall {
		return 0
	}
	return float64(samples) / j.perThread
}

// onCPU turns samples of a CPU profile into cores; 0 is unknown.
func (j *jvmScan) onCPU(samples uint64) float64 {
	if j.Total == 0 || j.Family != rules.FamilyCPU {
		return 0
	}
	return float64(samples) / float64(j.Total) * j.cores
}

// modeScans are the captures of one mode.
type modeScans struct {
	mode  events.Mode
	scans []*jvmScan
}

var modeOrder = []events.Mode{events.ModeWall, events.ModeITimer, events.ModeCPU, events.ModeLock, events.ModeAlloc}

// scan reads every capture. The order of the result does not depend on the order of the captures.
func (d *diagnosis) scan(captures []Capture) {
	captures = slices.Clone(captures)
	slices.SortStableFunc(captures, func(a, b Capture) int {
		return cmp.Or(cmp.Compare(slices.Index(modeOrder, a.Mode), slices.Index(modeOrder, b.Mode)), cmp.Compare(a.JVM, b.JVM))
	})
	for i := range captures {
		c := captures[i]
		stats := events.CaptureStats{
			JVM: c.JVM, Mode: c.Mode, Bytes: c.Bytes, Key: c.Key, Status: cmp.Or(c.Status, "stored"), Notes: captureNotes(&c),
		}
		if c.Graph == nil {
			d.degrade("The %s capture of %s was lost.", c.Mode, c.JVM)
			d.stats = append(d.stats, stats)
			continue
		}
		stats.Samples = int64(c.Graph.Total()) //nolint:gosec // below 2^53
		if c.Graph.Empty() {
			stats.Notes = append(stats.Notes, "empty")
		}
		d.stats = append(d.stats, stats)
		s := &jvmScan{JVM: c.JVM, Mode: c.Mode, Seconds: c.Seconds, raw: c.Graph}
		s.Scan = d.scanner.Scan(flamegraph.Merge(c.Graph), rules.FamilyOf(c.Mode))
		if s.Seconds <= 0 {
			s.Seconds = windowSeconds(d.ctx, c.Mode)
		}
		s.cores = coresUsed(d.ctx, c.JVM, c.Mode)
		d.mode(c.Mode).scans = append(d.mode(c.Mode).scans, s)
	}
}

func (d *diagnosis) mode(mode events.Mode) *modeScans {
	for _, m := range d.modes {
		if m.mode == mode {
			return m
		}
	}
	m := &modeScans{mode: mode}
	d.modes = append(d.modes, m)
	return m
}

// weighed returns the captures that are counted: of ITIMER and CPU, which show the same, only one.
func (d *diagnosis) weighed() []*jvmScan {
	var out []*jvmScan
	seen := map[rules.Family]bool{}
	for _, m := range d.modes {
		if family := rules.FamilyOf(m.mode); !seen[family] {
			seen[family] = true
			out = append(out, m.scans...)
		}
	}
	return out
}

// family returns the captures of a family that are counted.
func (d *diagnosis) family(family rules.Family) []*jvmScan {
	return slices.DeleteFunc(d.weighed(), func(s *jvmScan) bool { return s.Family != family })
}

func captureNotes(c *Capture) []string {
	var notes []string
	if c.Requested != "" && c.Requested != c.Mode {
		notes = append(notes, fmt.Sprintf("%s was asked for, %s was possible", c.Requested, c.Mode))
	}
	if c.Graph != nil && c.Mode == events.ModeCPU && c.Graph.Title == "Wall clock profile" {
		notes = append(notes, "no perf events: sampled running threads by the wall clock instead")
	}
	if c.Graph != nil && c.Graph.CutNames > 0 {
		notes = append(notes, fmt.Sprintf("%d names were cut off by the profiler", c.Graph.CutNames))
	}
	return notes
}

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

// coresUsed returns the CPU time of a JVM over the time that passed in the window of a mode; 0 is unknown.
func coresUsed(c *jobcontext.Context, jvm string, mode events.Mode) float64 {
	cpu, passed := jvmDelta(c, jvm, mode, func(j *jobcontext.JVMCounter) int64 { return j.CPUNanos })
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
