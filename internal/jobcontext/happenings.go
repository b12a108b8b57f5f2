package jobcontext

// Checkpoints sums up the recent checkpoints.
type Checkpoints struct {
	Completed      int64             `json:"completed"`
	Failed         int64             `json:"failed"`
	InProgress     int64             `json:"inProgress"`
	LastDurationMS int64             `json:"lastDurationMs,omitempty"`
	LastSizeBytes  int64             `json:"lastSizeBytes,omitempty"`
	AvgDurationMS  int64             `json:"avgDurationMs,omitempty"`
	MaxDurationMS  int64             `json:"maxDurationMs,omitempty"`
	Restored       int64             `json:"restored,omitempty"` // version 2: how often the job began from a checkpoint
	Config         *CheckpointConfig `json:"config,omitempty"`   // version 2: in force for this job
	Recent         []Checkpoint      `json:"recent,omitempty"`   // version 2: newest first
}

// CheckpointConfig is what is in force for a job, which its code may have set against the cluster's configuration.
type CheckpointConfig struct {
	Mode                  string `json:"mode,omitempty"` // exactly_once or at_least_once
	IntervalMS            int64  `json:"intervalMs"`     // 0: off
	TimeoutMS             int64  `json:"timeoutMs,omitempty"`
	MinPauseMS            int64  `json:"minPauseMs,omitempty"`
	MaxConcurrent         int64  `json:"maxConcurrent,omitempty"`
	Unaligned             bool   `json:"unaligned,omitempty"`
	AlignedTimeoutMS      int64  `json:"alignedTimeoutMs,omitempty"`
	TolerableFailures     int64  `json:"tolerableFailures,omitempty"`
	StateBackend          string `json:"stateBackend,omitempty"` // class or short name
	Storage               string `json:"storage,omitempty"`
	StateChangelog        bool   `json:"stateChangelog,omitempty"`
	CheckpointsAfterTasks bool   `json:"checkpointsAfterTasks,omitempty"` // also when some tasks have finished
}

// Checkpoint is one checkpoint. Its times are the largest of all subtasks that were asked for, in ms; a negative one is
// unknown, as for all but the last few checkpoints.
type Checkpoint struct {
	ID           int64  `json:"id"`
	Status       string `json:"status"`            // COMPLETED, FAILED, IN_PROGRESS
	TriggerTime  int64  `json:"triggerTime"`       // epoch ms by the JobManager's clock
	DurationMS   int64  `json:"durationMs"`        // end to end; so far, of one in progress
	SizeBytes    int64  `json:"sizeBytes"`         // of the whole state
	StartDelayMS int64  `json:"startDelayMs"`      // from the trigger to the first barrier at a subtask: the way through full buffers
	AlignmentMS  int64  `json:"alignmentMs"`       // from the first barrier to the last
	SyncMS       int64  `json:"syncMs"`            // while the task stands still
	AsyncMS      int64  `json:"asyncMs"`           // beside the task
	Vertex       string `json:"vertex,omitempty"`  // id of the one that was through last
	Savepoint    bool   `json:"savepoint"`         //
	Failure      string `json:"failure,omitempty"` // one line, secrets masked
}

// Failure is one failure of the job.
//
// Its message is the first in the chain of causes that is not of an exception of Flink itself, since those say where and
// not what ("Could not forward element to next operator"); else the first of those. A JVM leaves message and stack trace
// out when hot code throws the same exception again and again: then it is that of an earlier failure of the same class
// and task, or of one that came with it.
type Failure struct {
	At          int64  `json:"at"`             // epoch ms by the JobManager's clock
	Name        string `json:"name"`           // class of the exception
	Message     string `json:"message"`        // see below; one line, secrets masked; empty when there is none anywhere
	Cause       string `json:"cause"`          // class of the exception that Message is of
	Task        string `json:"task,omitempty"` // as the thread is named, "map (1/2)"; empty: of the whole job
	TaskManager string `json:"taskManager,omitempty"`
}

// ThreadGroup are threads of one TaskManager that are no tasks and whose names differ in numbers only.
type ThreadGroup struct {
	TaskManager string         `json:"taskManager"`
	Name        string         `json:"name"` // numbers folded: "pool-*-thread-*"
	Count       int            `json:"count"`
	States      map[string]int `json:"states"` // RUNNABLE, WAITING …
	// Version 3: how many of them were at work, on average over so many dumps, which are 0 when it is unknown. A thread is at
	// work unless it waits for its next task, in the queue of its pool, at its selector or for a timer: one that sleeps, waits for
	// a lock or for an answer within its task is at work, and its state does not tell.
	Busy   float64  `json:"busy"`
	Dumps  int      `json:"dumps,omitempty"`
	Frames []string `json:"frames"` // of one of them, at work and running if there is any; leaf first, as [Thread].Frames, the first few
}

// OtherJob is a job beside the profiled one. Its subtasks' counters are in [Sample].Others.
type OtherJob struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	State    string   `json:"state,omitempty"`
	Vertices []Vertex `json:"vertices"` // with the subtasks on the profiled TaskManagers only
}
