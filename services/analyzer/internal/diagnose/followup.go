package diagnose

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

// What makes a further capture worth its while.
const (
	gcHigh      = 0.10 // share of the CPU samples, or of the time
	monitorsAre = 0.03 // share of the active task samples of WALL
)

// followUps returns the modes that would explain more: ALLOC when garbage collection is high, LOCK when threads of tasks
// wait for locks. A mode that was tried once is not asked for again.
func (d *diagnosis) followUps() []events.Mode {
	var modes []events.Mode
	tried := func(mode events.Mode) bool {
		return slices.ContainsFunc(d.stats, func(s events.CaptureStats) bool { return s.Mode == mode })
	}
	if !tried(events.ModeAlloc) && d.gcIsHigh() {
		modes = append(modes, events.ModeAlloc)
	}
	if !tried(events.ModeLock) && d.monitorsShow() {
		modes = append(modes, events.ModeLock)
	}
	return modes
}

func (d *diagnosis) gcIsHigh() bool {
	if part, active := d.collectorShare(); active >= 100 && part > gcHigh {
		return true
	}
	return d.ctx != nil && slices.ContainsFunc(d.ctx.TaskManagers, func(tm jobcontext.TaskManager) bool {
		return d.collecting(tm.ID) > gcHigh
	})
}

func (d *diagnosis) monitorsShow() bool {
	var waits uint64
	for _, g := range d.groups {
		if g.rule.Category == "locking" {
			waits += g.tally(rules.FamilyWall).samples
		}
	}
	return waits >= 30 && share(waits, d.taskActive(rules.FamilyWall)) >= monitorsAre
}
