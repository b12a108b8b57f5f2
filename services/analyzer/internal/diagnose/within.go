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

// shown is what WALL shows at work that is surely a vertex's own, without its waits for output buffers: Flink calls those
// backpressured, and not busy.
type shown struct {
	te    float64 // thread equivalents, never more than busy beyond the error of both; where mixed they are raw
	raw   float64 // as counted
	busy  float64 // that Flink counted, on the TaskManagers that were captured; [limits.Unknown] when it is not known
	over  bool    // raw contradicts busy
	mixed bool    // threads of other jobs may be among the samples, nobody knows which
	err   float64 // one standard error of the difference: of the samples, and between the readings of the counter
}

// part turns thread equivalents of the vertex as they were counted into those that it can have had: its threads were seen
// too often by one factor. Where another job's threads are among them, the factor of each function is another one.
func (s *shown) part(te float64) float64 {
	if !s.over || s.mixed {
		return te
	}
	return te * s.te / s.raw
}

// wallCount adds up samples of WALL.
type wallCount struct {
	te, variance float64
}

func (w *wallCount) add(s *jvmScan, n uint64) {
	one := s.te(1)
	w.te += one * float64(n)
	w.variance += one * one * float64(n)
}

// contradicts is from how many standard errors on two figures are not the same one.
const contradicts = 2

// within compares what WALL shows of a vertex with the time for which Flink counted it as busy. The profiler picks the
// threads that it looks at, and a page tells no job from another; the counter of the vertex knows its own threads alone.
func (r *reading) within(vertex int, counted wallCount) shown {
	s := shown{te: counted.te, raw: counted.te, busy: r.busyTE(vertex)}
	if s.busy == limits.Unknown || counted.te == 0 {
		return s
	}
	readings := r.busyReadings(vertex)
	s.err = math.Hypot(math.Sqrt(counted.variance), deviation(readings))
	most := max(s.busy, r.busyDuringWall(vertex))
	s.over, s.mixed = s.raw-most > contradicts*s.err, r.sharesThreads(vertex)
	if s.over && !s.mixed {
		s.te = most
	}
	return s
}

// sharesThreads reports that another job runs on a TaskManager of a vertex.
func (r *reading) sharesThreads(vertex int) bool {
	return slices.ContainsFunc(r.family(mechanisms.FamilyWall), func(s *jvmScan) bool { return r.subtasksOf(vertex, s.JVM) > 0 && r.shared(s.JVM) })
}

// busyReadings are the busy times of a vertex between each two readings of the counters.
func (r *reading) busyReadings(vertex int) []float64 {
	var all []float64
	for _, w := range r.windows {
		if busy := r.busyOf(&w[vertex]); busy != limits.Unknown {
			all = append(all, busy)
		}
	}
	return all
}

// busyDuringWall is the busy time of a vertex while WALL was captured, or Unknown.
func (r *reading) busyDuringWall(vertex int) float64 {
	if len(r.duringWall) == 0 {
		return limits.Unknown
	}
	return r.busyOf(&r.duringWall[vertex])
}

// deviation is the standard deviation of some readings; of fewer than two it is 0.
func deviation(values []float64) float64 {
	if len(values) < 2 {
		return 0
	}
	mean, squares := 0.0, 0.0
	for _, x := range values {
		mean += x / float64(len(values))
	}
	for _, x := range values {
		squares += (x - mean) * (x - mean)
	}
	return math.Sqrt(squares / float64(len(values)-1))
}

// teIn are the thread equivalents of samples that belong to one of some vertices.
func (a *attribution) teIn(s *jvmScan, n uint64, vertices []int) float64 {
	if len(vertices) != 1 {
		return s.te(n)
	}
	return a.shown[vertices[0]].part(s.te(n))
}

// mostOf returns the thread equivalents that something can have had that is in one of some vertices, and whether that is
// less than was counted for it.
func (a *attribution) mostOf(vertices []int, g *tally) (te float64, bounded bool) {
	switch {
	case len(vertices) == 0:
		return g.te, false
	case len(vertices) == 1 && a.shown[vertices[0]].over && !a.shown[vertices[0]].mixed:
		return g.te, true
	}
	busy, err := 0.0, 0.0
	for _, v := range vertices {
		most := a.busyTE(v)
		if most == limits.Unknown {
			return g.te, false
		}
		busy += max(most, a.busyDuringWall(v))
		err = math.Hypot(err, deviation(a.busyReadings(v)))
	}
	if g.te-busy <= contradicts*math.Hypot(err, math.Sqrt(g.variance)) {
		return g.te, false
	}
	return busy, true
}

// checkBusy says which vertices WALL shows at work for longer than they can have been.
func (c *checked) checkBusy(a *attribution) {
	for i := range a.shown {
		s := &a.shown[i]
		if !s.over {
			continue
		}
		why := "the profiler looked at its threads more often than at others"
		if s.mixed {
			why = "frames of another job on the TaskManager look like its own"
		}
		name := a.loads[i].Name
		c.add(factCheck, events.Fact{
			Text: fmt.Sprintf("WALL shows %s at work for %s, and Flink counted it as busy for %.2f (± %.2f): %s, or the counters were "+
				"read at another time. What its functions take is bounded by the busy time.", name, wording.TE(s.raw), max(s.busy, a.busyDuringWall(i)), contradicts*s.err, why),
			Value: s.raw, Unit: "te", Vertex: name,
		})
	}
}

// boundedIn names the vertex whose busy time bounds what a problem takes; it is empty when nothing does.
func (v *View) boundedIn(p *Problem) string {
	if p.group == nil || !p.group.tally(mechanisms.FamilyWall).bounded || p.TE != p.group.tally(mechanisms.FamilyWall).te {
		return ""
	}
	return wording.List(slices.Clone(p.Vertices))
}
