package generated

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// tree is a flame graph: the frames that a frame calls, and the samples that end in it.
type tree struct {
	self  int64
	calls map[string]*tree
}

func (t *tree) width() int64 {
	sum := t.self
	for _, c := range t.calls {
		sum += c.width()
	}
	return sum
}

func treeOf(stacks map[string]int64) *tree {
	root := &tree{calls: map[string]*tree{}}
	for stack, n := range stacks {
		at := root
		for frame := range strings.SplitSeq(stack, ";") {
			if at.calls[frame] == nil {
				at.calls[frame] = &tree{calls: map[string]*tree{}}
			}
			at = at.calls[frame]
		}
		at.self += n
	}
	return root
}

// typeOf is the type of a frame by the numbers of async-profiler: 1 is compiled Java, 3 native, 4 C++.
func typeOf(name string) int {
	switch {
	case strings.Contains(name, "::") || strings.Contains(name, "("):
		return 4
	case strings.HasPrefix(name, "["), !strings.Contains(name, "."):
		return 3
	}
	return 1
}

// Older is the page that async-profiler 2 would make of stacks, with its frames alone.
func Older(title string, stacks map[string]int64) string {
	var page strings.Builder
	fmt.Fprintf(&page, "<!DOCTYPE html>\n<html lang='en'>\n<h1>%s</h1>\n<script>\n"+
		"function f(level, left, width, type, title, inln, c1, int) {}\n\n", title)
	var write func(level int, left int64, name string, t *tree)
	write = func(level int, left int64, name string, t *tree) {
		kind := typeOf(name)
		if level == 0 {
			kind = 3
		}
		fmt.Fprintf(&page, "f(%d,%d,%d,%d,'%s')\n", level, left, t.width(), kind, name)
		left += t.self
		for _, call := range slices.Sorted(maps.Keys(t.calls)) {
			write(level+1, left, call, t.calls[call])
			left += t.calls[call].width()
		}
	}
	write(0, 0, "all", treeOf(stacks))
	page.WriteString("\nsearch();\n</script></body></html>\n")
	return page.String()
}

// Newer is the page that async-profiler 3 and 4 would make of stacks.
func Newer(title string, stacks map[string]int64) string {
	root := treeOf(stacks)
	names := map[string]bool{}
	for stack := range stacks {
		for frame := range strings.SplitSeq(stack, ";") {
			names[frame] = true
		}
	}
	pool := append([]string{"all"}, slices.Sorted(maps.Keys(names))...)
	index := map[string]int{}
	var page strings.Builder
	fmt.Fprintf(&page, "<!DOCTYPE html>\n<html lang='en'>\n<h1>%s</h1>\n<script>\nlet inverted = false;\nconst cpool = [\n'all'", title)
	for i, name := range pool[1:] {
		index[name] = i + 1
		page.WriteString(",\n'" + packed(pool[i], name) + "'")
	}
	page.WriteString("\n];\nunpack(cpool);\n\n")
	var level int
	var at int64
	var write func(depth int, left int64, key int, t *tree)
	write = func(depth int, left int64, key int, t *tree) {
		switch {
		case depth == level+1 && left == at:
			fmt.Fprintf(&page, "u(%d,%d)\n", key, t.width())
		default:
			fmt.Fprintf(&page, "f(%d,%d,%d,%d)\n", key, depth, left-at, t.width())
		}
		level, at = depth, left
		left += t.self
		for _, call := range slices.Sorted(maps.Keys(t.calls)) {
			write(depth+1, left, index[call]<<3|typeOf(call), t.calls[call])
			left += t.calls[call].width()
		}
	}
	fmt.Fprintf(&page, "n(3,%d)\n", root.width())
	left := root.self
	for _, call := range slices.Sorted(maps.Keys(root.calls)) {
		write(1, left, index[call]<<3|typeOf(call), root.calls[call])
		left += root.calls[call].width()
	}
	page.WriteString("\nsearch();\n</script></body></html>\n")
	return page.String()
}

// packed is a name without the prefix that it shares with the one before it.
func packed(before, name string) string {
	const most = 94
	keep := 0
	for keep < min(len(before), len(name), most) && before[keep] == name[keep] {
		keep++
	}
	if before == "all" {
		keep = 0
	}
	return strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(string(rune(' '+keep)) + name[keep:])
}
