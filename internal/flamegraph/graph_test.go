package flamegraph_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"squirrly.dev/internal/flamegraph"
)

func TestGraph_Walk(t *testing.T) {
	t.Parallel()
	g := parseText(t, "a;b;c 1\na;b 2\na;d 4\ne 8\n")
	var children, callers, subtree []string
	for id := range g.Children(1) {
		children = append(children, g.NameOf(id))
	}
	for id := range g.Callers(3) {
		callers = append(callers, g.NameOf(id))
	}
	for id := range g.Subtree(1) {
		subtree = append(subtree, g.NameOf(id))
	}
	got := [][]string{children, callers, subtree, g.Stack(3), g.Stack(flamegraph.Root)}
	want := [][]string{{"b", "d"}, {"c", "b", "a", "all"}, {"a", "b", "c", "d"}, {"a", "b", "c"}, {}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for range g.All() {
		break // a walk may be left
	}
	for range g.Children(flamegraph.Root) {
		break
	}
	for range g.Callers(3) {
		break
	}
}

func TestGraph_Zero(t *testing.T) {
	t.Parallel()
	var g flamegraph.Graph
	for range g.All() {
		t.Error("a frame of nothing")
	}
	if !g.Empty() || g.Total() != 0 || g.Len() != 0 || len(g.Usage()) != 0 {
		t.Error("the zero graph is not empty")
	}
}

// Recursion counts once for the width, and every time for nothing else.
func TestGraph_Usage(t *testing.T) {
	t.Parallel()
	g := parseText(t, "a;b;a;b 1\na;b 2\nb;a 4\nb 8\n")
	got := map[string]flamegraph.Usage{}
	for id, u := range g.Usage() {
		got[g.Name(flamegraph.NameID(id))] = u
	}
	want := map[string]flamegraph.Usage{"all": {Width: 15}, "a": {Width: 7, Self: 4}, "b": {Width: 15, Self: 11}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestStrings(t *testing.T) {
	t.Parallel()
	if got := flamegraph.C1.String() + flamegraph.Kind(9).String(); got != "c1unknown" {
		t.Error(got)
	}
	if got := flamegraph.HTML2.String() + flamegraph.Dialect(9).String(); got != "async-profiler 2 pageunknown" {
		t.Error(got)
	}
}
