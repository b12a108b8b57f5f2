package limits

import (
	"cmp"
	"slices"

	"squirrly.dev/internal/jobcontext"
)

// Pace is how even the throughput of a job was over the last windows of time.
type Pace struct {
	Spread  float64 // largest distance of a window from the mean, as a share of the mean
	Windows int     // that were compared
	Records float64 // per second, in the mean, of all vertices together
}

// Steadiness of a warm job: its throughput stays within a share of the mean over three windows. Flink renews its
// counters at most so often, so that shorter windows would compare noise.
const (
	SteadyWithin  = 0.05
	steadyWindows = 3
	windowMillis  = 4000
	enoughRecords = 1000 // in each window: fewer vary by chance alone
)

// PaceOf returns the pace of a job by what its vertices read, or by what its sources wrote if none reads: what a source
// writes comes in bursts of a buffer when it is held back. It is not ok when there are fewer than three windows, or too
// few records to tell.
func PaceOf(c *jobcontext.Context) (Pace, bool) {
	edges := edgesOf(c)
	if len(edges) <= steadyWindows {
		return Pace{Windows: max(0, len(edges)-1)}, false
	}
	p := Pace{Windows: steadyWindows}
	rates := make([]float64, 0, steadyWindows)
	for i := range steadyWindows {
		window := jobcontext.Window{Samples: edges[i : i+2]}
		loads := Loads(&jobcontext.Context{Vertices: c.Vertices, Windows: []jobcontext.Window{window}})
		rate := processed(loads)
		if rate*float64(edges[i+1].AtMillis-edges[i].AtMillis)/1000 < enoughRecords {
			return p, false
		}
		rates = append(rates, rate)
		p.Records += rate / steadyWindows
	}
	p.Spread = max(slices.Max(rates)-p.Records, p.Records-slices.Min(rates)) / p.Records
	return p, true
}

// edgesOf returns the last readings that are far enough apart, in the order of time; the first three windows of them
// are the last three of the job.
func edgesOf(c *jobcontext.Context) []jobcontext.Sample {
	var all []jobcontext.Sample
	for _, w := range c.Windows {
		all = append(all, w.Samples...)
	}
	slices.SortStableFunc(all, func(a, b jobcontext.Sample) int { return cmp.Compare(b.AtMillis, a.AtMillis) })
	var edges []jobcontext.Sample
	for _, s := range all {
		far := len(edges) == 0 || edges[len(edges)-1].AtMillis-s.AtMillis >= windowMillis
		if len(s.Subtasks) > 0 && far && len(edges) <= steadyWindows {
			edges = append(edges, s)
		}
	}
	slices.Reverse(edges)
	return edges
}

func processed(loads []Load) float64 {
	if in := total(loads, In, false); in > 0 {
		return in
	}
	return total(loads, Out, true)
}

// total adds up a rate over the vertices that know it, or over the sources alone.
func total(loads []Load, rate func(*Subtask) float64, sources bool) float64 {
	sum := 0.0
	for i := range loads {
		if x := loads[i].Sum(rate); x != Unknown && (!sources || loads[i].Source()) {
			sum += x
		}
	}
	return sum
}

// Sustained returns the records per second of all sources that the job gets through; 0 is unknown. While buffers fill, the
// sources send more than that.
func Sustained(loads []Load, j *Judgement) float64 { return total(loads, Out, true) * (1 - j.Late) }
