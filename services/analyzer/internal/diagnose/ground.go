package diagnose

import (
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/keys"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// Ground is what claims about a run are decided by: its operators, its facts, its plan, what is configured, and its samples.
type Ground struct{}

// Operator is an operator of the plan, or what Flink does for a vertex beside them. Shares are 0 to 1; -1 is unknown.
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
	Findings []string // ids of the rules' findings in it
	Possible []Possible
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

// Operators are those of the plan with samples or records, and in each what is possible there.
func (g *Ground) Operators() []Operator { return nil }

// Fact returns a fact of the run by its id: of the analysis, or of what is possible.
func (g *Ground) Fact(id string) (events.Fact, bool) { return events.Fact{}, false }

// Within returns how many samples of a fact there are, and how many of them lie in an operator. ok is false for a fact that
// counts no samples, and where nobody knows in which operator they are.
func (g *Ground) Within(f events.Fact, operator string) (inside, all int64, ok bool) {
	return 0, 0, false
}

// Below returns how many samples of a fact there are, and how many of them have a frame above them that is one of some paths
// (as in [events.Count]): callers, at any distance. ok is false for a fact that counts no samples of stacks.
func (g *Ground) Below(f events.Fact, paths []string) (below, all int64, ok bool) { return 0, 0, false }

// Both returns how many samples of a there are, and how many of them are samples of b, too. ok is false where that cannot be
// counted: other modes, or no stacks.
func (g *Ground) Both(a, b events.Fact) (both, all int64, ok bool) { return 0, 0, false }

// Frames returns what one of the names that call trees show stands for, as paths; nil for one that no page has.
func (g *Ground) Frames(name string) []string { return nil }

// Count returns the samples in which one of some paths matches, of all active samples of the mode that shows most of them, and
// of an operator alone when one is named.
func (g *Ground) Count(paths []string, operator string) (matching, active int64) { return 0, 0 }

// Feeds says whether records go from one operator or vertex to another one, over any number of edges: ids of operators, or of
// facts about vertices. [mechanisms.Unknown] is that there is no plan, or nobody knows in which vertex one is.
func (g *Ground) Feeds(from, to string) mechanisms.Truth { return mechanisms.Unknown }

// InForce returns the value of a key; sure is false when the code of the job may have another one.
func (g *Ground) InForce(key string) (value string, sure bool) { return "", false }

// Job is what the table of keys needs to know of the job, with the sizes of memory that are in force.
func (g *Ground) Job(operator string) keys.Job { return keys.Job{} }
