// Package jobcontext is what a collector learns about a job beside its profiles, and how it is stored: the graph,
// the accumulated counters across the capture windows, JVM and GC figures, and which threads run which task.
//
// The collector writes it and does not interpret it; the analyzer reads it and computes deltas. The package holds
// types, their codec, and what they say of a configuration key: no network, no events, no arithmetic.
package jobcontext

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Name is the name under which the context is stored as an artifact.
const Name = "job.json"

// MaxBytes bounds a stored context.
const MaxBytes = 32 << 20

// Version is the version of the context that this code writes. 2 and 3 added what is marked so; a stored context of an
// earlier version (that of the first is 0) lacks it, and its zero values then mean unknown.
const Version = 3

// Context is everything known about a job during one run.
type Context struct {
	Version      int                `json:"version,omitempty"` // 0: the first; see [Version]
	FlinkVersion string             `json:"flinkVersion,omitempty"`
	JavaVersion  string             `json:"javaVersion,omitempty"`
	Job          Job                `json:"job"`
	Vertices     []Vertex           `json:"vertices"`               // in topological order, sources first
	TaskManagers []TaskManager      `json:"taskManagers,omitempty"` // those that ran a subtask of the job
	Windows      []Window           `json:"windows,omitempty"`      // one for each mode, in the order they ran
	Threads      []Thread           `json:"threads,omitempty"`      // task threads seen in thread dumps
	Census       []ThreadGroup      `json:"census,omitempty"`       // version 2: threads that are no tasks
	OtherJobs    []OtherJob         `json:"otherJobs,omitempty"`    // version 2: jobs beside this one on its TaskManagers
	Execution    *Execution         `json:"execution,omitempty"`    // version 3: how the job is set to run
	Watermarks   []WatermarkReading `json:"watermarks,omitempty"`   // version 3: of the first and the last reading of the run
	Checkpoints  *Checkpoints       `json:"checkpoints,omitempty"`
	Failures     []Failure          `json:"failures,omitempty"`   // version 2: recent ones, newest first
	Exceptions   []string           `json:"exceptions,omitempty"` // version 1: first lines of recent ones
	Config       map[string]string  `json:"config,omitempty"`     // of the JobManager, secrets masked; see [Context.Setting]
	Missing      []string           `json:"missing,omitempty"`    // what could not be had, and why
}

// Job is the profiled job.
type Job struct {
	ID        string `json:"id"`
	Name      string `json:"name"`
	State     string `json:"state"`
	Type      string `json:"type,omitempty"`      // version 3: STREAMING or BATCH
	StartTime int64  `json:"startTime,omitempty"` // epoch ms by the JobManager's clock
	Now       int64  `json:"now,omitempty"`       // epoch ms by the JobManager's clock
}

// Vertex is a node of the job graph.
type Vertex struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"` // version 2: of the plan, plain text, one operator a line
	Parallelism int    `json:"parallelism"`
	// Version 3: the most subtasks that its state can be spread over, and the group of vertices that share slots with it.
	MaxParallelism int       `json:"maxParallelism,omitempty"`
	SlotSharing    string    `json:"slotSharing,omitempty"` // id
	Inputs         []Input   `json:"inputs,omitempty"`
	Subtasks       []Subtask `json:"subtasks,omitempty"`
}

// Input is an edge from an upstream vertex.
type Input struct {
	Vertex string `json:"vertex"`         // id
	Ship   string `json:"ship,omitempty"` // FORWARD, HASH, REBALANCE …
}

// Subtask is one parallel instance of a vertex.
type Subtask struct {
	Index       int    `json:"index"`
	TaskManager string `json:"taskManager"` // id; empty when not deployed
	Status      string `json:"status"`
	Attempt     int    `json:"attempt,omitempty"`   // version 2: from 0; of the last reading
	StartTime   int64  `json:"startTime,omitempty"` // version 2: of the attempt, epoch ms by the JobManager's clock
}

// TaskManager is a JVM that runs subtasks of the job.
type TaskManager struct {
	ID           string   `json:"id"`
	CPUCores     float64  `json:"cpuCores,omitempty"`
	HeapMax      int64    `json:"heapMax,omitempty"`      // bytes
	ManagedBytes int64    `json:"managedBytes,omitempty"` // bytes
	Slots        int      `json:"slots,omitempty"`
	OtherJobs    int      `json:"otherJobs,omitempty"`  // jobs beside this one that have slots here; see [Context].OtherJobs
	Memory       *Memory  `json:"memory,omitempty"`     // version 3: nil when Flink does not tell
	Collectors   []string `json:"collectors,omitempty"` // version 3: names of the garbage collectors, as in metrics: G1_Young_Generation …
}

// Memory is how a TaskManager's memory is divided, in bytes: what is in force, however the configuration says it.
type Memory struct {
	FrameworkHeap    int64 `json:"frameworkHeap"`
	FrameworkOffHeap int64 `json:"frameworkOffHeap"`
	TaskHeap         int64 `json:"taskHeap"`
	TaskOffHeap      int64 `json:"taskOffHeap"`
	Network          int64 `json:"network"`
	Managed          int64 `json:"managed"`
	Metaspace        int64 `json:"metaspace"`
	Overhead         int64 `json:"overhead"`
	TotalFlink       int64 `json:"totalFlink"`
	TotalProcess     int64 `json:"totalProcess"`
}

// Window is the time in which all captures of one mode ran. Its samples were taken in the order of time; counters of
// one sample come from the same fetch, so that the lag of Flink's refresh cancels in a difference.
type Window struct {
	Mode    string   `json:"mode"`    // ITIMER, WALL …
	Seconds int      `json:"seconds"` // duration asked for
	Samples []Sample `json:"samples"`
}

// JVMCounter are the accumulated counters of one TaskManager. A negative value is unknown.
type JVMCounter struct {
	ID       string  `json:"id"`
	CPUNanos int64   `json:"cpuNanos"`
	GCMillis int64   `json:"gcMillis"`
	GCCount  int64   `json:"gcCount"`
	HeapUsed int64   `json:"heapUsed"`
	Load     float64 `json:"load"` // 0 to 1, recent
	Threads  int64   `json:"threads"`
}

// Thread is a task thread in a thread dump: its name carries task name and subtask, its stack the classes.
type Thread struct {
	TaskManager string   `json:"taskManager"`
	Name        string   `json:"name"`
	Frames      []string `json:"frames"` // leaf first, as Class.method; at most 256
}

// Encode renders the context as JSON.
func (c *Context) Encode() ([]byte, error) {
	b, err := json.Marshal(c)
	if err != nil {
		return nil, fmt.Errorf("encode job context: %w", err)
	}
	return b, nil
}

// Decode reads a stored context. Unknown fields are ignored.
func Decode(b []byte) (*Context, error) {
	if len(b) > MaxBytes {
		return nil, fmt.Errorf("job context has %d bytes, the limit is %d", len(b), MaxBytes)
	}
	var c Context
	if err := json.NewDecoder(bytes.NewReader(b)).Decode(&c); err != nil {
		return nil, fmt.Errorf("decode job context: %w", err)
	}
	return &c, nil
}
