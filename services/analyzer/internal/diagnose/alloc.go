package diagnose

import (
	"fmt"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/rules"
)

const minGarbage = 0.01 // share of the CPU that is worth a word

// collectorShare returns what garbage collection takes of the CPU samples, and how many there are.
func (d *diagnosis) collectorShare() (part float64, active uint64) {
	var collecting uint64
	gc := d.categoryIndex("garbage collection")
	for _, s := range d.family(rules.FamilyCPU) {
		collecting += s.Categories[gc]
		active += s.Active()
	}
	return share(collecting, active), active
}

// garbage is what the allocations of a group cost the collector, as a share of the CPU: its part of the allocation
// samples of what the collector takes. Without an ALLOC capture it is 0.
func (d *diagnosis) garbage(g *group) float64 {
	var all uint64
	for _, s := range d.family(rules.FamilyAlloc) {
		all += s.Active()
	}
	collector, _ := d.collectorShare()
	return share(g.tally(rules.FamilyAlloc).samples, all) * collector
}

// untimed reports that only captures without time show a group: ALLOC and LOCK.
func (g *group) untimed() bool {
	family := g.family()
	return g.te() == 0 && g.rule.Of == rules.BasisVertex && (family == rules.FamilyLock || family == rules.FamilyAlloc)
}

// withGarbage adds to the size of a group what it costs the collector. A group that takes no time of its own has a
// share of the allocations or of the entries to a lock, which is no p; only its garbage makes it more than a remark.
func (d *diagnosis) withGarbage(w *weight) {
	w.garbage = d.garbage(w.group)
	if !w.untimed() {
		w.size = min(1, w.size+w.garbage)
		return
	}
	w.p, w.stdErr = 0, 0
	if w.garbage >= w.rule.Warning {
		w.size, w.timed = w.garbage, true
	}
}

// untimedImpact says what a finding is worth that no capture with time shows.
func (d *diagnosis) untimedImpact(w *weight) string {
	if w.garbage > 0 {
		return fmt.Sprintf("At most %s of the CPU time comes free, which garbage collection takes for it.", percent(w.garbage))
	}
	return fmt.Sprintf("The gain cannot be told: %s counts events and no time.", d.modeOf(w.family()))
}

// timeless reports that a finding has no time, so that it explains no verdict.
func timeless(f *events.Finding) bool {
	return f.P == 0 && (f.Mode == events.ModeAlloc || f.Mode == events.ModeLock)
}
