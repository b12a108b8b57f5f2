package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"time"

	"squirrly.dev/internal/flamegraph"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// minStill is how long a watermark must not have moved, in ms: sources send one every 200 ms unless they are told otherwise.
const minStill = 8000

// eventTime is what descriptions and names of vertices say when something waits for event time.
var eventTime = regexp.MustCompile(`EventTime|Timestamps/Watermarks|WatermarkAssigner|\browtime\b|\*ROWTIME\*`)

// eventTimeFrames are the operators that make watermarks, and what fires by them, whatever a job calls its vertices.
var eventTimeFrames = regexp.MustCompile(`TimestampsAndWatermarksOperator|EventTimeTrigger|WatermarkAssignerOperator`)

// watermarks reports vertices behind a vertex of which one subtask sends nothing, that go on reading while their watermark stands
// still. That some subtask sends nothing is not enough: one that is marked as idle holds nothing back.
func watermarks(v *View) []Problem {
	if v.ctx == nil || len(v.ctx.Watermarks) < 2 {
		return nil
	}
	first, last := &v.ctx.Watermarks[0], &v.ctx.Watermarks[len(v.ctx.Watermarks)-1]
	if last.AtMillis-first.AtMillis < minStill {
		return nil
	}
	rule := v.catalogue.By("watermarks")
	for vertex := range v.loads { // sources first: what stands still behind it is the same
		at, silent := v.silentAbove(vertex)
		if at < 0 || !v.standsStill(vertex, first, last) || rule.Severity(1) == events.SeverityNone {
			continue
		}
		source, load := &v.loads[at], &v.loads[vertex]
		f := finding(rule, load.Name)
		f.Severity, f.Confidence, f.Vertices = rule.Severity(1), events.ConfidenceHigh, []string{load.Name}
		f.Where = "vertex " + load.Name
		f.Extent = fmt.Sprintf("the watermark did not move in %.0f s, while %s records/s came, and %s of %s had no record",
			float64(last.AtMillis-first.AtMillis)/1000, wording.Rate(load.Sum(limits.In)), wording.Plural(silent, "subtask"), source.Name)
		f.Why = "What waits for event time waits for the slowest part of its input, and one that has none is the slowest of all."
		f.Impact = "No gain in throughput; windows and timers of event time fire again, and their state stays small."
		f.Facts = []fact{{factVertex, events.Fact{
			Text: fmt.Sprintf("The watermark of %s did not move between two readings, which are %.0f s apart; it is %s.", load.Name,
				float64(last.AtMillis-first.AtMillis)/1000, watermarkText(v.lowest(vertex, last))),
			Value: float64(last.AtMillis-first.AtMillis) / 1000, Unit: "s", Vertex: load.Name,
		}}, v.vertexFacts[at], v.vertexFacts[vertex]}
		return []Problem{f}
	}
	return nil
}

// silentAbove is the first vertex above another one that has subtasks which send nothing, and how many, while its others or other
// sources send: a source, or where watermarks are made behind one.
func (v *View) silentAbove(vertex int) (at, silent int) {
	at, sends := -1, false
	for above := range v.loads {
		if !v.reaches(above, vertex) {
			continue
		}
		n, some := v.silentSubtasks(above)
		switch source := v.loads[above].Source(); {
		case source && n > silent, !source && at < 0 && n > 0 && some:
			at, silent = above, n
		}
		sends = sends || some
	}
	if !sends {
		return -1, 0
	}
	return at, silent
}

// silentSubtasks counts the subtasks of a vertex that send nothing, and says whether others do.
func (v *View) silentSubtasks(vertex int) (silent int, sends bool) {
	for i := range v.loads[vertex].Subtasks {
		switch s := &v.loads[vertex].Subtasks[i]; {
		case s.Written > 0:
			sends = true
		case s.Written == 0 && !s.Finished:
			silent++
		}
	}
	return silent, sends
}

// reaches reports that records of a vertex come to another one.
func (v *View) reaches(from, to int) bool {
	return slices.ContainsFunc(v.loads[to].Inputs, func(in int) bool { return in == from || in < to && v.reaches(from, in) })
}

// standsStill reports that records come to a vertex and its watermark does not move. One that never came says something only
// where the job has event time.
func (v *View) standsStill(vertex int, first, last *jobcontext.WatermarkReading) bool {
	if v.loads[vertex].Sum(limits.In) <= 0 {
		return false
	}
	before, after := v.lowest(vertex, first), v.lowest(vertex, last)
	switch {
	case before == nil || after == nil || *before != *after || *after == jobcontext.LastWatermark:
		return false
	case *after == jobcontext.NoWatermark:
		return v.hasEventTime()
	}
	return true
}

// hasEventTime reports that the plan or a frame says that something waits for event time.
func (v *View) hasEventTime() bool {
	if slices.ContainsFunc(v.ctx.Vertices, func(u jobcontext.Vertex) bool { return eventTime.MatchString(u.Name + " " + u.Description) }) {
		return true
	}
	for _, m := range v.modes {
		for _, s := range m.scans {
			for i := range s.Graph.NumNames() {
				if eventTimeFrames.MatchString(s.Graph.Name(flamegraph.NameID(i))) {
					return true
				}
			}
		}
	}
	return false
}

// lowest is the lowest watermark of the subtasks of a vertex; nil when it is unknown.
func (v *View) lowest(vertex int, at *jobcontext.WatermarkReading) *int64 {
	var lowest *int64
	for i := range at.Vertices {
		if at.Vertices[i].Vertex != v.loads[vertex].ID {
			continue
		}
		for _, mark := range at.Vertices[i].Subtasks {
			if lowest == nil || mark < *lowest {
				lowest = &mark
			}
		}
	}
	return lowest
}

func watermarkText(mark *int64) string {
	if *mark == jobcontext.NoWatermark {
		return "none so far"
	}
	return time.UnixMilli(*mark).UTC().Format(time.RFC3339)
}
