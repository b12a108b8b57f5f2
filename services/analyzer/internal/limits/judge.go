package limits

import (
	"fmt"
	"slices"

	"squirrly.dev/pkg/events"
)

// Thresholds of the judgement, as shares of time.
const (
	Saturated    = 0.80 // a busier subtask has no reserve
	heldBack     = 0.10 // a more back-pressured subtask waits for downstream
	heldBackMuch = 0.50
	rivalWithin  = 0.05 // of the busy share
	halfBusy     = 0.50 // a culprit is at least this busy, else the fault is in the back-pressured vertex itself
	rests        = 0.10 // an idler subtask waits for input at times, so that it is held back in bursts only
)

// Judgement says whether and by what a job is limited. Vertices are positions in the loads; -1 is none.
type Judgement struct {
	Limit      events.Limit
	Vertex     int
	Rivals     []int  // vertices that limit as much: as saturated, and behind the same vertex
	Victims    []int  // in the order of the data flow
	Next       int    // the busiest of the others
	Own        bool   // back-pressured though nothing downstream is busy: a full queue, or skew downstream
	Near       bool   // saturated, but nothing waits for it yet
	Why        string // one sentence
	Confidence events.Confidence
}

// Judge walks from the sources to the last back-pressured vertex and blames the busiest vertex behind it. Only the
// busiest subtask of a vertex counts, since the others wait for it.
func Judge(loads []Load) Judgement {
	j := Judgement{Limit: events.LimitUnknown, Vertex: -1, Next: -1, Confidence: events.ConfidenceLow}
	if !slices.ContainsFunc(loads, func(l Load) bool { return l.Max(Busy) != Unknown || l.Max(BackPressured) > heldBack }) {
		j.Why = "The counters of the job are not known."
		return j
	}
	last := lastHeldBack(loads)
	if last >= 0 {
		j.blame(loads, last)
	}
	if j.Vertex < 0 {
		j.blameSaturated(loads)
	}
	if j.Vertex < 0 {
		busiest := busiestOf(loads, nil, -1)
		j.Limit, j.Confidence = events.LimitNone, events.ConfidenceHigh
		j.Why = "No vertex is above 80 % busy, and nothing is held back."
		if busiest < 0 || hasUnknown(loads) {
			j.Confidence = events.ConfidenceMedium
		}
		j.Next = busiest
		return j
	}
	j.Limit = events.LimitVertex
	j.Victims = victims(loads, j.Vertex)
	j.Next = busiestOf(loads, nil, j.Vertex)
	return j
}

// lastHeldBack returns the back-pressured vertex without a back-pressured one downstream, the most held back if there
// are several branches, or -1.
func lastHeldBack(loads []Load) int {
	last := -1
	for i := range loads {
		if loads[i].Max(BackPressured) < heldBack {
			continue
		}
		below := slices.ContainsFunc(downstream(loads, i), func(d int) bool { return loads[d].Max(BackPressured) >= heldBack })
		if !below && (last < 0 || loads[i].Max(BackPressured) > loads[last].Max(BackPressured)) {
			last = i
		}
	}
	return last
}

func (j *Judgement) blame(loads []Load, last int) {
	held := loads[last].Max(BackPressured)
	bursts := loads[last].Mean(Idle) > rests // what is always held back always has something to do
	culprit := busiestOf(loads, downstream(loads, last), -1)
	if culprit < 0 {
		if down := downstream(loads, last); len(down) == 1 && held >= heldBackMuch {
			culprit = down[0] // its counters are unknown, and there is no other
		}
	}
	switch {
	case culprit >= 0 && loads[culprit].Max(Busy) >= Saturated:
		j.Vertex, j.Confidence = culprit, events.ConfidenceHigh
		j.Rivals = rivals(loads, downstream(loads, last), culprit)
	case bursts:
		return
	case culprit >= 0 && held >= heldBackMuch && (loads[culprit].Max(Busy) >= halfBusy || loads[culprit].Max(Busy) == Unknown):
		j.Vertex, j.Confidence = culprit, events.ConfidenceMedium
	case held >= heldBackMuch:
		j.Vertex, j.Own, j.Confidence = last, true, events.ConfidenceMedium
		j.Why = fmt.Sprintf("%s is held back for %.0f %% of its time, but nothing behind it is busy.", loads[last].Name, held*100)
		return
	default:
		return
	}
	j.Why = fmt.Sprintf("%s is held back for %.0f %% of its time, and %s is the busiest vertex behind it.",
		loads[last].Name, held*100, loads[culprit].Name)
}

// rivals returns the saturated vertices among some that are nearly as busy as the culprit.
func rivals(loads []Load, among []int, culprit int) []int {
	var out []int
	least := max(Saturated, loads[culprit].Max(Busy)-rivalWithin)
	for _, v := range among {
		if v != culprit && loads[v].Max(Busy) >= least {
			out = append(out, v)
		}
	}
	return out
}

// blameSaturated finds a limit without victims: a busy source, or a vertex that is about to hold others back.
func (j *Judgement) blameSaturated(loads []Load) {
	busiest := busiestOf(loads, nil, -1)
	if busiest < 0 || loads[busiest].Max(Busy) <= Saturated {
		return
	}
	j.Vertex, j.Confidence = busiest, events.ConfidenceHigh
	j.Why = fmt.Sprintf("%s is the busiest vertex, and nothing holds it back.", loads[busiest].Name)
	if !loads[busiest].Source() {
		j.Near, j.Confidence = true, events.ConfidenceMedium
	}
}

// busiestOf returns the vertex with the busiest subtask among some, or among all when among is nil, but never except.
func busiestOf(loads []Load, among []int, except int) int {
	best := -1
	for i := range loads {
		busy := loads[i].Max(Busy)
		if i == except || busy == Unknown || (among != nil && !slices.Contains(among, i)) {
			continue
		}
		if best < 0 || busy > loads[best].Max(Busy) {
			best = i
		}
	}
	return best
}

// downstream returns the direct successors of a vertex; it is never nil.
func downstream(loads []Load, vertex int) []int {
	down := []int{}
	for i := range loads {
		if slices.Contains(loads[i].Inputs, vertex) {
			down = append(down, i)
		}
	}
	return down
}

// victims returns the back-pressured vertices somewhere upstream.
func victims(loads []Load, vertex int) []int {
	seen := make([]bool, len(loads))
	var walk func(int)
	walk = func(v int) {
		for _, up := range loads[v].Inputs {
			if !seen[up] {
				seen[up] = true
				walk(up)
			}
		}
	}
	walk(vertex)
	var out []int
	for i := range loads {
		if seen[i] && i != vertex && loads[i].Max(BackPressured) >= heldBack {
			out = append(out, i)
		}
	}
	return out
}

func hasUnknown(loads []Load) bool {
	return slices.ContainsFunc(loads, func(l Load) bool { return l.Max(Busy) == Unknown })
}
