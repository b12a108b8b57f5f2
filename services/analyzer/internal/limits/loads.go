package limits

import (
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
)

// Unknown marks a share or a rate that cannot be told.
const Unknown = -1

// Subtask is how one subtask spent the capture windows. Shares are 0 to 1 of its time, or Unknown.
type Subtask struct {
	Index                     int
	TaskManager               string
	Running                   bool
	Finished                  bool    // its input ended: what it does no longer matters
	Busy, Idle, BackPressured float64 // of a legacy source only BackPressured is known
	RecordsIn, RecordsOut     float64 // per second, or Unknown
	Read, Written             int64   // records in the windows, or Unknown
	Seconds                   float64 // that the counters cover; 0 is none
}

// Load is how one vertex spent the capture windows.
type Load struct {
	ID       string
	Name     string // short and unique within the job, for people
	Full     string // as Flink has it, of any length
	Inputs   []int  // positions of the vertices upstream
	Subtasks []Subtask
}

// Source reports that the vertex has no inputs.
func (l *Load) Source() bool { return len(l.Inputs) == 0 }

// Known reports that the busy time of a subtask is known, or that all of them have finished.
func (l *Load) Known() bool { return l.Max(Busy) != Unknown }

// Mean returns the average of a share over the subtasks that know it, or Unknown.
func (l *Load) Mean(share func(*Subtask) float64) float64 {
	sum, n := 0.0, 0
	for i := range l.Subtasks {
		if x := share(&l.Subtasks[i]); x != Unknown {
			sum += x
			n++
		}
	}
	if n == 0 {
		return Unknown
	}
	return sum / float64(n)
}

// Max returns the largest share of the subtasks that know it, or Unknown.
func (l *Load) Max(share func(*Subtask) float64) float64 {
	largest := float64(Unknown)
	for i := range l.Subtasks {
		largest = max(largest, share(&l.Subtasks[i]))
	}
	return largest
}

// Sum adds up a rate over all subtasks; it is Unknown when that of one of them is.
func (l *Load) Sum(rate func(*Subtask) float64) float64 {
	sum := 0.0
	for i := range l.Subtasks {
		x := rate(&l.Subtasks[i])
		if x == Unknown {
			return Unknown
		}
		sum += x
	}
	return sum
}

// mostHeld returns the most backpressured subtask, of equal ones that which rests least.
func (l *Load) mostHeld() *Subtask {
	best := &l.Subtasks[0]
	for i := range l.Subtasks {
		s := &l.Subtasks[i]
		if s.BackPressured > best.BackPressured || s.BackPressured == best.BackPressured && s.Idle < best.Idle {
			best = s
		}
	}
	return best
}

// Busy is the share of time in which a subtask was neither idle nor backpressured. A sleeping one is busy.
func Busy(s *Subtask) float64 { return s.Busy }

// Idle is the share of time without input.
func Idle(s *Subtask) float64 { return s.Idle }

// BackPressured is the share of time in which downstream held the subtask back.
func BackPressured(s *Subtask) float64 { return s.BackPressured }

// In is the records read per second.
func In(s *Subtask) float64 { return s.RecordsIn }

// Out is the records written per second.
func Out(s *Subtask) float64 { return s.RecordsOut }

// Loads computes the load of every vertex from the differences of the accumulated counters over all windows.
func Loads(c *jobcontext.Context) []Load {
	at := map[string]int{}
	for i, v := range c.Vertices {
		at[v.ID] = i
	}
	labels := labelsOf(c)
	series := seriesOf(c.Windows)
	loads := make([]Load, len(c.Vertices))
	for i, v := range c.Vertices {
		l := Load{ID: v.ID, Name: labels[i], Full: v.Name}
		for _, in := range v.Inputs {
			if up, ok := at[in.Vertex]; ok && up != i {
				l.Inputs = append(l.Inputs, up)
			}
		}
		for _, s := range v.Subtasks {
			l.Subtasks = append(l.Subtasks, subtaskOf(&s, series[subtaskKey{v.ID, s.Index}], len(v.Inputs) == 0))
		}
		sortSubtasks(l.Subtasks)
		loads[i] = l
	}
	return loads
}

// subtaskOf is the load of one subtask. Only a source is without a busy time; where others have none, their counters are
// missing.
func subtaskOf(s *jobcontext.Subtask, seen readings, source bool) Subtask {
	sub := seen.load()
	if sub.Busy == Unknown && !source {
		sub.BackPressured = Unknown
	}
	sub.Index, sub.TaskManager, sub.Running = s.Index, s.TaskManager, s.Status == running
	if s.Status == finished || seen.finished() {
		sub.end()
	}
	return sub
}

// labelsOf are the short names of the vertices.
func labelsOf(c *jobcontext.Context) []string {
	names := make([]string, len(c.Vertices))
	for i := range c.Vertices {
		names[i] = c.Vertices[i].Name
	}
	return wording.Labels(names)
}

// end marks a subtask whose input has ended: where no time passed any more, it did nothing, which is known.
func (s *Subtask) end() {
	s.Finished = true
	if s.Busy == Unknown && s.Read <= 0 && s.Written <= 0 {
		s.Busy, s.Idle, s.BackPressured = 0, 0, 0
		s.RecordsIn, s.RecordsOut, s.Read, s.Written = 0, 0, 0, 0
	}
}
