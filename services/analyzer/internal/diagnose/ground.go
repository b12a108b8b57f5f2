package diagnose

import (
	"sync"

	"squirrly.dev/pkg/events"
)

// Ground is what claims about a run are decided by: its operators, its facts, its plan, what is configured, and its samples.
// What a nil one is asked for is unknown.
type Ground struct {
	view      *View
	operators []Operator
	rows      map[string]int         // positions of the operators by the rows that frames lie in
	frames    map[*jvmScan][]int32   // by frame: the position of the operator that the samples lie in, or none
	facts     map[string]events.Fact // by id
	analyzed  map[string]bool        // facts of the analysis
	findings  []Problem              // of the rules, in the order of their ids

	mu      sync.Mutex
	spreads map[*events.Count]spread // that were asked for
}

// Operator is an operator of the plan, or what Flink does for a vertex beside them. The last ones are those that may be in
// several vertices, and what the threads beside the tasks do. Shares are 0 to 1; -1 is unknown.
type Operator struct {
	ID       string   // O1, O2 … in the order of the plan
	Name     string   // as [ExplainedRow] has it
	Vertex   string   // label of its vertex; of one that may be in several: empty
	VertexID string   //
	Vertices []string // labels: one, or those that it may be in
	Busy     float64  // share of the vertex's busy time, by WALL
	CPU      float64  // share of the CPU samples of its vertex; of all samples when it may be in several
	Samples  int64    // as [ExplainedRow]
	Limiting bool     // its vertex limits the job, or no vertex is known to
	Process  bool     // no operator: the threads beside the tasks, and what concerns the job as a whole
	Findings []string // ids of the rules' findings in it
	Possible []Possible

	row   string
	base  string // where there is no plan: the row as problems have it, the same for all operators
	frame string // that enters it, where there is no plan
	of    []int  // its vertices
	nodes []int  // its nodes, of one vertex
	reads bool   // it takes records from the network for all operators of its vertex
}

// Possible is a mechanism that the rules do not report at an operator and that is possible there: what it needs is so or not
// known, nothing refutes it, and its frames are there at more than its threshold.
type Possible struct {
	Mechanism string  // id
	Share     float64 // of the time of what limits, else of the active samples, in its frames, 0 to 1
	Samples   int64
	Why       string         // why the rules do not report it, in a sentence: another finding stands for it, or something is not known
	Proves    string         // what would prove it, in words
	Finding   events.Finding // what the rules would say, were it proven: without an ID; its Evidence are in Facts
	Facts     []events.Fact  // with ids of the run, that Finding.Evidence names and the analysis does not have yet
}

// newGround looks at the captures again. The ledger is that of the analysis; what is possible continues its numbers.
func newGround(v *View, a *events.Analysis, t *conclusions, l *ledger) *Ground {
	g := &Ground{
		view: v, rows: map[string]int{}, frames: map[*jvmScan][]int32{}, facts: map[string]events.Fact{}, analyzed: map[string]bool{},
		findings: t.findings, spreads: map[*events.Count]spread{},
	}
	for _, f := range a.Evidence {
		g.facts[f.ID], g.analyzed[f.ID] = f, true
	}
	g.readOperators(a)
	g.findPossible(t.price, l.fork())
	return g
}

// Operators are those of the plan, and in each what is possible there.
func (g *Ground) Operators() []Operator {
	if g == nil {
		return nil
	}
	return g.operators
}

// operator returns an operator by its id, or nil.
func (g *Ground) operator(id string) *Operator {
	for i := range g.Operators() {
		if g.operators[i].ID == id {
			return &g.operators[i]
		}
	}
	return nil
}

// Fact returns a fact of the run by its id: of the analysis, or of what is possible.
func (g *Ground) Fact(id string) (events.Fact, bool) {
	if g == nil {
		return events.Fact{}, false
	}
	f, ok := g.facts[id]
	return f, ok
}
