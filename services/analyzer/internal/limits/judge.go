package limits

import (
	"fmt"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
)

// Thresholds of the judgement, as shares of time.
const (
	Saturated    = 0.80 // a busier subtask has no reserve
	sourceIsFull = 0.95 // a busier source does all it can: nothing upstream tells whether it falls behind
	legacyError  = 0.10 // of the busy share of a legacy source, which is an estimate
	heldBack     = 0.10 // a more backpressured subtask waits for downstream
	heldBackMuch = 0.50
	rivalWithin  = 0.05 // of the busy share
	nearlyAlike  = 0.15 // of the busy share: of a source and what is behind it either may limit
	halfBusy     = 0.50 // a culprit is at least this busy, else the fault is in the backpressured vertex itself
	rests        = 0.10 // an idler subtask waits for input at times, so that it is held back in bursts only
	restsMuch    = 0.50 // an idler one catches up between bursts
	neverRests   = 0.05 // a source that is held back and less idle than this has input without end
	hotWithin    = 0.10 // of the busy share: subtasks that limit together
	skewedBeyond = 3    // times the median: some subtasks limit and others do not
)

// none is no vertex.
const none = -1

// Seen is what only the profiles show. Its zero value is: nothing was seen.
type Seen struct {
	Restoring float64                  // share of the active samples of task threads that restore state
	Sources   map[string]SourceThreads // by TaskManager
}

// Judgement says whether and by what a job is limited. Vertices are positions in the loads; -1 is none.
type Judgement struct {
	Limit      events.Limit
	Vertex     int
	Rivals     []int     // vertices that limit as much
	OneOf      bool      // one of Vertex and Rivals limits; which cannot be told
	Victims    []int     // in the order of the data flow
	Next       int       // the busiest of the others
	Held       int       // the backpressured vertex that nothing explains, of bursts and backpressured
	Hot        []int     // positions of the subtasks of Vertex that limit it
	Skewed     bool      // Hot is not all of them, and the others have much less to do
	Own        bool      // backpressured though nothing downstream is busy: a full queue, or skew downstream
	Near       bool      // saturated, but nothing waits for it yet
	Filling    bool      // takes in less than it is sent, so that the buffers before it fill
	Late       float64   // of Filling: the share of what is sent that it does not take in
	Legacy     *Legacy   // the vertex is a source whose busy time only a profile shows
	Incident   *Incident // of restarting and starting
	Why        string    // one sentence
	Confidence events.Confidence
}

// Of judges a job by its counters and by what its profiles showed. c may be nil: then loads is empty.
func Of(c *jobcontext.Context, loads []Load, seen Seen) Judgement {
	j := Judgement{Limit: events.LimitUnknown, Vertex: none, Next: none, Held: none, Confidence: events.ConfidenceLow}
	if i := incidentOf(c, &seen); i != nil {
		j.stop(i)
		return j
	}
	if !anythingKnown(loads) {
		j.Why = "The counters of the job are not known."
		return j
	}
	legacy := legacyOf(c, loads, &seen)
	loads = legacy.fill(loads)
	j.byBackpressure(loads)
	if j.Vertex == none {
		j.byFilling(c, loads)
	}
	if j.Vertex == none && j.Limit == events.LimitUnknown {
		j.bySaturation(loads, legacy)
	}
	if j.Vertex != none {
		j.Limit = events.LimitVertex
		j.Victims = victims(loads, j.Vertex)
		j.hot(&loads[j.Vertex])
	}
	if j.Limit == events.LimitUnknown {
		j.free(loads)
	}
	if legacy != nil {
		j.byThreads(legacy, loads)
	}
	j.Next = busiestOf(loads, nil, j.Vertex)
	return j
}

