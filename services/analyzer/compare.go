package analyzer

import (
	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/compare"
)

// Compare says whether a job is faster, slower or the same in a later analysis: what became of each finding, whether the
// advice of the earlier one helped, and by which figures. It judges by what the job gets through at its limit, then by the
// time for each record, and never by shares alone; where that does not tell, the summary says why.
func Compare(before, after events.Analysis) events.Comparison { return compare.Compare(before, after) }

// OtherJob says why two analyses are of two jobs, and empty when they may be of one: jobs of another name whose vertices
// have nothing in common are not compared unless somebody insists.
func OtherJob(before, after events.Analysis) string { return compare.OtherJob(&before, &after) }

// CompareAnyway is [Compare] for somebody who insists that two analyses are of one job.
func CompareAnyway(before, after events.Analysis) events.Comparison {
	return compare.Insist(before, after)
}
