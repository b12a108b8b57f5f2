package question

import (
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/ask/prompt"
	"squirrly.dev/services/analyzer/internal/operators"
)

// edgesOf are the edges of the plan, between vertices by their names.
func edgesOf(c *jobcontext.Context, a events.Analysis) []prompt.Edge {
	names := namesOf(a)
	var out []prompt.Edge
	for i := range c.Vertices {
		for _, in := range c.Vertices[i].Inputs {
			out = append(out, prompt.Edge{From: names[in.Vertex], To: names[c.Vertices[i].ID], Ship: in.Ship})
		}
	}
	return out
}

// windowsOf are the windows of the operators.
func windowsOf(c *jobcontext.Context, a events.Analysis) []prompt.Window {
	names := namesOf(a)
	var out []prompt.Window
	for i := range c.Vertices {
		for _, w := range operators.Windows(&c.Vertices[i]) {
			out = append(out, prompt.Window{
				Vertex: names[c.Vertices[i].ID], Node: w.Node, Kind: string(w.Kind), Size: w.Size, Slide: w.Slide, Copies: w.Copies,
			})
		}
	}
	return out
}

// namesOf are the names of the vertices as the analysis has them, by id.
func namesOf(a events.Analysis) map[string]string {
	out := map[string]string{}
	for _, v := range a.Vertices {
		out[v.ID] = v.Short()
	}
	return out
}

// inSQL reports that Flink's planner made a vertex of a job.
func inSQL(c *jobcontext.Context) bool {
	for i := range c.Vertices {
		if operators.IsSQL(&c.Vertices[i]) {
			return true
		}
	}
	return false
}
