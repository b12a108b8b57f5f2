package observe

import (
	"cmp"
	"maps"
	"regexp"
	"slices"

	"squirrly.dev/internal/flink"
	"squirrly.dev/internal/jobcontext"
)

const (
	maxGroups       = 150 // of one TaskManager, the largest
	maxCensusFrames = 12
)

// numbered are the parts of a thread's name that tell it from others of its kind: numbers, and ids in hex.
var numbered = regexp.MustCompile(`\b[0-9a-fA-F]{8}(?:-?[0-9a-fA-F]{4,}){1,6}\b|0x[0-9a-fA-F]+|\d+`)

// fold makes names of one kind equal.
func fold(name string) string { return line(numbered.ReplaceAllString(cut(name), "*")) }

// runnable is the state of a thread that has work, or waits in the operating system, which a JVM does not tell apart.
const runnable = "RUNNABLE"

// census groups threads by their names without numbers.
func census(tm string, threads []flink.Thread) []jobcontext.ThreadGroup {
	groups := map[string]*jobcontext.ThreadGroup{}
	shown := map[string]int{} // how telling the frames of a group are
	for _, t := range threads {
		name, state := fold(t.Name), cmp.Or(t.State(), "UNKNOWN")
		g := groups[name]
		if g == nil {
			g = &jobcontext.ThreadGroup{TaskManager: tm, Name: name, States: map[string]int{}, Dumps: 1}
			groups[name] = g
		}
		stack := frames(t.Stack)
		rank := 0
		if atWork(stack) {
			g.Busy++
			rank = 2
		}
		if state == runnable {
			rank++
		}
		if g.Count == 0 || rank > shown[name] {
			g.Frames, shown[name] = stack[:min(len(stack), maxCensusFrames)], rank
		}
		g.Count++
		g.States[state]++
	}
	all := make([]jobcontext.ThreadGroup, 0, len(groups))
	for _, name := range slices.Sorted(maps.Keys(groups)) {
		all = append(all, *groups[name])
	}
	slices.SortStableFunc(all, func(a, b jobcontext.ThreadGroup) int { return cmp.Compare(b.Count, a.Count) })
	return all[:min(len(all), maxGroups)]
}

// joinCensus puts the dumps of two moments together: of each group the moment in which it had more threads, frames of a
// thread at work or running if either had them, and how many were at work on average over all dumps.
func joinCensus(before, after []jobcontext.ThreadGroup) []jobcontext.ThreadGroup {
	type key struct{ tm, name string }
	at := map[key]int{}
	dumped, again := map[string]int{}, map[string]int{}
	for i, g := range before {
		at[key{g.TaskManager, g.Name}] = i
		dumped[g.TaskManager] = max(dumped[g.TaskManager], g.Dumps)
	}
	for _, g := range after {
		again[g.TaskManager] = max(again[g.TaskManager], g.Dumps)
	}
	out := slices.Clone(before)
	seen := map[key]bool{}
	for _, g := range after {
		k := key{g.TaskManager, g.Name}
		seen[k] = true
		i, known := at[k]
		if known {
			out[i] = joinGroup(out[i], g)
			continue
		}
		out = append(out, overDumps(g, dumped[g.TaskManager]))
	}
	for i, g := range before {
		if !seen[key{g.TaskManager, g.Name}] {
			out[i] = overDumps(g, again[g.TaskManager])
		}
	}
	return out
}

func joinGroup(old, g jobcontext.ThreadGroup) jobcontext.ThreadGroup {
	more, less := g, old
	if g.Count < old.Count {
		more, less = old, g
	}
	if telling(less) > telling(more) {
		more.Frames = less.Frames
	}
	dumps := old.Dumps + g.Dumps
	if dumps > 0 {
		more.Busy = (old.Busy*float64(old.Dumps) + g.Busy*float64(g.Dumps)) / float64(dumps)
	}
	more.Dumps = dumps
	return more
}

// telling is more the likelier the frames of a group are those of a thread at work and running.
func telling(g jobcontext.ThreadGroup) int {
	n := 0
	if g.Busy > 0 {
		n = 2
	}
	if g.States[runnable] > 0 {
		n++
	}
	return n
}

// overDumps is the group, of which further dumps of the same TaskManager had no thread.
func overDumps(g jobcontext.ThreadGroup, more int) jobcontext.ThreadGroup {
	if dumps := g.Dumps + more; more > 0 {
		g.Busy, g.Dumps = g.Busy*float64(g.Dumps)/float64(dumps), dumps
	}
	return g
}
