package analyzer

import (
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
)

// Compare says what changed from one analysis to a later one of the same job: what became of each finding, whether the
// advice of the earlier one helped, and by which figures. It judges by throughput first and never by shares alone; two
// analyses that cannot be compared give the effect unknown, with the reason in the summary.
func Compare(before, after events.Analysis) events.Comparison { return compare.Compare(before, after) }
