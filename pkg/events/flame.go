package events

// MaxFlame is how many frames a [Flame] has at most.
const MaxFlame = 120

// Flame is the flame graph of the vertex that limits a job, as a report draws it: the frames that hold at least one
// percent of its samples. Frames of the runtime that nearly all of them have in common are left out, and those of libraries
// that only lead from one frame to the next.
type Flame struct {
	Vertex  string       `json:"vertex"`  // its short name
	Mode    Mode         `json:"mode"`    // of the captures
	Samples int64        `json:"samples"` // that surely are the vertex's, without idle ones, of all captures of the mode
	Frames  []FlameFrame `json:"frames"`  // in pre-order, the widest of those below one frame first; at most [MaxFlame]
}

// FlameFrame is a frame of a [Flame].
type FlameFrame struct {
	Name    string `json:"name"`
	Depth   int    `json:"depth"` // 0 for those at the bottom
	Samples int64  `json:"samples"`
	Finding string `json:"finding,omitempty"` // id of the finding that is about this frame
}

// OperatorLoad is what the captures show of one operator, of several that cannot be told apart, or of what Flink does for
// a vertex.
type OperatorLoad struct {
	Vertex     string   `json:"vertex"`     // its short name
	Name       string   `json:"name"`       // of the operator, as the plan has it; the middle of a very long one is cut out
	Depth      int      `json:"depth"`      // in the chain; 0 is its first operator
	Busy       float64  `json:"busy"`       // share of the vertex's busy time, by WALL, 0 to 1; -1 is unknown
	CPU        float64  `json:"cpu"`        // share of the CPU samples of the vertex, 0 to 1; -1 is unknown
	RecordsIn  float64  `json:"recordsIn"`  // per second, all subtasks; -1 is unknown
	RecordsOut float64  `json:"recordsOut"` // per second, all subtasks; -1 is unknown
	Hottest    string   `json:"hottest,omitempty"`
	Findings   []string `json:"findings,omitempty"` // ids of those that are about it
}
