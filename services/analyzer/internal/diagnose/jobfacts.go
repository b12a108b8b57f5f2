package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
)

// Bounds of what is told of a job whether a finding needs it or not.
const (
	maxMachines = 8   // kinds of TaskManagers
	maxGroups   = 5   // of threads
	minAtWork   = 0.1 // threads of a group, on average: less is nothing beside a task
	sentSkew    = 2.0 // of what the busiest subtask of a source sends to what the median one does
)

// jobFacts are the numbers of a job that whoever looks for a cause asks for first.
func jobFacts(r *reading) []fact {
	if r.ctx == nil {
		return nil
	}
	return slices.Concat(r.checkpointFacts(), r.machineFacts(), r.sourceFacts(), r.threadFacts())
}

// checkpointFacts say how many checkpoints there were, how long one takes, what of it holds up tasks, and how large it is.
func (r *reading) checkpointFacts() []fact {
	k := r.ctx.Checkpoints
	if k == nil || k.Completed+k.Failed+k.InProgress == 0 {
		return nil
	}
	out := []fact{{factMetric, events.Fact{
		Text:  fmt.Sprintf("Checkpoints: %s completed, %s failed, %s in progress.", wording.Count(k.Completed), wording.Count(k.Failed), wording.Count(k.InProgress)),
		Value: float64(k.Completed), Unit: "count",
	}}}
	c := r.checkpoints()
	average := seconds64(k.AvgDurationMS)
	if c != nil && c.completed > 0 {
		average = c.duration
	}
	if average > 0 {
		text := fmt.Sprintf("A checkpoint takes %s on average, the longest took %s", inSeconds(average), inSeconds(seconds64(k.MaxDurationMS)))
		if every, ok := (situation{reading: r, p: &Problem{}}).checkpointInterval(); ok {
			text += fmt.Sprintf("; one is due every %s", inSeconds(every))
		}
		out = append(out, fact{factMetric, events.Fact{Text: text + ".", Value: average, Unit: "s"}})
	}
	if c != nil && c.measured > 0 {
		out = append(out, fact{factMetric, events.Fact{
			Text: fmt.Sprintf("Of the time of a checkpoint, barriers were on their way for %s, the slowest task stood still for %s, and wrote its state for %s.",
				wording.Percent(c.delayed), wording.Percent(c.stood), wording.Percent(c.wrote)),
			Value: c.stood, Unit: "share",
		}})
	}
	if k.LastSizeBytes > 0 {
		out = append(out, fact{factMetric, events.Fact{
			Text: fmt.Sprintf("The state in the last checkpoint is %s.", wording.Bytes(k.LastSizeBytes)), Value: mebibytes(k.LastSizeBytes), Unit: "MiB",
		}})
	}
	return out
}

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// machineFacts say what the TaskManagers have; those that have the same are told together.
func (r *reading) machineFacts() []fact {
	var order []string
	of, cores := map[string][]string{}, map[string]float64{}
	for i := range r.ctx.TaskManagers {
		tm := &r.ctx.TaskManagers[i]
		has := machine(tm)
		if has == "" {
			continue
		}
		if of[has] == nil {
			order = append(order, has)
		}
		of[has], cores[has] = append(of[has], tm.ID), tm.CPUCores
	}
	var out []fact
	for _, has := range order[:min(len(order), maxMachines)] {
		who := of[has][0] + " has "
		if n := len(of[has]); n > 1 {
			who = fmt.Sprintf("%d TaskManagers have each ", n)
		}
		out = append(out, fact{factMetric, events.Fact{Text: who + has + ".", Value: cores[has], Unit: "cores"}})
	}
	return out
}

func machine(tm *jobcontext.TaskManager) string {
	var parts []string
	if tm.CPUCores > 0 {
		parts = append(parts, wording.Decimal(tm.CPUCores, 2)+" CPU cores")
	}
	if tm.HeapMax > 0 {
		parts = append(parts, wording.Bytes(tm.HeapMax)+" of heap")
	}
	if tm.ManagedBytes > 0 {
		parts = append(parts, wording.Bytes(tm.ManagedBytes)+" of managed memory")
	}
	if tm.Slots > 0 {
		parts = append(parts, wording.Plural(tm.Slots, "slot"))
	}
	if tm.OtherJobs > 0 {
		parts = append(parts, wording.Plural(tm.OtherJobs, "other job"))
	}
	return strings.Join(parts, ", ")
}

// sourceFacts name the subtasks of sources that send far more than the others.
func (r *reading) sourceFacts() []fact {
	var out []fact
	for i := range r.loads {
		l := &r.loads[i]
		s := limits.SentSkewOf(l)
		if !l.Source() || s.Ratio < sentSkew {
			continue
		}
		sent, all := limits.Sent(l, s.Subtask)
		out = append(out, fact{factVertex, events.Fact{
			Text:  fmt.Sprintf("Subtask %d of %s sends %s of its %s records in the windows.", s.Subtask+1, l.Name, wording.Count(sent), wording.Count(all)),
			Value: float64(sent), Unit: "count", Vertex: l.Name,
		}})
	}
	return out
}

// threadFacts name the threads beside the tasks that were at work, by thread dumps.
func (r *reading) threadFacts() []fact {
	groups := slices.Clone(r.ctx.Census)
	groups = slices.DeleteFunc(groups, func(g jobcontext.ThreadGroup) bool { return g.Dumps == 0 || g.Busy < minAtWork })
	slices.SortStableFunc(groups, func(a, b jobcontext.ThreadGroup) int { return cmp.Compare(b.Busy, a.Busy) })
	var out []fact
	for _, g := range groups[:min(len(groups), maxGroups)] {
		out = append(out, fact{factMetric, events.Fact{
			Text: fmt.Sprintf("Of %s called %s on %s, %s were at work on average.", wording.Plural(g.Count, "thread"), g.Name, g.TaskManager,
				wording.Decimal(g.Busy, 2)),
			Value: g.Busy, Unit: "count", JVM: g.TaskManager,
		}})
	}
	return out
}
