package diagnose

import (
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/operators"
)

// Explanation is the plan of a job with what the captures show of each operator. Shares are 0 to 1, -1 is unknown; those
// of operators are estimates, as good as their samples are many.
type Explanation struct {
	JobName      string            `json:"jobName,omitempty"`
	FlinkVersion string            `json:"flinkVersion,omitempty"`
	Headline     string            `json:"headline"` // of the verdict
	WallSamples  int64             `json:"wallSamples"`
	CPUSamples   int64             `json:"cpuSamples"` // active ones of task threads, as WallSamples
	Vertices     []ExplainedVertex `json:"vertices"`   // in the order of the data flow
	Undecided    []ExplainedRow    `json:"undecided,omitempty"`
	OtherJobs    float64           `json:"otherJobs"`    // share of the active samples that are other jobs'
	Unattributed float64           `json:"unattributed"` // share that may be this job's or another one's
	Findings     []events.Finding  `json:"findings"`     // that the rows refer to
	// Operators are those that claims can be about, with what is possible in each; only where that was asked for.
	Operators []ExplainedOperator `json:"operators,omitempty"`
}

// ExplainedVertex is a vertex with its operators.
type ExplainedVertex struct {
	events.VertexLoad
	Cores float64        `json:"cores"` // CPU that surely is its own: at least so much; -1 is unknown
	Rows  []ExplainedRow `json:"rows"`  // operators in the order of the chain, then what Flink does for them
}

// ExplainedRow is an operator, several that cannot be told apart, or what Flink does for a vertex.
type ExplainedRow struct {
	Name          string     `json:"name"`
	Depth         int        `json:"depth"`              // in the chain; 0 is its first operator
	Vertices      []string   `json:"vertices,omitempty"` // one of which it is in; only of what is undecided
	Busy          float64    `json:"busy"`               // share of the vertex's busy time, by WALL
	CPU           float64    `json:"cpu"`                // share of the CPU samples of the vertex; of all samples if undecided; -1 when many more may be the vertex's
	State         float64    `json:"state"`              // share of its own samples in keyed state
	Serialization float64    `json:"serialization"`      // share of its own samples
	RecordsIn     float64    `json:"recordsIn"`          // per second, where Flink counts them
	RecordsOut    float64    `json:"recordsOut"`
	Samples       int64      `json:"samples"` // of CPU, or of WALL without any
	Hottest       []HotFrame `json:"hottest,omitempty"`
	Findings      []string   `json:"findings,omitempty"` // ids

	Place operators.Place `json:"-"` // what it is of
}

// HotFrame is a Java frame in which samples of a row end.
type HotFrame struct {
	Frame string  `json:"frame"`
	Share float64 `json:"share"` // of the samples of the row
}
