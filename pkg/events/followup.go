package events

import "strings"

// SourceAnalyzer is the CloudEvents source of what the analyzer asks for.
const SourceAnalyzer = "squirrly/analyzer"

// FollowUpID is the id of the request that follows a run up in some modes: <run>/followup/ALLOC/<key>, or ALLOC-LOCK. The
// same run asks once. The key is a secret of the run's record: who knows the run cannot send a request of that id before the
// analyzer does, in whose place the server, or the trigger, would take it. Runs of older versions have none.
func FollowUpID(run, key string, modes []Mode) string {
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = string(m)
	}
	id := run + "/followup/" + strings.Join(names, "-")
	if key != "" {
		id += "/" + key
	}
	return id
}
