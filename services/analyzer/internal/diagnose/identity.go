package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"squirrly.dev/services/analyzer/internal/fingerprint"
	"squirrly.dev/services/analyzer/internal/mechanisms"
)

// fingerprints returns those of the problems. When one function is in two vertices, the names of the vertices decide
// which problem gets the plain one, and not how large they are: that changes from run to run.
func fingerprints(problems []Problem) []string {
	order := make([]int, len(problems))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Compare(strings.Join(problems[a].Vertices, ","), strings.Join(problems[b].Vertices, ","))
	})
	prints := make([]string, len(problems))
	taken := map[string]bool{}
	for _, i := range order {
		p := &problems[i]
		anchor, operator, family := p.Anchor, "", string(p.Rule.Modes[0])
		if p.group != nil {
			operator = p.group.operator
			if p.group.flinks && p.Rule.Below != mechanisms.ScopeProcess {
				anchor = "" // which of Flink's frames is the largest changes from run to run
			}
		}
		id := fingerprint.Of(p.Rule.ID, anchor, operator, family)
		if taken[id] && p.group != nil {
			id = fingerprint.Of(p.Rule.ID, anchor, strings.Join(p.Vertices, ","), family)
		}
		taken[id] = true
		prints[i] = id
	}
	return prints
}
