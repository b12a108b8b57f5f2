package limits

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
)

// The states of a subtask that matter here, in Flink's words.
const (
	running      = "RUNNING"
	finished     = "FINISHED"
	initializing = "INITIALIZING"
	deploying    = "DEPLOYING"
	scheduled    = "SCHEDULED"
)

type subtaskKey struct {
	vertex  string
	subtask int
}

// reading is one reading of the counters of a subtask.
type reading struct {
	jobcontext.Counters

	at      int64 // ms since the start of the run
	follows bool  // the reading before it is of the same window, so that the time between them counts
}

// readings are those of one subtask in the order of time. One that two windows share is there once.
type readings []reading

func seriesOf(windows []jobcontext.Window) map[subtaskKey]readings {
	all := map[subtaskKey]readings{}
	for _, w := range windows {
		seen := map[subtaskKey]bool{}
		for _, sample := range w.Samples {
			for _, c := range sample.Subtasks {
				key := subtaskKey{c.Vertex, c.Subtask}
				all[key] = all[key].with(reading{Counters: c, at: sample.AtMillis, follows: seen[key]})
				seen[key] = true
			}
		}
	}
	return all
}

func (rs readings) with(r reading) readings {
	i, there := slices.BinarySearchFunc(rs, r.at, func(x reading, at int64) int { return int(x.at - at) })
	if there {
		rs[i].follows = rs[i].follows || r.follows
		return rs
	}
	return slices.Insert(rs, i, r)
}

func (rs readings) finished() bool { return len(rs) > 0 && rs[len(rs)-1].Status == finished }

// sameAttempt reports that b continues what a counted. The accumulated busy time proves nothing: Flink computes it from
// what is left of the others, and it falls in healthy jobs.
func sameAttempt(a, b *reading) bool {
	return a.Attempt == b.Attempt && a.StartTime == b.StartTime && a.IdleMillis >= 0 && a.BackPressuredMillis >= 0 &&
		b.IdleMillis >= a.IdleMillis && b.BackPressuredMillis >= a.BackPressuredMillis
}

// runs cuts the readings where an attempt ended or the time between two windows was not looked at.
func (rs readings) runs() []readings {
	var out []readings
	begin := 0
	for i := 1; i <= len(rs); i++ {
		if i == len(rs) || !rs[i].follows || !sameAttempt(&rs[i-1], &rs[i]) {
			if i-begin > 1 {
				out = append(out, rs[begin:i])
			}
			begin = i
		}
	}
	return out
}

// delta is a difference of counters in ms and records, summed over runs of readings.
type delta struct {
	busy, idle, back float64
	busyUnknown      bool
	in, out          int64
	inUnknown        bool
	outUnknown       bool
	wall             float64 // ms between the readings, by the collector's clock
}

// jitter is how far the accumulated busy time may go back, as a share of the other times.
const jitter = 0.1

func (rs readings) delta() delta {
	var d delta
	for _, run := range rs.runs() {
		a, b := &run[0], &run[len(run)-1]
		wall := float64(b.at - a.at)
		idle, back := float64(b.IdleMillis-a.IdleMillis), float64(b.BackPressuredMillis-a.BackPressuredMillis)
		busy := float64(b.BusyMillis - a.BusyMillis)
		if !run.busyKnown() {
			d.busyUnknown = true
			busy = 0
		}
		d.busy += busy
		d.idle += idle
		d.back += back
		d.in += b.ReadRecords - a.ReadRecords
		d.out += b.WriteRecords - a.WriteRecords
		d.inUnknown = d.inUnknown || !whole(run, func(r *reading) (int64, bool) { return r.ReadRecords, r.ReadIncomplete })
		d.outUnknown = d.outUnknown || !whole(run, func(r *reading) (int64, bool) { return r.WriteRecords, r.WriteIncomplete })
		d.wall += wall
	}
	return d
}

// busyKnown reports that Flink knows the busy time in each reading, and that it goes back by more than jitter only where the other
// times fill the time between two readings: then Flink corrects what it took for busy before, as of a task that waits for long.
func (rs readings) busyKnown() bool {
	for i := 1; i < len(rs); i++ {
		a, b := &rs[i-1], &rs[i]
		others := float64(b.IdleMillis - a.IdleMillis + b.BackPressuredMillis - a.BackPressuredMillis)
		fell := float64(b.BusyMillis-a.BusyMillis) < -jitter*others
		if a.BusyMillis < 0 || b.BusyMillis < 0 || fell && others < (1-jitter)*float64(b.at-a.at) {
			return false
		}
	}
	return true
}

// whole reports a count that is complete in each reading and never falls.
func whole(run readings, count func(*reading) (n int64, incomplete bool)) bool {
	last := int64(0)
	for i := range run {
		n, incomplete := count(&run[i])
		if incomplete || n < last {
			return false
		}
		last = n
	}
	return true
}

// Incomplete reports that Flink marked a record count of some reading as incomplete.
func Incomplete(c *jobcontext.Context) bool {
	for _, w := range c.Windows {
		for _, sample := range w.Samples {
			for i := range sample.Subtasks {
				if sample.Subtasks[i].ReadIncomplete || sample.Subtasks[i].WriteIncomplete {
					return true
				}
			}
		}
	}
	return false
}

func (rs readings) load() Subtask {
	s := Subtask{Busy: Unknown, Idle: Unknown, BackPressured: Unknown, RecordsIn: Unknown, RecordsOut: Unknown, Read: Unknown, Written: Unknown}
	d := rs.delta()
	if d.wall <= 0 {
		return s
	}
	d.busy = max(0, d.busy)
	accounted := d.busy + d.idle + d.back
	if d.busyUnknown || accounted <= 0 {
		accounted = d.wall // the counters do not cover the time of a legacy source
	}
	s.BackPressured = min(1, d.back/accounted)
	if !d.busyUnknown && d.busy+d.idle+d.back > 0 {
		s.Busy, s.Idle = d.busy/accounted, min(1, d.idle/accounted)
	}
	s.Seconds = accounted / 1000
	if !d.inUnknown {
		s.Read, s.RecordsIn = d.in, float64(d.in)/s.Seconds
	}
	if !d.outUnknown {
		s.Written, s.RecordsOut = d.out, float64(d.out)/s.Seconds
	}
	return s
}

func sortSubtasks(subtasks []Subtask) {
	slices.SortFunc(subtasks, func(a, b Subtask) int { return a.Index - b.Index })
}
