package limits

import (
	"slices"
	"time"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
)

// Happening is what kept a job from running as it should while it was looked at.
type Happening string

// The happenings, gravest first.
const (
	Restarted    Happening = "restarted"    // a failure began its tasks anew
	Rescaled     Happening = "rescaled"     // all its tasks began anew together, and no failure is known
	Restoring    Happening = "restoring"    // its tasks read their state back
	Initializing Happening = "initializing" // a task did not run yet
)

// Incident is a happening and what is known about it.
type Incident struct {
	Happening Happening
	Restarts  int           // at least, in Within; of Restarted
	Within    time.Duration // in which they happened; 0 is unknown
	Ages      bool          // Within is the whole life of the job, not the capture
	Exception string        // class of what was thrown, without its package; empty is unknown
	Failure   string        // "ArithmeticException: / by zero"; empty is unknown
	Task      string        // that failed; empty is unknown or the whole job
	Vertex    string        // of Initializing: the name of the vertex that waits
	Status    string        // of Initializing: of its subtask, in Flink's words
}

// Loop reports that the job does nothing but fail.
func (i *Incident) Loop() bool { return i.Happening == Restarted && i.Restarts >= loopRestarts }

const (
	loopRestarts   = 3
	restoringShare = 0.8 // of the active samples of task threads: nearly all
)

// incidentOf looks for what comes before any judgement about load. c may be nil.
func incidentOf(c *jobcontext.Context, seen *Seen) *Incident {
	restoring := seen.Restoring >= restoringShare
	if c == nil {
		if restoring {
			return &Incident{Happening: Restoring}
		}
		return nil
	}
	series := seriesOf(c.Windows)
	if i := restartOf(c, series); i != nil {
		return i
	}
	if c.Version < 2 {
		if i := restartByNames(c, series); i != nil {
			return i
		}
	}
	if restoring {
		return &Incident{Happening: Restoring}
	}
	return waitingOf(c, series)
}

// waitingOf finds a subtask that did not run yet in one of the readings, or at the end.
func waitingOf(c *jobcontext.Context, series map[subtaskKey]readings) *Incident {
	for i := range c.Vertices {
		v := &c.Vertices[i]
		// Stages that wait for slots one after the other are how a bounded job runs.
		waitsForSlots := has(v, running) && !has(v, finished)
		for _, s := range v.Subtasks {
			for _, status := range statuses(s.Status, series[subtaskKey{v.ID, s.Index}]) {
				if status == initializing || status == deploying || status == scheduled && waitsForSlots {
					return &Incident{Happening: Initializing, Vertex: wording.Label(v.Name), Status: status}
				}
			}
		}
	}
	return nil
}

// statuses are those of a subtask, the last one first.
func statuses(last string, of readings) []string {
	all := []string{last}
	for _, r := range of {
		all = append(all, r.Status)
	}
	return all
}

// has reports that a subtask of a vertex has a status.
func has(v *jobcontext.Vertex, status string) bool {
	return slices.ContainsFunc(v.Subtasks, func(s jobcontext.Subtask) bool { return s.Status == status })
}
