package observe

import (
	"slices"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// Unprofiled names the busiest subtask during the readings and its TaskManager when that is none of the sampler's. It is
// empty otherwise, and when no load is known.
func (s *Sampler) Unprofiled() (taskManager, subtask string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 {
		return "", ""
	}
	taskManager, subtask = s.graph.after(s.samples[0].Subtasks).Busiest()
	if slices.Contains(s.tms, taskManager) {
		return "", ""
	}
	return taskManager, subtask
}

// Carried is how much of the job ran on the TaskManagers of a sampler, of all that its subtasks did during the readings:
// shares from 0 to 1.
type Carried struct {
	Known   bool // some subtask was busy, or had records
	Busy    float64
	Records float64 // that came in and went out
}

// Carried measures how much of the job ran on the sampler's TaskManagers. A share of nothing is that of all of it.
func (s *Sampler) Carried() Carried {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.samples) == 0 {
		return Carried{}
	}
	var busy, records, hereBusy, hereRecords float64
	for _, v := range s.graph.after(s.samples[0].Subtasks).Vertices {
		for _, t := range v.Subtasks {
			b, n := float64(max(0, t.Metrics.Busy)), float64(max(0, t.Metrics.ReadRecords)+max(0, t.Metrics.WriteRecords))
			busy, records = busy+b, records+n
			if slices.Contains(s.tms, t.TaskManagerID) {
				hereBusy, hereRecords = hereBusy+b, hereRecords+n
			}
		}
	}
	return Carried{Known: busy+records > 0, Busy: part(hereBusy, busy), Records: part(hereRecords, records)}
}

func part(of, all float64) float64 {
	if all == 0 {
		return 1
	}
	return of / all
}

// after is the graph with what its subtasks have done since an earlier reading, in the same attempt.
func (g Graph) after(earlier []jobcontext.Counters) Graph {
	type key struct {
		vertex           string
		subtask, attempt int
	}
	was := map[key]jobcontext.Counters{}
	for _, c := range earlier {
		was[key{c.Vertex, c.Subtask, c.Attempt}] = c
	}
	out := Graph{Job: g.Job, ReadAt: g.ReadAt}
	for _, v := range g.Vertices {
		v.Subtasks = slices.Clone(v.Subtasks)
		for i := range v.Subtasks {
			c, ok := was[key{v.ID, v.Subtasks[i].Index, v.Subtasks[i].Attempt}]
			if ok && c.StartTime == max(0, v.Subtasks[i].StartTime) {
				subtract(&v.Subtasks[i].Metrics, c)
			} // else nothing is newer than since the attempt began
		}
		out.Vertices = append(out.Vertices, v)
	}
	return out
}

// subtract takes an earlier reading off, unless the counters began anew since.
func subtract(m *flink.Metrics, c jobcontext.Counters) {
	busy, idle := m.Busy-flink.Millis(c.BusyMillis), m.Idle-flink.Millis(c.IdleMillis)
	back := m.BackPressured - flink.Millis(c.BackPressuredMillis)
	read, written := m.ReadRecords-c.ReadRecords, m.WriteRecords-c.WriteRecords
	if busy < 0 || idle < 0 || back < 0 {
		return
	}
	if m.Busy >= 0 && c.BusyMillis >= 0 {
		m.Busy = busy
	}
	m.Idle, m.BackPressured = idle, back
	m.ReadRecords, m.WriteRecords = max(0, read), max(0, written) // a count that is not complete may have fallen
}
