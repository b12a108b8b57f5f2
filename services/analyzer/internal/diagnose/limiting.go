package diagnose

import (
	"fmt"
	"math"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// limiting is what limits the job, by its counters and by the CPU that its threads got.
type limiting struct {
	limits.Judgement
	starved    starved
	unprofiled string // TaskManager of the subtask that limits, when no such one was profiled: no sample is of its time
}

// vertices returns the vertices that limit the job: the culprit first.
func (l *limiting) vertices() []int {
	if l.Vertex < 0 {
		return nil
	}
	return append([]int{l.Vertex}, l.Rivals...)
}

// onPath returns those of the vertices whose time is the throughput of the job, and whose time the samples show: those
// that limit, or the one that would if it were not for the missing CPU.
func (l *limiting) onPath() []int {
	switch {
	case l.starved.vertex >= 0:
		return []int{l.starved.vertex}
	case l.unprofiled != "":
		return l.Rivals
	}
	return l.vertices()
}

// starved is how long task threads were ready to run without a CPU. It is never called blocking.
type starved struct {
	known        bool
	running, got float64 // thread equivalents that were ready to run, cores that they got
	share        float64 // of running: without a CPU
	stdErr       float64 // of share
	samples      uint64
	shared       bool    // threads of other jobs are among them: a page tells no job from another
	fact         fact    // if it is known
	vertex       int     // that would not limit with enough CPU; -1 is none
	need         float64 // busy share of that vertex with enough CPU
}

// threads names the threads that were measured.
func (s *starved) threads(name string) string {
	if s.shared {
		return name + ", those of other jobs on the TaskManager among them,"
	}
	return name
}

const (
	maxCollecting = 0.2 // share of the time: with more pauses than that, the collector is to blame and not the CPU
	minRunning    = 0.2 // thread equivalents: what hardly runs tells nothing
	starvedNeed   = 0.5 // a vertex that needs less of its time than this is not what limits
)

// limit takes the blame from vertices that are busy only because their threads get no CPU: with enough of it, each would
// be busy for less than half of its time. One that would stay busy, as a sleeping one does, limits as before.
func limit(a *attribution, j *limits.Judgement) limiting {
	l := limiting{*j, measureStarvation(a.reading), a.unprofiled(j)}
	s := &l.starved
	if j.Limit != events.LimitVertex || j.Own || l.unprofiled != "" || s.share < a.catalogue.By("starvation").Warning {
		return l
	}
	var stay []int
	for _, v := range l.vertices() {
		need := a.need(v, s.share)
		if need >= starvedNeed {
			stay = append(stay, v)
		}
		if v == j.Vertex {
			s.need = need
		}
	}
	switch {
	case len(stay) == 0:
		s.vertex = j.Vertex
		l.Limit, l.Vertex, l.Rivals, l.Next = events.LimitCPU, -1, nil, -1
	case !slices.Contains(stay, j.Vertex):
		l.Blame(a.loads, stay[0], stay[1:])
	}
	return l
}

// need is the busy share of a vertex if its threads got all the CPU that they are ready for; an unknown one stays whole.
func (a *attribution) need(vertex int, starved float64) float64 {
	busy := a.loads[vertex].Max(limits.Busy)
	if busy == limits.Unknown {
		return 1
	}
	return busy * (1 - a.runningShare(vertex)*starved)
}

// measureStarvation compares what WALL sees running with the CPU time that task threads got: the part of the CPU profile
// that is theirs, of the CPU time that the JVM used while WALL ran. The JVM's own pauses are none of it: a thread that a
// collection stops looks as if it ran.
func measureStarvation(r *reading) starved {
	s, onCPU, runs := starved{vertex: -1}, uint64(0), r.runnable()
	var scans []*jvmScan
	var ready []uint64
	for _, w := range r.family(mechanisms.FamilyWall) {
		if r.collecting(w.JVM) > maxCollecting {
			continue
		}
		for _, c := range r.family(mechanisms.FamilyCPU) {
			if c.JVM == w.JVM && w.cores > 0 && w.perThread > 0 && c.Total > 0 {
				sums, _ := tallyAll(&modeScans{mode: w.Mode, scans: []*jvmScan{w}}, []events.Count{runs})
				n := sums[0]
				scans, ready = append(scans, w), append(ready, n)
				s.shared = s.shared || r.shared(w.JVM)
				s.running += w.te(n) * (1 - r.collecting(w.JVM))
				s.got += share(c.TaskActive-c.TaskResting, c.Total) * w.cores
				s.samples += n
				onCPU += c.TaskActive - c.TaskResting
			}
		}
	}
	if s.running < minRunning || s.samples < 30 {
		return s
	}
	s.known, s.share = true, max(0, 1-s.got/s.running)
	s.stdErr = s.got / s.running * math.Sqrt(1/float64(s.samples)+1/float64(max(1, onCPU)))
	count, _ := rated(scans, runs, ready, false)
	if count != nil {
		count.AtMost = true // the pauses of the collector are none of it
	}
	s.fact = fact{factMetric, events.Fact{
		Text: fmt.Sprintf("%s had work for %.2f cores and got %.2f: runnable but not on CPU for %s of that time.",
			s.threads("Task threads"), s.running, s.got, wording.Percent(s.share)),
		Value: s.share, Unit: "share", Mode: events.ModeWall, Samples: samples(s.samples), StdErr: s.stdErr,
		Count: count,
	}}
	if 2*s.stdErr > s.share {
		s.share = 0 // nothing that chance would not give
	}
	return s
}

// runnable describes the samples of task threads that were ready to run: those that neither wait nor lie below a frame
// that is known to block.
func (r *reading) runnable() events.Count {
	c := events.Count{Root: events.RootTasks, State: events.StateRunning}
	for i := range r.catalogue.Mechanisms {
		rule := &r.catalogue.Mechanisms[i]
		if first := rule.Modes[0]; (first == mechanisms.FamilyWall || first == mechanisms.FamilyLock) && !rule.Waiting {
			c.Without = append(c.Without, rule.Frames...)
		}
	}
	return c
}

// runningShare is the share of a vertex's time in which it runs or is ready to: only what runs can starve.
func (a *attribution) runningShare(vertex int) float64 {
	runs := 0.0
	for at, c := range a.chains() {
		if slices.Contains(a.places[at].vertices, vertex) {
			runs += at.scan.te(c.Active - c.Waits)
		}
	}
	total := a.vertexTotal(vertex)
	if total == 0 {
		return 0
	}
	return min(1, runs/total)
}

// starvedShare is the share of the time of what limits that starvation takes.
func (v *View) starvedShare() float64 {
	vertex := max(v.limit.Vertex, v.limit.starved.vertex)
	if vertex < 0 {
		return 0
	}
	return v.runningShare(vertex) * v.limit.starved.share
}
