package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// limitReason says why a vertex is taken for the limit.
func limitReason(v *View) []Problem {
	if v.limit.Limit != events.LimitVertex || v.limit.Why == "" {
		return nil
	}
	return []Problem{remark(v.limit.Why, v.vertexFacts[v.limit.Vertex])}
}

// rivals names the vertices that limit as much as the first one.
func rivals(v *View) []Problem {
	others := v.limit.Rivals
	if len(others) == 0 || v.limit.OneOf {
		return nil
	}
	return []Problem{remark(fmt.Sprintf("%s as saturated as %s; the job gains only when all of them are fixed.",
		isAre(v.names(others)), v.loads[v.limit.Vertex].Name), v.vertexFacts[others[0]])}
}

func isAre(names []string) string {
	if len(names) == 1 {
		return names[0] + " is"
	}
	return wording.List(names) + " are"
}

// backpressured names the vertices that only wait.
func backpressured(v *View) []Problem {
	rule := v.catalogue.By("backpressure")
	var out []Problem
	for _, victim := range v.limit.Victims {
		if v.limit.Limit == events.LimitVertex && strings.HasPrefix(v.limit.Why, v.loads[victim].Name+" is backpressured for ") {
			continue // limitReason says it
		}
		if back := v.loads[victim].Max(limits.BackPressured); back >= rule.Warning {
			out = append(out, remark(fmt.Sprintf("%s is backpressured for %s of its time (rule %s): it waits for %s.",
				v.loads[victim].Name, wording.Percent(back), rule.ID, v.loads[max(v.limit.Vertex, v.limit.starved.vertex)].Name), v.vertexFacts[victim]))
		}
	}
	return out
}

// bufferWaits collects what waits for buffers: it is never blamed.
func bufferWaits(v *View) []Problem {
	var rule *mechanisms.Mechanism
	for _, g := range v.groups {
		if g.rule.Role == mechanisms.RoleVictim {
			rule = g.rule
		}
	}
	if rule == nil {
		return nil
	}
	waits := events.Count{Root: events.RootTasks, Match: rule.Frames}
	var sums []uint64
	scans, all := v.family(mechanisms.FamilyWall), uint64(0)
	for _, s := range scans {
		of, _ := tallyAll(&modeScans{mode: s.Mode, scans: []*jvmScan{s}}, []events.Count{waits})
		sums, all = append(sums, of[0]), all+of[0]
	}
	count, threads := rated(scans, waits, sums, false)
	if all < minSamples || count == nil {
		return nil
	}
	waited := fact{factFrame, events.Fact{
		Text:  fmt.Sprintf("Task threads waited for network buffers in %s samples, %s.", wording.Count(all), wording.TE(threads)),
		Value: threads, Unit: "te", Frame: "org.apache.flink.runtime.io.network.buffer.LocalBufferPool.requestMemorySegmentBlocking",
		Mode: count.Mode, Samples: samples(all), Count: count,
	}}
	return []Problem{remark(fmt.Sprintf("Task threads wait for free network buffers (rule %s). "+
		"They are victims of a slower operator downstream, not the cause.", rule.ID), waited)}
}

// offCPU says how much of the limiting vertex's busy time is waiting.
func offCPU(v *View) []Problem {
	limit := v.limit.Vertex
	if limit < 0 || v.limit.unprofiled != "" {
		return nil
	}
	busy, runs, seen := v.busyTE(limit), 0.0, false
	for at, c := range v.chains() {
		if v.surely(at, limit) {
			runs += v.teIn(at.scan, c.Active-c.Waits, []int{limit})
			seen = true
		}
	}
	if !seen || busy <= 0 || v.samplesPerThread() == 0 {
		return nil
	}
	name := v.loads[limit].Name
	off := max(0, busy-runs)
	waited := fact{factVertex, events.Fact{
		Text: fmt.Sprintf("%s was busy for %s and running for %.2f of them: %s of its busy time it waited.",
			name, wording.TE(busy), runs, wording.Percent(off/busy)),
		Value: off / busy, Unit: "share", Vertex: name,
	}}
	text := ""
	switch {
	case off <= busy/2:
	case slices.ContainsFunc(v.ctx.TaskManagers, func(tm jobcontext.TaskManager) bool { return v.collecting(tm.ID) > gcHigh }):
		text = fmt.Sprintf("%s is busy but mostly does not run, also because the garbage collector stops it.", name)
	default:
		text = fmt.Sprintf("%s is busy but mostly does not run: more CPU would not help it.", name)
	}
	return []Problem{remark(text, waited)}
}

// warmth says that the job did not run as it usually does.
func warmth(v *View) []Problem {
	switch {
	case v.checked.doubts.compiling:
		return []Problem{remark("The JVM was still compiling: a profile taken later shows the steady state better.")}
	case v.checked.doubts.cold:
		return []Problem{remark("The throughput was not steady: a profile of a steady job shows better what limits it.")}
	}
	return nil
}
