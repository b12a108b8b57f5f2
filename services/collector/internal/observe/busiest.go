package observe

import (
	"cmp"
	"fmt"
	"slices"

	"squirrly.dev/internal/flink"
)

// load is what the subtasks of one TaskManager do: the largest shares of the time that a subtask is busy and is
// backpressured, from 0 to 1.
type load struct {
	tm       string
	limits   float64 // busy share in the vertex that limits the job
	holds    float64 // busy share in the vertices that hold others back, or would
	busy     float64 // busy share in any vertex
	back     float64
	subtasks int
	vertices []int
	hottest  string // vertex and subtask with the largest busy share
}

// TaskManagers returns the ids of the TaskManagers that run subtasks of the job: those first whose subtasks of the vertex
// that limits it are the busiest, then those of the vertices that hold others back, then the busiest of all and the most
// backpressured, then those with the most subtasks, and in the order of their ids among equals.
func (g Graph) TaskManagers() []string { return ids(g.loads()) }

func ids(loads []load) []string {
	out := make([]string, 0, len(loads))
	for _, l := range loads {
		out = append(out, l.tm)
	}
	return out
}

// Busiest names the TaskManager with the busiest subtask, and that subtask, for people. It is empty when no load is
// known.
func (g Graph) Busiest() (taskManager, subtask string) {
	busiest := load{}
	for _, l := range g.loads() {
		if step(l.busy) > step(busiest.busy) {
			busiest = l
		}
	}
	if busiest.busy == 0 {
		return "", ""
	}
	return busiest.tm, fmt.Sprintf("%s, %.0f %% busy", busiest.hottest, 100*busiest.busy)
}

func (g Graph) loads() []load {
	byTM := map[string]*load{}
	limits, holds := g.limiting()
	for i, v := range g.Vertices {
		for _, s := range v.Subtasks {
			if !deployed(s) {
				continue
			}
			l := byTM[s.TaskManagerID]
			if l == nil {
				l = &load{tm: s.TaskManagerID}
				byTM[s.TaskManagerID] = l
			}
			l.add(i, s, v, i == limits, holds[i])
		}
	}
	all := make([]load, 0, len(byTM))
	for _, l := range byTM {
		all = append(all, *l)
	}
	slices.SortFunc(all, func(a, b load) int {
		return cmp.Or(
			cmp.Compare(step(b.limits), step(a.limits)), cmp.Compare(step(b.holds), step(a.holds)),
			cmp.Compare(step(b.busy), step(a.busy)), cmp.Compare(step(b.back), step(a.back)),
			cmp.Compare(b.subtasks, a.subtasks), cmp.Compare(a.tm, b.tm),
		)
	})
	return all
}

// add counts a subtask of a vertex, which limits the job or holds others back.
func (l *load) add(vertex int, s flink.Subtask, of flink.VertexDetails, limits, holds bool) {
	if !slices.Contains(l.vertices, vertex) {
		l.vertices = append(l.vertices, vertex)
	}
	busy, back := shares(s, of.Subtasks)
	if limits {
		l.limits = max(l.limits, busy)
	}
	if holds {
		l.holds = max(l.holds, busy)
	}
	if l.subtasks++; busy > l.busy {
		l.busy, l.hottest = busy, fmt.Sprintf("%s (%d/%d)", cut(of.Name), s.Index+1, len(of.Subtasks))
	}
	l.back = max(l.back, back)
}

// deployed reports whether a subtask does its work on some TaskManager.
func deployed(s flink.Subtask) bool {
	return s.Status == running && s.TaskManagerID != "" && s.TaskManagerID != unassigned
}

// heldBack is the backpressured share from which on a vertex counts as held back: below it, Flink calls it OK too.
const heldBack = 0.1

// limiting is the vertex that seems to limit the job, -1 when no busy time is known, and those that hold others back: a
// vertex of theirs upstream is backpressured, and they are less so themselves. Of these the one with the busiest subtask
// limits; when none holds another back, the one with the busiest subtask of all. It only decides who is profiled first: what
// limits the job is judged by the analyzer, from what was measured.
func (g Graph) limiting() (limits int, holds map[int]bool) {
	busy, back := make([]float64, len(g.Vertices)), make([]float64, len(g.Vertices))
	for i, v := range g.Vertices {
		busy[i], back[i] = most(v.Subtasks)
	}
	holds = g.holding(back)
	limits = -1
	for i := range g.Vertices {
		switch {
		case busy[i] == 0, len(holds) > 0 && !holds[i]:
		case limits < 0, busy[i] > busy[limits]:
			limits = i
		}
	}
	return limits, holds
}

// most returns the largest busy share of some subtasks, where it is known, and the largest backpressured one.
func most(subtasks []flink.Subtask) (busy, back float64) {
	for _, s := range subtasks {
		if !deployed(s) {
			continue
		}
		if s.Metrics.Busy >= 0 {
			b, _ := shares(s, nil)
			busy = max(busy, b)
		}
		back = max(back, backOf(s.Metrics))
	}
	return busy, back
}

// holding are the vertices that hold others back, by the backpressured share of each vertex.
func (g Graph) holding(back []float64) map[int]bool {
	at := map[string]int{}
	for i, v := range g.Vertices {
		at[v.ID] = i
	}
	holds := map[int]bool{}
	for _, n := range g.Job.Plan.Nodes {
		down, ok := at[n.ID]
		for _, in := range n.Inputs {
			if up, known := at[in.ID]; ok && known && back[up] >= heldBack && back[down] < back[up]-heldBack {
				holds[down] = true
			}
		}
	}
	return holds
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
		return float64(max(0, m.WriteRecords)) / float64(most), backOf(m)
	}
	sum := float64(m.Busy + max(0, m.Idle) + max(0, m.BackPressured))
	if sum == 0 {
		return 0, 0
	}
	return float64(m.Busy) / sum, backOf(m)
}

// backOf is the share of the time that is known in which a subtask was backpressured.
func backOf(m flink.Metrics) float64 {
	sum := float64(max(0, m.Busy) + max(0, m.Idle) + max(0, m.BackPressured))
	if sum == 0 {
		return 0
	}
	return float64(max(0, m.BackPressured)) / sum
}
