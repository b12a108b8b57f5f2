package diagnose

import (
	"fmt"
	"math"
	"slices"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// vertexFacts states the load of every vertex.
func vertexFacts(r *reading) []fact {
	var out []fact
	for i := range r.loads {
		l := &r.loads[i]
		text := l.Name + ": load unknown"
		if l.Max(limits.Busy) != limits.Unknown {
			text = fmt.Sprintf("%s: %s busy on average, %s in the busiest subtask", l.Name,
				wording.Percent(l.Mean(limits.Busy)), wording.Percent(l.Max(limits.Busy)))
		}
		if back := l.Max(limits.BackPressured); back != limits.Unknown {
			held := "not backpressured"
			if back > 0 {
				held = "at most " + wording.Percent(back) + " backpressured"
			}
			text += fmt.Sprintf(", %s, %s records/s in, %s out", held,
				rateText(l.Sum(limits.In)), rateText(l.Sum(limits.Out)))
		}
		out = append(out, fact{factVertex, events.Fact{
			Text: text + ".", Value: max(0, l.Max(limits.Busy)), Unit: "share", Vertex: l.Name,
		}})
	}
	return out
}

// rateText writes a number per second that may be unknown.
func rateText(x float64) string {
	if x == limits.Unknown {
		return "an unknown number of"
	}
	return wording.Rate(x)
}

// maxNames bounds the full names of all vertices together, in characters, so that an analysis can be read again.
const maxNames = 2 << 20

// vertexLoads renders the loads for the analysis.
func (v *View) vertexLoads() []events.VertexLoad {
	var out []events.VertexLoad
	windows := v.windows[max(0, len(v.windows)-maxWindows):]
	longest := maxNames / max(1, len(v.loads))
	sent := v.sent(len(windows))
	for i := range v.loads {
		l := &v.loads[i]
		load := events.VertexLoad{
			ID: l.ID, Name: wording.Middle(l.Full, longest), Label: l.Name, Parallelism: max(len(l.Subtasks), v.ctx.Vertices[i].Parallelism),
			Busy: l.Mean(limits.Busy), BusyMax: l.Max(limits.Busy), Idle: l.Mean(limits.Idle),
			BackPressured: l.Mean(limits.BackPressured), RecordsIn: l.Sum(limits.In), RecordsOut: l.Sum(limits.Out),
		}
		if load.Label == load.Name {
			load.Label = ""
		}
		switch {
		case slices.Contains(v.limit.onPath(), i):
			load.Role = "limit"
		case slices.Contains(v.limit.Victims, i):
			load.Role = "victim"
		}
		for _, in := range l.Inputs {
			if name := v.loads[in].Name; !slices.Contains(load.Inputs, name) {
				load.Inputs = append(load.Inputs, name)
			}
		}
		load.SourceOut = sent.whole.of(l, load.RecordsOut)
		for at, w := range windows {
			one := windowOf(&w[i])
			one.SourceOut = sent.windows[at].of(l, one.RecordsOut)
			load.Windows = append(load.Windows, one)
		}
		out = append(out, load)
	}
	return out
}

// maxWindows bounds what is kept of the readings of each vertex: the last ones.
const maxWindows = 12

func windowOf(l *limits.Load) events.LoadWindow {
	return events.LoadWindow{
		Busy: rounded(l.Sum(limits.Busy)), RecordsIn: rounded(l.Sum(limits.In)), RecordsOut: rounded(l.Sum(limits.Out)),
	}
}

// rounded keeps the digits of a figure that mean something.
func rounded(x float64) float64 {
	const digits = 1000
	return math.Round(x*digits) / digits
}
