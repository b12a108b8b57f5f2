package diagnose

import (
	"iter"
	"math"
	"slices"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
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

// worth is how many samples at least stand behind a number of them: all, or where the page holds values, as with --total, the
// part of its stacks that those make. Each stack was sampled once or more.
func (j *jvmScan) worth(n uint64) float64 {
	if j.unit() == "" {
		return float64(n)
	}
	stacks := 0
	for _, f := range j.raw.All() {
		if f.Self > 0 {
			stacks++
		}
	}
	return share(n, j.Total) * float64(stacks)
}

// worth is the same over the captures of a family.
func (r *reading) worth(f mechanisms.Family, n uint64) float64 {
	all, samples := uint64(0), 0.0
	for _, s := range r.family(f) {
		all += s.Total
		samples += s.worth(s.Total)
	}
	return share(n, all) * samples
}

// errorOf is the sampling error of a share of n samples of a family. That of values is not known, and 0.
func (r *reading) errorOf(f mechanisms.Family, p, n float64) float64 {
	if m := r.modeScansOf(f); m != nil {
		return m.errorOf(p, n)
	}
	return 0
}

func (m *modeScans) errorOf(p, n float64) float64 {
	if m.unit() != "" {
		return 0
	}
	return standardError(p, n)
}

// te turns samples of WALL into thread equivalents; 0 is unknown.
func (j *jvmScan) te(samples uint64) float64 {
	if j.perThread <= 0 || j.Family != mechanisms.FamilyWall {
		return 0
	}
	return float64(samples) / j.perThread
}

// teOutside is te for threads that are no tasks. A pause of the collector hides the tasks and not the collector, so that
// the clock counts.
func (j *jvmScan) teOutside(samples uint64) float64 {
	if j.Seconds <= 0 || j.Family != mechanisms.FamilyWall {
		return j.te(samples)
	}
	return float64(samples) / (j.Seconds * samplesPerSecond)
}

// onCPU turns samples of a CPU profile into cores; 0 is unknown.
func (j *jvmScan) onCPU(samples uint64) float64 {
	if j.Total == 0 || j.Family != mechanisms.FamilyCPU {
		return 0
	}
	return float64(samples) / float64(j.Total) * j.cores
}

// chainName names a chain by its anchor, or by its operator.
func (j *jvmScan) chainName(c scan.Chain) string {
	if c.Anchor != scan.NoName {
		return j.Graph.Name(c.Anchor)
	}
	return j.Graph.Name(c.Operator)
}

// modeScans are the captures of one mode.
type modeScans struct {
	mode   events.Mode
	scans  []*jvmScan
	merged *scan.Scan // of several scans; nil until it is needed
}

var modeOrder = []events.Mode{events.ModeWall, events.ModeITimer, events.ModeCPU, events.ModeLock, events.ModeAlloc}

// te returns the thread equivalents of samples of all JVMs; 0 is unknown.
func (m *modeScans) te(n uint64) float64 {
	threads, all := 0.0, uint64(0)
	for _, s := range m.scans {
		if s.te(1) == 0 {
			return 0
		}
		threads += s.te(s.Task)
		all += s.Task
	}
	if all == 0 {
		return 0
	}
	return float64(n) * threads / float64(all)
}

// merge returns the scan of all JVMs of a mode together.
func (r *reading) merge(m *modeScans) *scan.Scan {
	if len(m.scans) == 1 {
		return m.scans[0].Scan
	}
	if m.merged == nil {
		graphs := make([]*flamegraph.Graph, len(m.scans))
		for i, s := range m.scans {
			graphs[i] = s.raw
		}
		m.merged = r.scanner.Scan(flamegraph.Merge(graphs...), mechanisms.FamilyOf(m.mode))
	}
	return m.merged
}

// weighed returns the captures that are counted: of ITIMER and CPU, which show the same, only one for each JVM.
func (r *reading) weighed() []*jvmScan {
	type source struct {
		family mechanisms.Family
		jvm    string
	}
	var out []*jvmScan
	seen := map[source]bool{}
	for _, m := range r.modes {
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
func (r *reading) family(family mechanisms.Family) []*jvmScan {
	return slices.DeleteFunc(r.weighed(), func(s *jvmScan) bool { return s.Family != family })
}

// modeOf returns the mode of the captures of a family.
func (r *reading) modeOf(f mechanisms.Family) events.Mode {
	for _, m := range r.modes {
		if mechanisms.FamilyOf(m.mode) == f {
			return m.mode
		}
	}
	return ""
}

// chainAt is one chain of operators in one capture.
type chainAt struct {
	scan  *jvmScan
	chain int32
}

// chains yields the chains of all captures that are counted.
func (r *reading) chains() iter.Seq2[chainAt, scan.Chain] {
	return func(yield func(chainAt, scan.Chain) bool) {
		for _, s := range r.weighed() {
			for i, c := range s.Chains {
				if !yield(chainAt{s, int32(i)}, c) {
					return
				}
			}
		}
	}
}

func (r *reading) taskActive(f mechanisms.Family) uint64 {
	var sum uint64
	for _, s := range r.family(f) {
		sum += s.TaskActive
	}
	return sum
}

// perThread returns how many samples of WALL a thread got in a JVM: by its subtasks, or else by the clock; 0 is unknown.
func (r *reading) perThread(s *jvmScan) float64 {
	expected := s.Seconds * samplesPerSecond
	subtasks, alone := r.subtasksOn(s.JVM)
	switch {
	case s.Task == 0:
		return 0
	case subtasks > 0 && alone:
		return float64(s.Task) / float64(subtasks)
	case expected > 0:
		if threads := math.Round(float64(s.Task) / expected); threads >= 1 {
			return float64(s.Task) / threads
		}
	}
	return expected
}

// samplesPerThread returns how many samples of WALL one thread got, on average over the JVMs.
func (r *reading) samplesPerThread() float64 {
	sum, n := 0.0, 0.0
	for _, s := range r.family(mechanisms.FamilyWall) {
		if s.perThread > 0 {
			sum += s.perThread
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// categoryIndex returns the position of a category of frames in [scan.Scan].Categories.
func (r *reading) categoryIndex(name string) int {
	return slices.IndexFunc(r.catalogue.Frames.Categories, func(c mechanisms.Category) bool { return c.Name == name })
}

// collectorShare returns what garbage collection takes of the CPU samples, and how many there are.
func (r *reading) collectorShare() (part float64, active uint64) {
	var collecting uint64
	gc := r.categoryIndex("garbage collection")
	for _, s := range r.family(mechanisms.FamilyCPU) {
		collecting += s.Categories[gc]
		active += s.Active()
	}
	return share(collecting, active), active
}
