package scan

import (
	"cmp"
	"slices"
	"strings"

	"squirrly.dev/internal/flamegraph"
)

// maxTelling is how many callers of a line are told.
const maxTelling = 4

// plumbing are Flink's packages that every stack of a task goes through.
var plumbing = []string{
	"org.apache.flink.runtime.taskmanager.", "org.apache.flink.streaming.runtime.tasks.", "org.apache.flink.streaming.runtime.io.",
	"org.apache.flink.streaming.api.operators.Abstract", "org.apache.flink.util.", "org.apache.flink.table.runtime.operators.TableStreamOperator.",
}

// telling chooses the callers that tell most of why a frame is called: those of the user and those that the catalogue knows
// before Flink's, Flink's before those of native libraries, and these before the JDK's. Of frames of one class that follow each
// other the last one stands for all, but for those that the catalogue knows: what they call in their class is a step inside.
func (s *Scan) telling(through []flamegraph.NameID, frame flamegraph.NameID) []flamegraph.NameID {
	type caller struct {
		at, tells int
	}
	var all []caller
	for i, name := range through {
		next := frame
		if i+1 < len(through) {
			next = through[i+1]
		}
		tells := s.tells(name)
		if inside := classOf(s.Graph.Name(name)) == classOf(s.Graph.Name(next)) && (tells != tellsKnown || s.tells(next) >= tellsKnown); tells > 0 && !inside {
			all = append(all, caller{i, tells})
		}
	}
	middle := func(c caller) int { return min(c.at, len(through)-1-c.at) } // how far from the ends, which tell more
	slices.SortStableFunc(all, func(a, b caller) int {
		return cmp.Or(cmp.Compare(b.tells, a.tells), cmp.Compare(middle(a), middle(b)))
	})
	all = all[:min(len(all), maxTelling)]
	slices.SortFunc(all, func(a, b caller) int { return cmp.Compare(a.at, b.at) })
	var out []flamegraph.NameID
	for _, c := range all {
		out = append(out, through[c.at])
	}
	return out
}

// tellsKnown is what the name of a frame tells that the catalogue looks for.
const tellsKnown = 4

// tells rates what the name of a caller tells; 0 is nothing.
func (s *Scan) tells(name flamegraph.NameID) int {
	info, text := &s.names[name], s.Graph.Name(name)
	switch {
	case info.flags&isUnresolved != 0, !strings.Contains(text, ".") && !strings.Contains(text, "::"), strings.Contains(text, "/"):
		return 0
	case info.flags&isUser != 0:
		return 5
	case slices.ContainsFunc(plumbing, func(prefix string) bool { return strings.HasPrefix(text, prefix) }) && info.stage == 0:
		return 0
	case len(info.steps) > 0:
		return tellsKnown
	case strings.Contains(text, "::"):
		return 2
	case info.flags&isLanguage != 0:
		return 1
	}
	return 3
}

// isFlinks reports that a frame is Java code of Flink: its steps tell what a task does.
func (s *Scan) isFlinks(id flamegraph.FrameID) bool {
	f := s.Graph.Frame(id)
	return f.Kind.IsJava() && s.names[f.Name].flags&isFlink != 0
}

// classOf is the class of a function, of Java or of C++.
func classOf(name string) string {
	if i := strings.IndexByte(name, '('); i > 0 {
		name = name[:i]
	}
	if i := strings.LastIndex(name, "::"); i > 0 {
		return name[:i]
	}
	return name[:max(0, strings.LastIndexByte(name, '.'))]
}
