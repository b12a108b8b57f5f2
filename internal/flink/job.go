package flink

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
)

// The states of a job.
const (
	JobInitializing = "INITIALIZING" // the JobManager prepares it
	JobCreated      = "CREATED"      // it waits for slots
	JobRunning      = "RUNNING"
	JobFailing      = "FAILING"    // a task failed, and the others are canceled
	JobRestarting   = "RESTARTING" // it waits for its next attempt
	JobCancelling   = "CANCELLING"
	JobSuspended    = "SUSPENDED"   // the JobManager lost its leadership
	JobReconciling  = "RECONCILING" // it waits for its TaskManagers after the JobManager came back
	JobFinished     = "FINISHED"
	JobFailed       = "FAILED"
	JobCanceled     = "CANCELED"
)

// JobEnded reports whether a job in that state will never run again.
func JobEnded(state string) bool {
	return state == JobFinished || state == JobFailed || state == JobCanceled
}

// JobSummary is a job in the list of jobs.
type JobSummary struct {
	ID        string `json:"jid"`
	Name      string `json:"name"`
	State     string `json:"state"`
	StartTime int64  `json:"start-time"` // epoch ms
}

// Jobs lists the jobs that the cluster remembers, in any state.
func (c *Client) Jobs(ctx context.Context) ([]JobSummary, error) {
	var list struct {
		Jobs []JobSummary `json:"jobs"`
	}
	if err := c.get(ctx, &list, "jobs", "overview"); err != nil {
		return nil, fmt.Errorf("list jobs: %w", err)
	}
	return list.Jobs, nil
}

// Job is a job with its graph.
type Job struct {
	ID             string   `json:"jid"`
	Name           string   `json:"name"`
	State          string   `json:"state"`
	Type           string   `json:"job-type"`   // STREAMING or BATCH
	StartTime      int64    `json:"start-time"` // epoch ms
	Now            int64    `json:"now"`        // epoch ms, the JobManager's clock
	MaxParallelism int      `json:"maxParallelism"`
	Vertices       []Vertex `json:"vertices"` // in topological order
	Plan           Plan     `json:"plan"`
}

// Vertex is a vertex of the job graph: a chain of operators, with its metrics summed over the subtasks.
type Vertex struct {
	ID             string  `json:"id"`
	Name           string  `json:"name"`
	Status         string  `json:"status"`
	Parallelism    int     `json:"parallelism"`
	MaxParallelism int     `json:"maxParallelism"`
	SlotSharing    string  `json:"slotSharingGroupId"` // vertices of one group share slots
	Metrics        Metrics `json:"metrics"`
}

// Plan holds what the vertices lack: edges and descriptions.
type Plan struct {
	Nodes []PlanNode `json:"nodes"`
}

// PlanNode is the vertex of the same id.
type PlanNode struct {
	ID          string      `json:"id"`
	Parallelism int         `json:"parallelism"`
	Description string      `json:"description"` // the chained operators, with <br/> and HTML entities
	Inputs      []PlanInput `json:"inputs"`
}

// PlanInput is the edge from the vertex ID.
type PlanInput struct {
	ID           string `json:"id"`
	ShipStrategy string `json:"ship_strategy"` // FORWARD, HASH, REBALANCE …
	Exchange     string `json:"exchange"`      // pipelined_bounded …
}

// Metrics are counters since the start of the attempt. They lag behind by Flink's metrics.fetcher.update-interval, all by
// the same: take differences between two answers, never between an answer and a clock.
type Metrics struct {
	ReadBytes     int64  `json:"read-bytes"`
	WriteBytes    int64  `json:"write-bytes"`
	ReadRecords   int64  `json:"read-records"`
	WriteRecords  int64  `json:"write-records"`
	Busy          Millis `json:"accumulated-busy-time"`
	Idle          Millis `json:"accumulated-idle-time"`
	BackPressured Millis `json:"accumulated-backpressured-time"`
	// Complete records say that every subtask reported; counters are too low otherwise.
	ReadComplete  bool `json:"read-records-complete"`
	WriteComplete bool `json:"write-records-complete"`
}

// Millis is a time in milliseconds, or Unknown.
type Millis int64

// Unknown is a time that Flink does not know: it answers "NaN", as for the busy time of legacy sources.
const Unknown Millis = -1

// UnmarshalJSON reads a number, rounds it, and takes anything that is not a time for Unknown.
func (m *Millis) UnmarshalJSON(text []byte) error {
	*m = Unknown
	if n, ok := number(text); ok && n >= 0 && n < math.MaxInt64/2 {
		*m = Millis(math.Round(n))
	}
	return nil
}

// number reads a JSON number; anything else, such as null or "NaN", is none.
func number(text []byte) (float64, bool) {
	var n *float64 // nil for null
	if json.Unmarshal(text, &n) != nil || n == nil {
		return 0, false
	}
	return *n, true
}

// Job asks for one job.
func (c *Client) Job(ctx context.Context, id string) (Job, error) {
	var j Job
	if err := c.get(ctx, &j, "jobs", id); err != nil {
		return Job{}, fmt.Errorf("get job %s: %w", id, err)
	}
	return j, nil
}

// VertexDetails are the subtasks of a vertex.
type VertexDetails struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Now      int64     `json:"now"` // epoch ms, the JobManager's clock
	Subtasks []Subtask `json:"subtasks"`
}

// Subtask is one parallel instance of a vertex.
type Subtask struct {
	Index         int     `json:"subtask"`
	Attempt       int     `json:"attempt"`
	Status        string  `json:"status"`
	TaskManagerID string  `json:"taskmanager-id"` // may be "(unassigned)"
	StartTime     int64   `json:"start-time"`     // epoch ms
	Metrics       Metrics `json:"metrics"`
}

// Vertex asks for the subtasks of one vertex: where they run and what they did.
func (c *Client) Vertex(ctx context.Context, jobID, vertexID string) (VertexDetails, error) {
	var v VertexDetails
	if err := c.get(ctx, &v, "jobs", jobID, "vertices", vertexID); err != nil {
		return VertexDetails{}, fmt.Errorf("get vertex %s of job %s: %w", vertexID, jobID, err)
	}
	return v, nil
}
