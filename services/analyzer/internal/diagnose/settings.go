package diagnose

import (
	"strings"

	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// planned are settings that the nodes of a plan prove, whatever configuration they came from.
var planned = []struct{ node, key, value string }{
	{"LocalGroupAggregate[", "table.optimizer.agg-phase-strategy", "TWO_PHASE"},
	{"IncrementalGroupAggregate[", "table.optimizer.distinct-agg.split.enabled", "true"},
}

// inForce returns the value of a key that is known to be in force; empty is unknown.
func (r *reading) inForce(key string) string {
	for _, p := range planned {
		if p.key != key {
			continue
		}
		for i := range r.loads {
			if strings.Contains(r.loads[i].Name, p.node) {
				return p.value
			}
		}
	}
	if r.ctx == nil {
		return ""
	}
	value, _ := r.ctx.Setting(key)
	return value
}

// Setting is the value of a key in force.
func (s situation) Setting(key string) string { return s.inForce(key) }

// usable renders a setting that can do something for the job of a problem; ok is false when it cannot, or when the value
// that it should have is not known.
func (s situation) usable(set mechanisms.Setting) (value string, ok bool) {
	return set.Value, set.Value != ""
}
