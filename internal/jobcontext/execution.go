package jobcontext

import "math"

// Execution is how a job is set to run, whoever set it: the cluster's configuration or the job's own code.
type Execution struct {
	ObjectReuse     *bool  `json:"objectReuse,omitempty"` // nil: unknown
	Parallelism     int    `json:"parallelism,omitempty"` // of operators that have none of their own; 0: unknown
	RestartStrategy string `json:"restartStrategy,omitempty"`
	// Parameters are the global parameters that the job's author chose, secrets masked. Flink does not read them: a key of Flink
	// among them says nothing about what is in force.
	Parameters map[string]string `json:"parameters,omitempty"`
}

// Watermarks that are no time, as Flink writes them.
const (
	NoWatermark   int64 = math.MinInt64 // none has come yet, or the job has no event time
	LastWatermark int64 = math.MaxInt64 // the input has ended
)

// WatermarkReading are the watermarks at one moment. They are of the same fetch of Flink's metrics as the [Sample] of that
// moment; those of two readings can be compared, and their difference is the event time that has passed between them.
type WatermarkReading struct {
	AtMillis int64              `json:"at"`              // since the start of the run, as [Sample].AtMillis
	Clock    int64              `json:"clock,omitempty"` // the JobManager's clock then, epoch ms; 0: unknown
	Vertices []VertexWatermarks `json:"vertices"`        // those with inputs: a source has none that Flink tells
}

// VertexWatermarks are the lowest watermarks that have come to the subtasks of a vertex over all of their inputs.
type VertexWatermarks struct {
	Vertex   string        `json:"vertex"`   // id
	Subtasks map[int]int64 `json:"subtasks"` // by index, ms of event time, or one of the constants above; absent: unknown
}
