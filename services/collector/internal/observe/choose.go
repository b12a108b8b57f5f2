package observe

import "slices"

// Choose returns at most n of the named TaskManagers, or of all when none is named, in the order of [Graph.TaskManagers].
// Where that leaves a vertex without a profiled subtask, the first one that runs it takes the place of the last whose
// vertices are profiled elsewhere too; at least half of the places, and the first one, stay with those that matter most.
func (g Graph) Choose(named []string, n int) []string {
	loads := g.loads()
	if len(named) > 0 {
		loads = slices.DeleteFunc(loads, func(l load) bool { return !slices.Contains(named, l.tm) })
	}
	if n >= len(loads) {
		return ids(loads)
	}
	chosen, rest := slices.Clone(loads[:n]), loads[n:]
	counts := map[int]int{} // of chosen TaskManagers, by vertex
	for _, l := range chosen {
		count(counts, l, 1)
	}
	for _, candidate := range rest {
		if !slices.ContainsFunc(candidate.vertices, func(v int) bool { return counts[v] == 0 }) {
			continue
		}
		for i := len(chosen) - 1; i >= (n+1)/2; i-- {
			if slices.ContainsFunc(chosen[i].vertices, func(v int) bool { return counts[v] == 1 }) {
				continue // the only one that runs something
			}
			count(counts, chosen[i], -1)
			count(counts, candidate, 1)
			chosen = append(slices.Delete(chosen, i, i+1), candidate)
			break
		}
	}
	return ids(chosen)
}

func count(counts map[int]int, l load, by int) {
	for _, v := range l.vertices {
		counts[v] += by
	}
}
