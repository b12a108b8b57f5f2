// Package followup tells from an analysis which further captures would explain more: allocations when garbage
// collection costs, contended locks when threads wait for monitors. It is pure; asking for the captures does not
// belong here.
package followup

import (
	"slices"

	"squirrly.dev/pkg/events"
)

// reasons are the modes and the problems that they explain, by rule or category.
var reasons = []struct {
	mode  events.Mode
	kinds []string
}{
	{events.ModeAlloc, []string{"E1", "gc"}},
	{events.ModeLock, []string{"A16", "locking"}},
}

// Modes returns what a follow-up should capture: nothing that was captured already, or refused, and nothing for the
// sake of a remark.
func Modes(a events.Analysis) []events.Mode {
	var modes []events.Mode
	for _, r := range reasons {
		known := slices.ContainsFunc(a.Captures, func(c events.CaptureStats) bool { return c.Mode == r.mode })
		if !known && slices.ContainsFunc(a.Findings, func(f events.Finding) bool { return explains(r.kinds, &f) }) {
			modes = append(modes, r.mode)
		}
	}
	return modes
}

func explains(kinds []string, f *events.Finding) bool {
	return f.Severity.AtLeast(events.SeverityWarning) && (slices.Contains(kinds, f.Rule) || slices.Contains(kinds, f.Category))
}