// byThreads notes that the load of a source is an estimate.
func (j *Judgement) byThreads(legacy *Legacy, loads []Load) {
	j.Legacy = legacy
	if j.Confidence == events.ConfidenceHigh && (j.Vertex == legacy.Vertex || j.Limit != events.LimitVertex) {
		j.Confidence = events.ConfidenceMedium
	}
	if j.Vertex == legacy.Vertex && len(j.Rivals) == 0 {
		j.Why = fmt.Sprintf("The legacy source %s keeps %.2f threads busy.", loads[legacy.Vertex].Name, legacy.Running)
	}
}

// Judge judges by loads alone.
func Judge(loads []Load) Judgement { return Of(nil, loads, Seen{}) }

// stop ends a judgement before load matters.
func (j *Judgement) stop(i *Incident) {
	j.Incident, j.Limit, j.Confidence, j.Why = i, events.LimitStarting, events.ConfidenceHigh, i.Text()
	if i.Happening == Restarted {
		j.Limit = events.LimitRestarting
	}
}

func anythingKnown(loads []Load) bool {
	for i := range loads {
		if loads[i].Known() || loads[i].Max(BackPressured) > heldBack {
			return true
		}
	}
	return false
}

// free says that nothing limits the job, as surely as the loads are known.
func (j *Judgement) free(loads []Load) {
	if unknown := unknownOf(loads); unknown != none {
		j.Why = "The busy time of " + loads[unknown].Name + " is not known, so it cannot be told whether it limits the job."
		return
	}
	j.Limit, j.Confidence = events.LimitNone, events.ConfidenceHigh
	held := MostHeld(loads)
	if held == none || loads[held].Max(BackPressured) < heldBack {
		j.Why = "No vertex is above 80 % busy, and nothing is backpressured."
		return
	}
	j.Held, j.Confidence = held, events.ConfidenceMedium
	j.Why = fmt.Sprintf("No vertex is above 80 %% busy; %s is backpressured for %s of its time, in bursts, and idle for %s.",
		loads[held].Name, wording.Percent(loads[held].Max(BackPressured)), wording.Percent(loads[held].mostHeld().Idle))
}

// bySaturation finds a limit without victims: a source that does all it can, or a vertex that is about to hold others
// back.
func (j *Judgement) bySaturation(loads []Load, legacy *Legacy) {
	source := none
	for i := range loads {
		full := sourceIsFull
		if legacy != nil && i == legacy.Vertex {
			full -= legacyError
		}
		if loads[i].Source() && loads[i].Max(Busy) >= full && (source == none || loads[i].Max(Busy) > loads[source].Max(Busy)) {
			source = i
		}
	}
	busiest := busiestOf(loads, nil, none)
	switch {
	case source != none:
		j.Vertex, j.Confidence = source, events.ConfidenceHigh
		j.Why = loads[source].Name + " is a source that does all it can."
	case busiest != none && loads[busiest].Max(Busy) > Saturated:
		j.Vertex, j.Near, j.Confidence = busiest, true, events.ConfidenceMedium
		j.Why = loads[busiest].Name + " is the busiest vertex, and nothing waits for it yet."
	}
}

// Blame makes one of the vertices that limit as much the one that does, with the rivals that are left.
func (j *Judgement) Blame(loads []Load, vertex int, rivals []int) {
	j.Vertex, j.Rivals, j.OneOf, j.Hot = vertex, rivals, false, nil
	j.hot(&loads[vertex])
}

// hot finds the subtasks that limit the vertex: all of them, unless a few have much more to do than the others.
func (j *Judgement) hot(l *Load) {
	skew, ok := SkewOf(l)
	j.Skewed = ok && skew.Ratio > skewedBeyond
	least := l.Max(Busy) - hotWithin
	for i := range l.Subtasks {
		if !j.Skewed || l.Subtasks[i].Busy != Unknown && l.Subtasks[i].Busy >= least {
			j.Hot = append(j.Hot, i)
		}
	}
	j.Skewed = j.Skewed && len(j.Hot) < len(l.Subtasks)
}

// unknownOf returns the first vertex whose busy time is not known, or none.
func unknownOf(loads []Load) int {
	for i := range loads {
		if !loads[i].Known() {
			return i
		}
	}
	return none
}
