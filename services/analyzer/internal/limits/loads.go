// Package limits tells from the counters of a job which vertex limits its throughput, which ones only wait for it,
// and what would limit next. It reads no profile.
package limits

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
)

// Unknown marks a share that cannot be told.
const Unknown = -1

// Subtask is how one subtask spent the capture windows. Shares are 0 to 1 of its time, or Unknown.
type Subtask struct {
	Index                     int
	TaskManager               string
	Running                   bool
	Busy, Idle, BackPressured float64
	RecordsIn, RecordsOut     float64 // per second
	Seconds                   float64 // that the counters cover; 0 is none
}

// Load is how one vertex spent the capture windows.
type Load struct {
	ID, Name string
	Inputs   []int // positions of the vertices upstream
	Subtasks []Subtask
}

// Source reports that the vertex has no inputs.
func (l *Load) Source() bool { return len(l.Inputs) == 0 }

// Mean returns the mean of a share over the subtasks that know it, or Unknown.
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

// Sum adds up a rate over all subtasks.
func (l *Load) Sum(rate func(*Subtask) float64) float64 {
	sum := 0.0
	for i := range l.Subtasks {
		sum += rate(&l.Subtasks[i])
	}
	return sum
}

// Busy is the share of time in which a subtask was neither idle nor back-pressured. A sleeping one is busy.
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
	deltas := differences(c.Windows)
	loads := make([]Load, len(c.Vertices))
	for i, v := range c.Vertices {
		l := Load{ID: v.ID, Name: v.Name}
		for _, in := range v.Inputs {
			if up, ok := at[in.Vertex]; ok && up != i {
				l.Inputs = append(l.Inputs, up)
			}
		}
		for _, s := range v.Subtasks {
			sub := deltas[subtaskKey{v.ID, s.Index}].load()
			sub.Index, sub.TaskManager, sub.Running = s.Index, s.TaskManager, s.Status == "RUNNING"
			l.Subtasks = append(l.Subtasks, sub)
		}
		slices.SortFunc(l.Subtasks, func(a, b Subtask) int { return a.Index - b.Index })
		loads[i] = l
	}
	return loads
}

type subtaskKey struct {
	vertex  string
	subtask int
}

// delta is a difference of counters in ms and records, summed over windows.
type delta struct {
	busy, idle, back float64
	busyUnknown      bool
	in, out          float64
	wall             float64 // ms between the readings, by the collector's clock
}

func differences(windows []jobcontext.Window) map[subtaskKey]delta {
	sums := map[subtaskKey]delta{}
	for _, w := range windows {
		type reading struct {
			c  jobcontext.Counters
			at int64
		}
		first := map[subtaskKey]reading{}
		last := map[subtaskKey]reading{}
		for _, sample := range w.Samples {
			for _, c := range sample.Subtasks {
				key := subtaskKey{c.Vertex, c.Subtask}
				if _, ok := first[key]; !ok {
					first[key] = reading{c, sample.AtMillis}
				}
				last[key] = reading{c, sample.AtMillis}
			}
		}
		for key, a := range first {
			b := last[key]
			sums[key] = sums[key].plus(a.c, b.c, float64(b.at-a.at))
		}
	}
	return sums
}

// jitter is how far the accumulated busy time may go back, as a share of the time between two readings: Flink computes
// it from what is left of the other times, which it reads a moment later.
const jitter = 0.1

// plus adds the difference of two readings. Counters that went back belong to two attempts and say nothing.
func (d delta) plus(a, b jobcontext.Counters, wall float64) delta {
	idle, back := b.IdleMillis-a.IdleMillis, b.BackPressuredMillis-a.BackPressuredMillis
	in, out := b.ReadRecords-a.ReadRecords, b.WriteRecords-a.WriteRecords
	known := a.IdleMillis >= 0 && a.BackPressuredMillis >= 0
	if !known || idle < 0 || back < 0 || in < 0 || out < 0 || wall <= 0 {
		return d
	}
	busy := b.BusyMillis - a.BusyMillis
	if a.BusyMillis < 0 || b.BusyMillis < 0 || float64(busy) < -jitter*wall {
		d.busyUnknown = true
		busy = 0
	}
	d.busy += float64(busy)
	d.idle += float64(idle)
	d.back += float64(back)
	d.in += float64(in)
	d.out += float64(out)
	d.wall += wall
	return d
}

func (d delta) load() Subtask {
	s := Subtask{Busy: Unknown, Idle: Unknown, BackPressured: Unknown}
	d.busy = max(0, d.busy)
	accounted := d.busy + d.idle + d.back
	if d.busyUnknown || accounted <= 0 {
		accounted = d.wall // the counters do not cover the time of a legacy source
	}
	if d.wall <= 0 {
		return s
	}
	s.Idle, s.BackPressured = min(1, d.idle/accounted), min(1, d.back/accounted)
	if !d.busyUnknown && d.busy+d.idle+d.back > 0 {
		s.Busy = d.busy / accounted
	}
	s.Seconds = accounted / 1000
	s.RecordsIn, s.RecordsOut = d.in/s.Seconds, d.out/s.Seconds
	return s
}
