package observe

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

// load is what the subtasks of one TaskManager do: the largest shares of the time that a subtask is busy and is
// backpressured, from 0 to 1, since its attempt began.
type load struct {
	tm       string
	busy     float64
	back     float64
	subtasks int
	hottest  string // vertex and subtask with the largest busy share
}

// TaskManagers returns the ids of the TaskManagers that run subtasks of the job: those first whose subtasks limit it,
// which are the busiest, then those of the most backpressured, then those with the most subtasks, and in the order of
// their ids among equals.
func (g Graph) TaskManagers() []string {
	loads := g.loads()
	ids := make([]string, 0, len(loads))
	for _, l := range loads {
		ids = append(ids, l.tm)
	}
	return ids
}

// Busiest names the TaskManager with the busiest subtask, and that subtask, for people. It is empty when no load is
// known.
func (g Graph) Busiest() (taskManager, subtask string) {
	if loads := g.loads(); len(loads) > 0 && loads[0].busy > 0 {
		return loads[0].tm, fmt.Sprintf("%s, %.0f %% busy", loads[0].hottest, 100*loads[0].busy)
	}
	return "", ""
}

func (g Graph) loads() []load {
	byTM := map[string]*load{}
	for i := range g.Vertices {
		subtasks := g.subtasks(i)
		for _, s := range subtasks {
			if s.Status != running || s.TaskManagerID == "" || s.TaskManagerID == unassigned {
				continue
			}
			l := byTM[s.TaskManagerID]
			if l == nil {
				l = &load{tm: s.TaskManagerID}
				byTM[s.TaskManagerID] = l
			}
			busy, back := shares(s, subtasks)
			if l.subtasks++; busy > l.busy {
				l.busy, l.hottest = busy, fmt.Sprintf("%s (%d/%d)", cut(g.Vertices[i].Name), s.Index+1, len(subtasks))
			}
			l.back = max(l.back, back)
		}
	}
	all := make([]load, 0, len(byTM))
	for _, l := range byTM {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b load) int {
		return cmp.Or(cmp.Compare(step(b.busy), step(a.busy)), cmp.Compare(step(b.back), step(a.back)),
			cmp.Compare(b.subtasks, a.subtasks), cmp.Compare(a.tm, b.tm))
	})
	return all
}

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
			m := &v.Subtasks[i].Metrics
			c, ok := was[key{v.ID, v.Subtasks[i].Index, v.Subtasks[i].Attempt}]
			if !ok || c.StartTime != max(0, v.Subtasks[i].StartTime) || m.Busy <= flink.Millis(c.BusyMillis) {
				continue // nothing newer than since the attempt began
			}
			m.Busy -= flink.Millis(c.BusyMillis)
			m.Idle -= flink.Millis(c.IdleMillis)
			m.BackPressured -= flink.Millis(c.BackPressuredMillis)
		}
		out.Vertices = append(out.Vertices, v)
	}
	return out
}

// step makes shares equal that differ by chance.
func step(share float64) int {
	const steps = 20
	return int(share*steps + 0.5)
}

// shares are the busy and the backpressured share of a subtask's time. Where Flink does not know the busy time, as of
// a legacy source, the records tell which subtask of the vertex does the work.
func shares(s flink.Subtask, vertex []flink.Subtask) (busy, back float64) {
	m := s.Metrics
	if m.Busy < 0 {
		most := int64(1)
		for _, other := range vertex {
			most = max(most, other.Metrics.WriteRecords)
		}
		return float64(max(0, m.WriteRecords)) / float64(most), 0
	}
	sum := float64(m.Busy + max(0, m.Idle) + max(0, m.BackPressured))
	if sum == 0 {
		return 0, 0
	}
	return float64(m.Busy) / sum, float64(max(0, m.BackPressured)) / sum
}
