package diagnose

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
	"squirrly.dev/services/analyzer/internal/operators"
)

// measure is a number of [mechanisms.Measures] with how people read it.
type jobMeasure struct {
	value func(situation) (float64, bool)
	text  func(float64) string
}

var jobMeasures = map[string]jobMeasure{
	"gcShare":               {situation.gcShare, wording.Percent},
	"liveHeap":              {situation.liveHeap, wording.Percent},
	"heapBytes":             {situation.heapBytes, inBytes},
	"managedBytes":          {situation.managedBytes, inBytes},
	"stateBytes":            {situation.stateBytes, inBytes},
	"stateOfHeap":           {situation.stateOfHeap, wording.Percent},
	"windowsPerRecord":      {situation.windowsPerRecord, whole},
	"poolUse":               {situation.poolUse, wording.Percent},
	"poolThreads":           {situation.poolThreads, func(x float64) string { return wording.Count(int64(x)) }},
	"asyncRate":             {situation.asyncRate, wording.Rate},
	"asyncCapacity":         {situation.asyncCapacity, func(x float64) string { return wording.Count(int64(x)) }},
	"asyncLatency":          {situation.asyncLatency, inSeconds},
	"checkpointInterval":    {situation.checkpointInterval, inSeconds},
	"checkpointDuration":    {checkpointDuration, inSeconds},
	"checkpointLoad":        {checkpointLoad, wording.Times},
	"checkpointDelay":       {checkpointDelay, wording.Percent},
	"checkpointSync":        {checkpointSync, wording.Percent},
	"checkpointAsync":       {checkpointAsync, wording.Percent},
	"checkpointSyncSeconds": {checkpointStands, inSeconds},
	"checkpointCPU":         {situation.checkpointCPU, wording.Percent},
	"checkpointExpired":     {checkpointExpired, wording.Percent},
}

// Measure takes a number by its name; false when it is unknown.
func (s situation) Measure(name string) (float64, bool) {
	m, ok := jobMeasures[name]
	if !ok {
		return 0, false
	}
	x, known := m.value(s)
	return x, known && !math.IsNaN(x)
}

// values are all numbers that are known, as texts show them.
func (s situation) values() map[string]string {
	out := map[string]string{}
	for name, m := range jobMeasures {
		if x, ok := s.Measure(name); ok {
			out[name] = m.text(x)
		}
	}
	return out
}

func whole(x float64) string { return strconv.FormatFloat(math.Round(x), 'f', 0, 64) }

func inBytes(x float64) string { return wording.Bytes(int64(x)) }

func inSeconds(x float64) string { return fmt.Sprintf("%.3g s", x) }

// liveHeap is the least share of the heap that was in use in any reading, of the TaskManager with the most: what lives is at
// most that.
func (s situation) liveHeap() (float64, bool) {
	most, known := 0.0, false
	if s.ctx == nil {
		return 0, false
	}
	for i := range s.ctx.TaskManagers {
		tm := &s.ctx.TaskManagers[i]
		if used := leastUsed(s.ctx, tm.ID); used > 0 && tm.HeapMax > 0 {
			most, known = max(most, float64(used)/float64(tm.HeapMax)), true
		}
	}
	return most, known
}

// leastUsed is the least heap of a TaskManager that was in use in any reading, in bytes; 0 is unknown.
func leastUsed(c *jobcontext.Context, id string) int64 {
	least := int64(0)
	for _, w := range c.Windows {
		for _, sample := range w.Samples {
			i := slices.IndexFunc(sample.TaskManagers, func(j jobcontext.JVMCounter) bool { return j.ID == id && j.HeapUsed > 0 })
			if i >= 0 && (least == 0 || sample.TaskManagers[i].HeapUsed < least) {
				least = sample.TaskManagers[i].HeapUsed
			}
		}
	}
	return least
}

func (s situation) heapBytes() (float64, bool) {
	return s.leastOf(func(tm *jobcontext.TaskManager) int64 { return tm.HeapMax })
}

func (s situation) managedBytes() (float64, bool) {
	return s.leastOf(func(tm *jobcontext.TaskManager) int64 { return tm.ManagedBytes })
}

// leastOf is the least of some figure that is known of the TaskManagers.
func (s situation) leastOf(of func(*jobcontext.TaskManager) int64) (float64, bool) {
	if s.ctx == nil {
		return 0, false
	}
	least := int64(0)
	for i := range s.ctx.TaskManagers {
		if x := of(&s.ctx.TaskManagers[i]); x > 0 && (least == 0 || x < least) {
			least = x
		}
	}
	return float64(least), least > 0
}

func (s situation) stateBytes() (float64, bool) {
	if s.ctx == nil || s.ctx.Checkpoints == nil || s.ctx.Checkpoints.LastSizeBytes <= 0 {
		return 0, false
	}
	return float64(s.ctx.Checkpoints.LastSizeBytes), true
}

func (s situation) gcShare() (float64, bool) {
	part, active := s.collectorShare()
	return part, active > 0
}

// checkpointWriting is where threads beside the tasks write what a checkpoint holds.
const checkpointWriting = "org.apache.flink.streaming.runtime.tasks.AsyncCheckpointRunnable.run"

func (s situation) checkpointCPU() (float64, bool) {
	m := s.modeScansOf(mechanisms.FamilyCPU)
	if m == nil {
		return 0, false
	}
	sums, active := tallyAll(m, []events.Count{{Match: []string{checkpointWriting}}})
	return share(sums[0], active), active > 0
}

// stateOfHeap is the state of the last checkpoint over the largest possible heaps of all TaskManagers. On the heap it takes
// more, so that only a small share says that it fits.
func (s situation) stateOfHeap() (float64, bool) {
	state, ok := s.stateBytes()
	if !ok {
		return 0, false
	}
	heaps := 0.0
	for i := range s.ctx.TaskManagers {
		if s.ctx.TaskManagers[i].HeapMax <= 0 {
			return 0, false
		}
		heaps += float64(s.ctx.TaskManagers[i].HeapMax)
	}
	return state / heaps, heaps > 0
}

// windowsPerRecord is that of the vertices of the problem, or of all while it has none.
func (s situation) windowsPerRecord() (float64, bool) {
	most := 0
	for i := range s.loads {
		if !s.concerns(i) {
			continue
		}
		for _, w := range operators.Windows(&s.ctx.Vertices[i]) {
			most = max(most, w.Copies)
		}
	}
	return float64(most), most > 0
}
