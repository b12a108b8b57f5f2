package jobcontext

// Sample is one reading of the accumulated counters.
type Sample struct {
	AtMillis     int64              `json:"at"` // since the start of the run, by the collector's monotonic clock
	Subtasks     []Counters         `json:"subtasks,omitempty"`
	Others       []Counters         `json:"others,omitempty"`    // version 2: of other jobs on the profiled TaskManagers
	Operators    []OperatorCounters `json:"operators,omitempty"` // version 2: where Flink counts them
	TaskManagers []JVMCounter       `json:"taskManagers,omitempty"`
}

// Counters are the accumulated counters of one subtask since its attempt began. BusyMillis is negative when Flink
// reports NaN, as for legacy sources.
type Counters struct {
	Job                 string `json:"job,omitempty"` // id; empty is the profiled job
	Vertex              string `json:"vertex"`        // id
	Subtask             int    `json:"subtask"`
	Attempt             int    `json:"attempt,omitempty"`   // version 2: from 0
	StartTime           int64  `json:"startTime,omitempty"` // version 2: of the attempt, epoch ms by the JobManager's clock
	Status              string `json:"status,omitempty"`    // version 2: RUNNING, INITIALIZING …
	BusyMillis          int64  `json:"busy"`
	IdleMillis          int64  `json:"idle"`
	BackPressuredMillis int64  `json:"backPressured"`
	ReadRecords         int64  `json:"readRecords"`
	WriteRecords        int64  `json:"writeRecords"`
	// Version 2: Flink says that a count lacks what some subtasks have not reported. It is unknown then, never 0.
	ReadIncomplete  bool `json:"readIncomplete,omitempty"`
	WriteIncomplete bool `json:"writeIncomplete,omitempty"`
}

// OperatorCounters are the record counts of one operator of a chain, by Flink's metrics numRecordsIn and numRecordsOut of
// the operator's scope, summed over the subtasks. Only vertices with several operators have them: of any other, the
// counts of the subtasks say the same. A negative count is unknown: Flink has none, or not from every subtask.
type OperatorCounters struct {
	Vertex string `json:"vertex"` // id
	Name   string `json:"name"`   // as in the metric's name, where Flink puts "_" for what is no letter and cuts after 80 bytes
	In     int64  `json:"in"`
	Out    int64  `json:"out"`
	// Version 3: what the subtasks that wrote least and most have written since their attempts began; nil when Out is unknown.
	// Where the least stays the same between two readings, a subtask of the operator has written nothing in between.
	OutOf *Range `json:"outOf,omitempty"`
}

// Range is from the least to the most of several subtasks.
type Range struct {
	Least int64 `json:"least"`
	Most  int64 `json:"most"`
}
