package diagnose

import (
	"fmt"

	"squirrly.dev/internal/wording"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/limits"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// coresOf returns the CPU that a problem of frames takes: of a CPU profile, or else what WALL saw running less what it
// starved. What waits takes none.
func (v *View) coresOf(g *group) float64 {
	if cpu := g.tally(mechanisms.FamilyCPU); cpu.te > 0 {
		return cpu.te
	}
	wall := g.tally(mechanisms.FamilyWall)
	works := wall.samples - min(wall.held, wall.samples)
	return wall.te * share(wall.samples-min(wall.waiting, wall.samples), works) * (1 - v.limit.starved.share)
}

// partOfCPU is the share of the tasks' CPU time that a group takes, with its error: of a CPU profile,
// or else of what WALL saw running. What waits takes none.
func (v *View) partOfCPU(g *group) (part, stdErr float64) {
	of := v.taskActive(mechanisms.FamilyCPU)
	if of > 0 {
		part = min(1, share(g.tally(mechanisms.FamilyCPU).samples, of))
		return part, v.errorOf(mechanisms.FamilyCPU, part, float64(of))
	}
	for _, s := range v.family(mechanisms.FamilyWall) {
		of += s.TaskActive - s.TaskWaiting
	}
	wall := g.tally(mechanisms.FamilyWall)
	part = min(1, share(wall.samples-min(wall.waiting, wall.samples), of))
	return part, v.errorOf(mechanisms.FamilyWall, part, float64(of))
}

// cpuIsMissing reports that the job would do more with more CPU, so that CPU that is saved anywhere is throughput.
func (v *View) cpuIsMissing() bool {
	switch v.limit.Limit {
	case events.LimitCPU:
		return true
	case events.LimitVertex:
		return v.limit.starved.share-2*v.limit.starved.stdErr >= v.catalogue.By("starvation").Warning
	default:
		return false
	}
}

// cpuGain is the bound of the speed-up if the CPU of a group were free for the rest of the job; 1 is none or unknown.
func (v *View) cpuGain(g *group) float64 {
	all := 0.0
	for _, s := range v.family(mechanisms.FamilyCPU) {
		all += s.cores
	}
	cores := v.coresOf(g)
	if all <= 0 || cores <= 0 {
		return 1
	}
	return bound(min(1, cores/all), v.worth(g.family(), g.samples()))
}

// inputIsFixed reports that the sources of a vertex send what they are given and no more: they would not send more if the
// vertex took more. That is so when nothing holds them back and they have nothing to do for most of the time.
func (v *View) inputIsFixed(vertex int) bool {
	for i := range v.fedWith(vertex) {
		load := &v.loads[i]
		if !load.Source() {
			continue
		}
		busy, idle, back := load.Max(limits.Busy), load.Max(limits.Idle), load.Max(limits.BackPressured)
		if busy == limits.Unknown || back >= heldBack || idle < restsMost {
			return false
		}
	}
	return true
}

// Shares of the time of a source: backpressured for more, it is held back; idle for less, it may have more to send.
const (
	heldBack  = 0.10
	restsMost = 0.50
)

// gainWithoutCPU says what saving the CPU of a problem is worth while CPU is missing: at least what the CPU itself gives
// the others, and at most its part of the time of what limits.
func (v *View) gainWithoutCPU(p *Problem) string {
	low := v.cpuGain(p.group)
	if !p.OnPath {
		return fmt.Sprintf("Up to %s the throughput if its CPU were free for the rest of the job, as long as CPU is missing.", wording.Times(low))
	}
	high := max(low, p.Bound)
	if wording.Times(low) == wording.Times(high) {
		return fmt.Sprintf("At most %s the throughput if its time went to zero, as long as CPU is missing.", wording.Times(high))
	}
	return fmt.Sprintf("%s to %s the throughput if its time went to zero, as long as CPU is missing.", wording.Times(low), wording.Times(high))
}
