package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
	"squirrly.dev/services/analyzer/internal/scan"
)

// samplesPerSecond is how often a WALL profile sees each thread of a JVM.
const samplesPerSecond = 20

// jvmScan is what one JVM showed in one mode.
type jvmScan struct {
	*scan.Scan
	JVM       string
	Mode      events.Mode
	Seconds   float64 // of all its captures; 0 is unknown
	captures  int
	raw       *flamegraph.Graph // all its captures, merged
	perThread float64           // samples of a thread that was seen all the time; 0 is unknown
	cores     float64           // that the JVM used during the capture; 0 is unknown
}

// te turns samples of WALL into thread equivalents; 0 is unknown.
func (j *jvmScan) te(samples uint64) float64 {
	if j.perThread <= 0 || j.Family != rules.FamilyWall {
		return 0
	}
	return float64(samples) / j.perThread
}

// teOutside is te for threads that are no tasks. A pause of the collector hides the tasks and not the collector, so that
// the clock counts.
func (j *jvmScan) teOutside(samples uint64) float64 {
	if j.Seconds <= 0 || j.Family != rules.FamilyWall {
		return j.te(samples)
	}
	return float64(samples) / (j.Seconds * samplesPerSecond)
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
	mode   events.Mode
	scans  []*jvmScan
	merged *scan.Scan // of several scans; nil until it is needed
}

var modeOrder = []events.Mode{events.ModeWall, events.ModeITimer, events.ModeCPU, events.ModeLock, events.ModeAlloc}

// scan reads every capture. The order of the result does not depend on the order of the captures.
func (d *diagnosis) scan(captures []Capture) {
	captures = slices.Clone(captures)
	slices.SortStableFunc(captures, func(a, b Capture) int {
		return cmp.Or(cmp.Compare(slices.Index(modeOrder, a.Mode), slices.Index(modeOrder, b.Mode)), cmp.Compare(a.JVM, b.JVM))
	})
	for i := range captures {
		c := &captures[i]
		if c.Seconds <= 0 {
			c.Seconds = windowSeconds(d.ctx, c.Mode)
		}
		d.addStats(c)
	}
	for len(captures) > 0 {
		c := captures[0]
		same := slices.IndexFunc(captures, func(o Capture) bool { return o.Mode != c.Mode || o.JVM != c.JVM })
		if same < 0 {
			same = len(captures)
		}
		d.scanJVM(captures[:same])
		captures = captures[same:]
	}
}

func (d *diagnosis) addStats(c *Capture) {
	stats := events.CaptureStats{
		JVM: c.JVM, Mode: c.Mode, Bytes: c.Bytes, Key: c.Key, Status: cmp.Or(c.Status, "stored"), Notes: captureNotes(c),
	}
	if c.Graph == nil {
		d.degrade("The %s capture of %s was lost.", c.Mode, c.JVM)
		d.stats = append(d.stats, stats)
		return
	}
	stats.Samples = int64(c.Graph.Total()) //nolint:gosec // below 2^53
	if c.Graph.Empty() {
		stats.Notes = append(stats.Notes, "empty")
	}
	d.stats = append(d.stats, stats)
}

// scanJVM reads the captures of one JVM in one mode. Several of them, one after the other, are one long capture: their
// samples and their durations add up, so that thread equivalents stay what they are.
func (d *diagnosis) scanJVM(captures []Capture) {
	var graphs []*flamegraph.Graph
	s := &jvmScan{JVM: captures[0].JVM, Mode: captures[0].Mode}
	known := true
	for i := range captures {
		if captures[i].Graph != nil {
			graphs = append(graphs, captures[i].Graph)
			s.Seconds += captures[i].Seconds
			known = known && captures[i].Seconds > 0
		}
	}
	if len(graphs) == 0 {
		return
	}
	if !known {
		s.Seconds = 0
	}
	s.captures = len(graphs)
	s.raw = flamegraph.Merge(graphs...)
	s.Scan = d.scanner.Scan(s.raw, rules.FamilyOf(s.Mode))
	s.cores = coresUsed(d.ctx, s.JVM, s.Mode)
	d.mode(s.Mode).scans = append(d.mode(s.Mode).scans, s)
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

// weighed returns the captures that are counted: of ITIMER and CPU, which show the same, only one for each JVM.
func (d *diagnosis) weighed() []*jvmScan {
	type source struct {
		family rules.Family
		jvm    string
	}
	var out []*jvmScan
	seen := map[source]bool{}
	for _, m := range d.modes {
		for _, s := range m.scans {
			if key := (source{s.Family, s.JVM}); !seen[key] {
				seen[key] = s.Total > 0
				out = append(out, s)
			}
		}
	}
	return out
}

// family returns the captures of a family that are counted.
func (d *diagnosis) family(family rules.Family) []*jvmScan {
	return slices.DeleteFunc(d.weighed(), func(s *jvmScan) bool { return s.Family != family })
}

// wallTitle heads a page that was sampled by the wall clock, whatever was asked for.
const wallTitle = "Wall clock profile"

func captureNotes(c *Capture) []string {
	var notes []string
	if c.Requested != "" && c.Requested != c.Mode {
		notes = append(notes, fmt.Sprintf("%s was asked for, %s was possible", c.Requested, c.Mode))
	}
	if c.Graph != nil && c.Mode == events.ModeCPU && c.Graph.Title == wallTitle {
		notes = append(notes, "no perf events: sampled running threads by the wall clock instead")
	}
	if c.Graph != nil && c.Graph.CutNames > 0 {
		notes = append(notes, fmt.Sprintf("%d names were cut off by the profiler", c.Graph.CutNames))
	}
	return notes
}
