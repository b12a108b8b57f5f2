package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"squirrly.dev/pkg/events"
	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/rules"
)

// identify gives the findings their fingerprints. When one function is in two vertices, the names of the vertices
// decide which finding gets the plain one, and not how large they are: that changes from run to run.
func identify(all []events.Finding, chosen []weight) {
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(strings.Join(all[a].Vertices, ","), strings.Join(all[b].Vertices, ","))
	})
	taken := map[string]bool{}
	for _, i := range order {
		f, anchor, family := &all[i], chosen[i].anchor, string(chosen[i].rule.Modes[0])
		if chosen[i].flinks && chosen[i].rule.Below != rules.ScopeProcess {
			anchor = "" // which of Flink's frames is the largest changes from run to run
		}
		f.Fingerprint = fingerprint.Of(f.Rule, anchor, chosen[i].operator, family)
		if taken[f.Fingerprint] {
			f.Fingerprint = fingerprint.Of(f.Rule, anchor, strings.Join(f.Vertices, ","), family)
		}
		taken[f.Fingerprint] = true
	}
}
