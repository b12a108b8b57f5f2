package operators

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/limits"
)

// Vertex is a vertex whose threads a capture may show.
type Vertex struct {
	Index int    // in the context of the profiled job; -1: of another job
	Name  string //
	Job   string // name or id of another job; empty: the profiled one, or unknown
	Nodes []Node // its operators, a parent before its children

	source bool
	inputs int
	keyed  bool // an input is split by key
	ends   bool // nothing is downstream
	wild   bool // nothing is known of it
	dumped bool // its threads are in a dump
	legacy bool // one of them is the second thread of a legacy source
	on     map[string]share
}

// share is what a vertex has on one TaskManager.
type share struct {
	subtasks int
	busy     float64 // thread equivalents of its subtasks, or limits.Unknown
}

// Other reports that the vertex is of another job.
func (v *Vertex) Other() bool { return v.Index < 0 }

// Plan is what is known of the vertices of all jobs on the TaskManagers of one job.
type Plan struct {
	Vertices []Vertex // the profiled job's first, in the order of its context
	hints    hints
	shared   map[string]bool // TaskManagers with slots of other jobs
}

// Shared reports that other jobs have slots on a TaskManager.
func (p *Plan) Shared(jvm string) bool { return p.shared[jvm] }

// Read makes the plan. The loads are those of the context's vertices. isUser tells the code of jobs from libraries.
func Read(c *jobcontext.Context, loads []limits.Load, isUser func(frame string) bool) *Plan {
	p := &Plan{shared: map[string]bool{}}
	if c == nil {
		return p
	}
	for i := range c.Vertices {
		v := vertexOf(&c.Vertices[i], c.Vertices)
		v.Index = i
		v.spread(&loads[i])
		p.Vertices = append(p.Vertices, v)
	}
	for _, tm := range c.TaskManagers {
		if tm.OtherJobs > 0 {
			p.shared[tm.ID] = true
		}
	}
	p.addOthers(c)
	p.hints = readHints(p, c.Threads, isUser)
	return p
}

func vertexOf(v *jobcontext.Vertex, all []jobcontext.Vertex) Vertex {
	out := Vertex{
		Index: -1, Name: v.Name, Nodes: parseChain(v.Name), source: len(v.Inputs) == 0, inputs: len(v.Inputs),
		on: map[string]share{}, ends: true,
	}
	for _, in := range v.Inputs {
		switch in.Ship {
		case "FORWARD", "REBALANCE", "RESCALE", "BROADCAST":
		default:
			out.keyed = true
		}
	}
	for i := range all {
		if slices.ContainsFunc(all[i].Inputs, func(in jobcontext.Input) bool { return in.Vertex == v.ID }) {
			out.ends = false
		}
	}
	return out
}

// spread sums up the subtasks of a vertex by TaskManager.
func (v *Vertex) spread(l *limits.Load) {
	for _, s := range l.Subtasks {
		at := v.on[s.TaskManager]
		at.subtasks++
		if s.Busy == limits.Unknown || at.busy == limits.Unknown {
			at.busy = limits.Unknown
		} else {
			at.busy += s.Busy
		}
		v.on[s.TaskManager] = at
	}
}
