package diagnose

// ExplainedOperator is an operator with the id that claims name it by, and what is possible there beside the findings.
type ExplainedOperator struct {
	ID       string              `json:"id"`   // O1, O2 … in the order of the plan
	Name     string              `json:"name"` // as [ExplainedRow] has it
	Vertex   string              `json:"vertex,omitempty"`
	Busy     float64             `json:"busy"` // share of the vertex's busy time, by WALL
	CPU      float64             `json:"cpu"`  // share of the CPU samples of its vertex; of all samples when it may be in several
	Samples  int64               `json:"samples"`
	Limiting bool                `json:"limiting"` // its vertex limits the job, or no vertex is known to
	Findings []string            `json:"findings,omitempty"`
	Possible []ExplainedPossible `json:"possible,omitempty"`
}

// ExplainedPossible is a mechanism that the rules do not report at an operator and that the evidence allows there.
type ExplainedPossible struct {
	Mechanism string  `json:"mechanism"` // id
	Title     string  `json:"title"`
	Share     float64 `json:"share"` // of the time of what limits, else of the active samples, in its frames
	Samples   int64   `json:"samples"`
	Why       string  `json:"why"`    // why the rules do not report it
	Proves    string  `json:"proves"` // what would prove it
}

// Explained lists the operators for people and programs that write claims.
func (g *Ground) Explained() []ExplainedOperator {
	var all []ExplainedOperator
	for _, o := range g.Operators() {
		e := ExplainedOperator{
			ID: o.ID, Name: o.Name, Vertex: o.Vertex, Busy: o.Busy, CPU: o.CPU, Samples: o.Samples, Limiting: o.Limiting,
			Findings: o.Findings,
		}
		for _, p := range o.Possible {
			e.Possible = append(e.Possible, ExplainedPossible{
				Mechanism: p.Mechanism, Title: p.Finding.Title, Share: p.Share, Samples: p.Samples, Why: p.Why, Proves: p.Proves,
			})
		}
		all = append(all, e)
	}
	return all
}
