package flink

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// Metric ids of a TaskManager that explain a profile. CPU time is ns, heap bytes.
const (
	MetricCPUTime     = "Status.JVM.CPU.Time"
	MetricCPULoad     = "Status.JVM.CPU.Load"
	MetricHeapUsed    = "Status.JVM.Memory.Heap.Used"
	MetricHeapMax     = "Status.JVM.Memory.Heap.Max"
	MetricThreadCount = "Status.JVM.Threads.Count"
)

// TaskManager is a TaskManager as the ResourceManager knows it. All sizes are bytes.
type TaskManager struct {
	ID        string   `json:"id"`
	Slots     int      `json:"slotsNumber"`
	FreeSlots int      `json:"freeSlots"`
	Hardware  Hardware `json:"hardware"`
	Memory    Memory   `json:"memoryConfiguration"`
	JVM       JVM      `json:"metrics"`        // only from Client.TaskManager, as Allocated is
	Allocated []Slot   `json:"allocatedSlots"` // by jobs
}

// Slot is a slot of a TaskManager that a job has.
type Slot struct {
	JobID string `json:"jobId"`
}

// Jobs lists the ids of the jobs that have slots, in the order of the slots and each once.
func (t TaskManager) Jobs() []string {
	var jobs []string
	for _, s := range t.Allocated {
		if !slices.Contains(jobs, s.JobID) {
			jobs = append(jobs, s.JobID)
		}
	}
	return jobs
}

// Hardware is the machine, or the container, as the JVM sees it.
type Hardware struct {
	CPUCores       int   `json:"cpuCores"`
	PhysicalMemory int64 `json:"physicalMemory"`
	FreeMemory     int64 `json:"freeMemory"` // the JVM's heap limit
	ManagedMemory  int64 `json:"managedMemory"`
}

// Memory is how the process' memory is divided. A size that Flink does not know, null in its answer, is 0.
type Memory struct {
	FrameworkHeap    int64 `json:"frameworkHeap"`
	FrameworkOffHeap int64 `json:"frameworkOffHeap"`
	TaskHeap         int64 `json:"taskHeap"`
	TaskOffHeap      int64 `json:"taskOffHeap"`
	Network          int64 `json:"networkMemory"`
	Managed          int64 `json:"managedMemory"`
	Metaspace        int64 `json:"jvmMetaspace"`
	Overhead         int64 `json:"jvmOverhead"`
	TotalFlink       int64 `json:"totalFlinkMemory"`
	TotalProcess     int64 `json:"totalProcessMemory"`
}

// JVM holds the JVM's own numbers at the last heartbeat.
type JVM struct {
	HeapUsed          int64              `json:"heapUsed"`
	HeapCommitted     int64              `json:"heapCommitted"`
	HeapMax           int64              `json:"heapMax"`
	GarbageCollectors []GarbageCollector `json:"garbageCollectors"`
}

// GarbageCollector counts since the JVM started; Time is ms.
type GarbageCollector struct {
	Name  string `json:"name"`
	Count int64  `json:"count"`
	Time  int64  `json:"time"`
}

// TaskManagers lists the registered TaskManagers.
func (c *Client) TaskManagers(ctx context.Context) ([]TaskManager, error) {
	var list struct {
		TaskManagers []TaskManager `json:"taskmanagers"`
	}
	if err := c.get(ctx, &list, "taskmanagers"); err != nil {
		return nil, fmt.Errorf("list TaskManagers: %w", err)
	}
	return list.TaskManagers, nil
}

// TaskManager asks for one TaskManager with its JVM's numbers.
func (c *Client) TaskManager(ctx context.Context, id string) (TaskManager, error) {
	var tm TaskManager
	if err := c.get(ctx, &tm, "taskmanagers", id); err != nil {
		return TaskManager{}, fmt.Errorf("get TaskManager %s: %w", id, err)
	}
	return tm, nil
}

// TaskManagerMetrics asks for the named metrics of one TaskManager. A metric that Flink does not know, or whose value is
// not a finite number, is absent from the result.
func (c *Client) TaskManagerMetrics(ctx context.Context, id string, names ...string) (map[string]float64, error) {
	var answer []struct {
		ID    string `json:"id"`
		Value string `json:"value"`
	}
	r := call{
		method: http.MethodGet, path: []string{"taskmanagers", id, "metrics"},
		query: url.Values{"get": {strings.Join(names, ",")}},
	}
	if err := c.json(ctx, r, &answer); err != nil {
		return nil, fmt.Errorf("get metrics of TaskManager %s: %w", id, err)
	}
	metrics := make(map[string]float64, len(answer))
	for _, m := range answer {
		if v, err := strconv.ParseFloat(m.Value, 64); err == nil && !math.IsNaN(v) && !math.IsInf(v, 0) {
			metrics[m.ID] = v
		}
	}
	return metrics, nil
}

// Thread is a thread of a dump. The name of a task's thread is the task's name and subtask; the stack is text as
// Java's ThreadInfo prints it, frames one a line, leaf first.
type Thread struct {
	Name  string `json:"threadName"`
	Stack string `json:"stringifiedThreadInfo"`
}

var threadState = regexp.MustCompile(`^.{0,20} Id=\d+ ([A-Z_]+)`)

// State is the state of the thread as Java names it: RUNNABLE, WAITING …; empty when the text does not tell.
func (t Thread) State() string {
	head, _, _ := strings.Cut(t.Stack, "\n")
	m := threadState.FindStringSubmatch(strings.TrimPrefix(head, `"`+t.Name+`"`))
	if m == nil {
		return ""
	}
	return m[1]
}

// ThreadDump asks for the stacks of all threads of a TaskManager. It stops the whole JVM for a moment.
func (c *Client) ThreadDump(ctx context.Context, id string) ([]Thread, error) {
	var dump struct {
		Threads []Thread `json:"threadInfos"`
	}
	if err := c.get(ctx, &dump, "taskmanagers", id, "thread-dump"); err != nil {
		return nil, fmt.Errorf("get thread dump of TaskManager %s: %w", id, err)
	}
	return dump.Threads, nil
}
