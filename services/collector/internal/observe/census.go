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
	for _, t := range threads {
		name, state := fold(t.Name), cmp.Or(t.State(), "UNKNOWN")
		g := groups[name]
		if g == nil {
			g = &jobcontext.ThreadGroup{TaskManager: tm, Name: name, States: map[string]int{}}
			groups[name] = g
		}
		if g.Count == 0 || state == runnable && g.States[runnable] == 0 {
			g.Frames = frames(t.Stack, maxCensusFrames)
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

// joinCensus puts the dumps of two moments together: of each group the moment in which it had more threads, and frames
// of a running one if either had them.
func joinCensus(before, after []jobcontext.ThreadGroup) []jobcontext.ThreadGroup {
	type key struct{ tm, name string }
	at := map[key]int{}
	out := slices.Clone(before)
	for i, g := range out {
		at[key{g.TaskManager, g.Name}] = i
	}
	for _, g := range after {
		i, known := at[key{g.TaskManager, g.Name}]
		if !known {
			out = append(out, g)
			continue
		}
		old := out[i]
		more, less := g, old
		if g.Count < old.Count {
			more, less = old, g
		}
		if more.States[runnable] == 0 && less.States[runnable] > 0 {
			more.Frames = less.Frames
		}
		out[i] = more
	}
	return out
}
