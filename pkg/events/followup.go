package events

import "strings"

// SourceAnalyzer is the CloudEvents source of what the analyzer asks for.
const SourceAnalyzer = "squirrly/analyzer"

// FollowUpID is the id of the request that follows a run up in some modes: <run>/followup/ALLOC, or ALLOC-LOCK. The
// same run asks once.
func FollowUpID(run string, modes []Mode) string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = string(m)
	}
	return run + "/followup/" + strings.Join(names, "-")
}
