package operators

import (
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/services/analyzer/internal/limits"
)

// addOthers adds the vertices of other jobs: from the context, which lists them since its second version, or from the
// names of task threads in dumps.
func (p *Plan) addOthers(c *jobcontext.Context) {
	for i := range c.OtherJobs {
		job := &c.OtherJobs[i]
		loads := limits.Loads(otherContext(c, job))
		for j := range job.Vertices {
			v := vertexOf(&job.Vertices[j], job.Vertices)
			v.Job = job.Name
			v.spread(&loads[j])
			p.Vertices = append(p.Vertices, v)
		}
	}
	if len(c.OtherJobs) > 0 {
		return
	}
	for jvm := range p.shared {
		p.addFromThreads(jvm, c.Threads)
	}
	slices.SortStableFunc(p.Vertices[len(c.Vertices):], func(a, b Vertex) int { return strings.Compare(a.Name, b.Name) })
}

// otherContext is the context of another job as far as it is known.
func otherContext(c *jobcontext.Context, job *jobcontext.OtherJob) *jobcontext.Context {
	out := &jobcontext.Context{Version: c.Version, Job: jobcontext.Job{ID: job.ID, Name: job.Name}, Vertices: job.Vertices}
	for _, w := range c.Windows {
		own := jobcontext.Window{Mode: w.Mode, Seconds: w.Seconds}
		for _, s := range w.Samples {
			one := jobcontext.Sample{AtMillis: s.AtMillis}
			for _, counters := range s.Others {
				if counters.Job == job.ID {
					counters.Job = ""
					one.Subtasks = append(one.Subtasks, counters)
				}
			}
			own.Samples = append(own.Samples, one)
		}
		out.Windows = append(out.Windows, own)
	}
	return out
}

// addFromThreads adds a vertex for every task that a dump of a TaskManager shows and the job does not have. Without
// any, the other jobs are of the same program, or their threads are unknown.
func (p *Plan) addFromThreads(jvm string, threads []jobcontext.Thread) {
	subtasks := map[string]map[int]bool{}
	dumped := false
	for _, t := range threads {
		name, subtask, ok := taskName(t.Name)
		if !ok || t.TaskManager != jvm || !isTask(t.Frames) {
			continue
		}
		dumped = true
		if slices.ContainsFunc(p.Vertices, func(v Vertex) bool { return !v.Other() && v.Name == name }) {
			continue
		}
		if subtasks[name] == nil {
			subtasks[name] = map[int]bool{}
		}
		subtasks[name][subtask] = true
	}
	for name, of := range subtasks {
		v := vertexOf(&jobcontext.Vertex{Name: name}, nil)
		v.source = strings.HasPrefix(name, "Source: ")
		v.inputs, v.keyed, v.ends = 2, true, false // as far as anybody knows
		v.on[jvm] = share{len(of), limits.Unknown}
		p.Vertices = append(p.Vertices, v)
	}
	switch {
	case len(subtasks) > 0:
	case dumped:
		p.addTwins(jvm)
	default:
		p.Vertices = append(p.Vertices, Vertex{Index: -1, wild: true, on: map[string]share{jvm: {1, limits.Unknown}}})
	}
}

// addTwins adds what another run of the same program has.
func (p *Plan) addTwins(jvm string) {
	for _, v := range slices.Clone(p.Vertices) {
		if own, ok := v.on[jvm]; ok && !v.Other() {
			v.Index = -1
			v.on = map[string]share{jvm: {own.subtasks, limits.Unknown}}
			p.Vertices = append(p.Vertices, v)
		}
	}
}
