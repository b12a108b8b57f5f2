package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/scan"
)

// reading is what the captures and the counters of a run hold, before anything is attributed to a vertex. Nothing
// changes it once it is read.
type reading struct {
	ctx       *jobcontext.Context // nil: the pages alone
	catalogue *mechanisms.Catalogue
	scanner   *scan.Scanner
	loads     []limits.Load // empty without a context
	// windows are the loads between the readings of the counters, and duringWall those of the captures of WALL alone.
	windows    [][]limits.Load
	duringWall []limits.Load
	modes      []*modeScans // WALL first
	stats      []events.CaptureStats
	degraded   []string // captures that were lost
}

// read scans every capture. The result does not depend on the order of the captures.
func read(in *Input) *reading {
	r := &reading{ctx: in.Context}
	if r.ctx != nil {
		r.loads, r.windows, r.duringWall = limits.Loads(r.ctx), limits.Windows(r.ctx), loadsDuring(r.ctx, events.ModeWall)
	}
	r.catalogue, r.scanner = matching(slices.Concat(in.Without, r.unprovable()), false)
	captures := slices.Clone(in.Captures)
	slices.SortStableFunc(captures, func(a, b Capture) int {
		return cmp.Or(cmp.Compare(slices.Index(modeOrder, a.Mode), slices.Index(modeOrder, b.Mode)), cmp.Compare(a.JVM, b.JVM))
	})
	for i := range captures {
		c := &captures[i]
		if c.Seconds <= 0 {
			c.Seconds = windowSeconds(r.ctx, c.Mode)
		}
		if c.Graph == nil {
			r.degraded = append(r.degraded, fmt.Sprintf("The %s capture of %s was lost.", c.Mode, c.JVM))
		}
		r.stats = append(r.stats, statsOf(c))
	}
	for len(captures) > 0 {
		c := captures[0]
		same := slices.IndexFunc(captures, func(o Capture) bool { return o.Mode != c.Mode || o.JVM != c.JVM })
		if same < 0 {
			same = len(captures)
		}
		r.scanJVM(captures[:same])
		captures = captures[same:]
	}
	for _, s := range r.family(mechanisms.FamilyWall) {
		s.perThread = r.perThread(s)
	}
	return r
}

// scanJVM reads the captures of one JVM in one mode. Several of them, one after the other, are one long capture: their
// samples and their durations add up, so that thread equivalents stay what they are.
func (r *reading) scanJVM(captures []Capture) {
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
	if s.unit() != "" {
		s.Seconds = 0 // values say nothing about the clock
	}
	s.Scan = r.scanner.Scan(s.raw, mechanisms.FamilyOf(s.Mode))
	s.cores = coresUsed(r.ctx, s.JVM, s.Mode)
	m := r.mode(s.Mode)
	m.scans = append(m.scans, s)
}

func (r *reading) mode(mode events.Mode) *modeScans {
	for _, m := range r.modes {
		if m.mode == mode {
			return m
		}
	}
	m := &modeScans{mode: mode}
	r.modes = append(r.modes, m)
	return m
}

// statsOf says what a capture is worth.
func statsOf(c *Capture) events.CaptureStats {
	stats := events.CaptureStats{
		JVM: c.JVM, Mode: c.Mode, Bytes: c.Bytes, Key: c.Key, Status: cmp.Or(c.Status, "stored"), Notes: captureNotes(c),
		Code: c.Code, Hint: c.Hint,
	}
	if c.Graph == nil {
		return stats
	}
	if c.Graph.Unit != flamegraph.UnitSamples {
		stats.Notes = append(stats.Notes, fmt.Sprintf("its values are %s and no samples: shares can be read, and nothing is certain", c.Graph.Unit))
	} else {
		stats.Samples = int64(c.Graph.Total()) //nolint:gosec // below 2^53
	}
	if c.Graph.Empty() {
		stats.Notes = append(stats.Notes, "empty")
	}
	return stats
}

// wallTitle heads a page that was sampled by the wall clock, whatever was asked for.
const wallTitle = "Wall clock profile"

func captureNotes(c *Capture) []string {
	notes := slices.Clone(c.Notes)
	if c.Requested != "" && c.Requested != c.Mode {
		notes = append(notes, fmt.Sprintf("%s was asked for, %s was possible", c.Requested, c.Mode))
	}
	if c.Note != "" {
		notes = append(notes, c.Note)
	}
	if c.Graph != nil && c.Mode == events.ModeCPU && c.Graph.Title == wallTitle {
		notes = append(notes, "no perf events: sampled running threads by the wall clock instead")
	}
	if c.Graph != nil && c.Graph.CutNames > 0 {
		notes = append(notes, fmt.Sprintf("%d names were cut off by the profiler", c.Graph.CutNames))
	}
	return notes
}
