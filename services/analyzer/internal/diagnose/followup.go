package diagnose

import (
	"slices"

	"squirrly.dev/internal/jobcontext"
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// What makes a further capture worth its while.
const (
	gcHigh      = 0.10 // share of the CPU samples, or of the time
	monitorsAre = 0.03 // share of the active task samples of WALL
)

// followUps returns the modes that would explain more: ALLOC when garbage collection is high, LOCK when threads of tasks
// wait for locks. A mode that was tried once is not asked for again.
func (v *View) followUps() []events.Mode {
	var modes []events.Mode
	tried := func(mode events.Mode) bool {
		return slices.ContainsFunc(v.stats, func(s events.CaptureStats) bool { return s.Mode == mode })
	}
	if !tried(events.ModeAlloc) && v.gcIsHigh() {
		modes = append(modes, events.ModeAlloc)
	}
	if !tried(events.ModeLock) && v.monitorsShow() {
		modes = append(modes, events.ModeLock)
	}
	return modes
}

func (v *View) gcIsHigh() bool {
	if part, active := v.collectorShare(); active >= 100 && part > gcHigh {
		return true
	}
	return v.ctx != nil && slices.ContainsFunc(v.ctx.TaskManagers, func(tm jobcontext.TaskManager) bool {
		return v.collecting(tm.ID) > gcHigh
	})
}

func (v *View) monitorsShow() bool {
	var waits uint64
	for _, g := range v.groups {
		if g.rule.Category == "locking" {
			waits += g.tally(mechanisms.FamilyWall).samples
		}
	}
	return waits >= 30 && share(waits, v.taskActive(mechanisms.FamilyWall)) >= monitorsAre
}
