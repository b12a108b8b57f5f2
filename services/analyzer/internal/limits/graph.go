package limits

import "slices"

// MostHeld returns the vertex with the most backpressured subtask, or -1 when none is known.
func MostHeld(loads []Load) int {
	best := none
	for i := range loads {
		if x := loads[i].Max(BackPressured); x != Unknown && (best == none || x > loads[best].Max(BackPressured)) {
			best = i
		}
	}
	return best
}

// busiestOf returns the vertex with the busiest subtask among some, or among all when among is nil, but never except.
func busiestOf(loads []Load, among []int, except int) int {
	best := none
	for i := range loads {
		busy := loads[i].Max(Busy)
		if i == except || busy == Unknown || (among != nil && !slices.Contains(among, i)) {
			continue
		}
		if best == none || busy > loads[best].Max(Busy) {
			best = i
		}
	}
	return best
}

// rivals returns the saturated vertices among some that are nearly as busy as the culprit.
func rivals(loads []Load, among []int, culprit int) []int {
	var out []int
	least := max(Saturated, loads[culprit].Max(Busy)-rivalWithin)
	for _, v := range among {
		if v != culprit && loads[v].Max(Busy) >= least {
			out = append(out, v)
		}
	}
	return out
}

// downstream returns the direct successors of a vertex; it is never nil.
func downstream(loads []Load, vertex int) []int {
	down := []int{}
	for i := range loads {
		if slices.Contains(loads[i].Inputs, vertex) {
			down = append(down, i)
		}
	}
	return down
}

// upstream returns all vertices whose records reach a vertex, in the order of the data flow.
func upstream(loads []Load, vertex int) []int {
	seen := make([]bool, len(loads))
	var walk func(int)
	walk = func(v int) {
		for _, up := range loads[v].Inputs {
			if !seen[up] {
				seen[up] = true
				walk(up)
			}
		}
	}
	walk(vertex)
	var out []int
	for i := range loads {
		if seen[i] && i != vertex {
			out = append(out, i)
		}
	}
	return out
}

// victims returns the backpressured vertices somewhere upstream.
func victims(loads []Load, vertex int) []int {
	return slices.DeleteFunc(upstream(loads, vertex), func(v int) bool { return loads[v].Max(BackPressured) < heldBack })
}
