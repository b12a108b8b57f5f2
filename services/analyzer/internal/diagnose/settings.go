package diagnose

import (
	"cmp"
	"strconv"
	"strings"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/keys"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// planned are settings that the nodes of a plan prove, whatever configuration they came from.
var planned = []struct{ node, key, value string }{
	{"LocalGroupAggregate[", "table.optimizer.agg-phase-strategy", "TWO_PHASE"},
	{"IncrementalGroupAggregate[", "table.optimizer.distinct-agg.split.enabled", "true"},
}

// inForce returns the value of a key that is known to be in force, and from where; empty is unknown.
func (r *reading) inForce(key string) (value, from string) {
	for _, p := range planned {
		if p.key != key {
			continue
		}
		for i := range r.loads {
			if strings.Contains(r.loads[i].Full, p.node) {
				return p.value, string(jobcontext.FromJob)
			}
		}
	}
	if r.ctx == nil {
		return "", ""
	}
	value, origin := r.ctx.Setting(key)
	return value, string(origin)
}

// Setting is the value of a key in force, or its default.
func (s situation) Setting(key string) string {
	value, _ := s.inForce(key)
	return cmp.Or(value, keys.Key{Name: key}.Default(s.Flink()))
}

// job is what a key needs to know of the job; frames tell of the backend, too.
func (s situation) job() keys.Job {
	job := keys.Job{Flink: s.Flink(), Backend: s.Backend(), API: s.API(), Setting: s.inForce}
	if job.Backend != "" {
		job = job.With(keys.Setting{Key: backendKey, Value: job.Backend})
	}
	return job
}

// backendKey names the state backend.
const backendKey = "state.backend.type"

// Keys of the memory of a TaskManager: parts of it, and what holds them all.
const (
	managedSize  = "taskmanager.memory.managed.size"
	taskHeapSize = "taskmanager.memory.task.heap.size"
)

var wholeSizes = []string{"taskmanager.memory.process.size", "taskmanager.memory.flink.size"}

// memory are the sizes of the parts that are in force, however the configuration says them.
func (s situation) memory() map[string]float64 {
	out := map[string]float64{}
	if managed, ok := s.managedBytes(); ok {
		out[managedSize] = managed
	}
	if heap, ok := s.leastOf(taskHeap); ok {
		out[taskHeapSize] = heap
	}
	return out
}

// frameworkHeap is the default of what Flink keeps of the heap for itself.
const frameworkHeap = 128 << 20

// taskHeap is the heap of the tasks; 0 is unknown.
func taskHeap(tm *jobcontext.TaskManager) int64 {
	if tm.Memory != nil {
		return tm.Memory.TaskHeap
	}
	return max(0, tm.HeapMax-frameworkHeap)
}

// sized is the job with the sizes of the parts of memory that are in force.
func (s situation) sized() keys.Job {
	job := s.job()
	for key, size := range s.memory() {
		job = job.With(keys.Setting{Key: key, Value: strconv.FormatFloat(size, 'f', 0, 64) + " bytes"})
	}
	return job
}

// settings renders the settings of a change that can do something for the job. A part of the memory that grows lets the whole
// grow, where the configuration says how large that is.
func (s situation) settings(c *mechanisms.Change) []events.ConfigChange {
	job, sizes := s.sized(), s.memory()
	var wanted []keys.Setting
	more := 0.0
	for _, set := range c.In(s.Flink()) {
		value, ok := set.Value, true
		if set.Times > 0 {
			value, ok = keys.Scaled(job, set.Key, set.Times)
		}
		if ok {
			wanted = append(wanted, keys.Setting{Key: set.Key, Value: value})
			more += sizes[set.Key] * (set.Times - 1)
		}
	}
	var out []events.ConfigChange
	for i, refusal := range keys.CheckAll(job, wanted) {
		if refusal.Reason == "" || refusal.Presumed && refusal.Reason == keys.Already { // frames may say that code left the default
			out = append(out, events.ConfigChange{Key: wanted[i].Key, Value: wanted[i].Value})
		}
	}
	return append(out, s.larger(more)...)
}

// larger lets the whole memory of a TaskManager grow by what its parts get.
func (s situation) larger(bytes float64) []events.ConfigChange {
	for _, key := range wholeSizes {
		size, err := flink.ParseMemorySize(first(s.inForce(key)))
		if bytes <= 0 || err != nil || size <= 0 {
			continue
		}
		if value, ok := keys.Scaled(s.job(), key, 1+bytes/float64(size)); ok {
			return []events.ConfigChange{{Key: key, Value: value}}
		}
	}
	return nil
}

func first(value, _ string) string { return value }
